"""The real anyscale program without its start: forked from a process that has imported the packages it needs.

The program takes 4 seconds of CPU to start, nearly all of it for imports, and registering a cloud starts it five times.
Each run still imports the program's own code, with its own environment, arguments, folder and streams.

python -m tests.e2e.preloaded SOCKET   runs the server, with the Python that has the program
"""

import contextlib
import gc
import importlib
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

_CLIENT = """\
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
asked = json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode()
socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
server.sendall(asked)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: server.send(bytes([number])))
ended = server.recv(1)
sys.exit(ended[0] if ended else 70)
"""


@contextlib.contextmanager
def preloaded(program: str) -> Iterator[str]:
    """A program that does what the anyscale program does.

    Args:
        program: The anyscale program, a script of Python.

    Returns:
        Its path; that of the program itself where the system lacks `pidfd_open`, as macOS does.
    """
    if not hasattr(os, "pidfd_open"):
        yield program
        return
    python = Path(program).read_text("utf-8").splitlines()[0].removeprefix("#!")
    with tempfile.TemporaryDirectory(prefix="anyscale-") as name:
        address, script = f"{name}/socket", Path(name, "anyscale")
        script.write_text(f"#!{sys.executable} -ISE\n{_CLIENT.format(address=address)}", "utf-8")
        script.chmod(0o700)
        with subprocess.Popen([*shlex.split(python), __file__, address], stdout=subprocess.PIPE) as server:
            try:
                assert server.stdout
                assert server.stdout.readline() == b"ready\n"
                yield str(script)
            finally:
                server.terminate()


def serve(address: str) -> None:
    """Answers until it is terminated.

    Args:
        address: Where the socket is made.
    """
    importlib.import_module("anyscale.scripts")
    for name in [name for name in sys.modules if name.partition(".")[0] == "anyscale"]:
        del sys.modules[name]
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        os.write(1, b"ready\n")
        while True:
            client, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listening.close()
                os._exit(_watched(client))
            client.close()


def _watched(client: socket.socket) -> int:
    """Runs the program for a client, whose signals reach it and whose end ends it."""
    length, streams, _, _ = socket.recv_fds(client, 8, 3)
    asked = b""
    while len(asked) < int.from_bytes(length, "big"):
        asked += client.recv(1 << 16)
    if (program := os.fork()) == 0:
        client.close()
        _run(streams, *json.loads(asked))
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(program)
    while True:
        if ended in select.select([client.fileno(), ended], [], [])[0]:
            status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
            with contextlib.suppress(OSError):
                client.send(bytes([status if status >= 0 else 128 - status]))
            return 0
        number = client.recv(1)
        os.kill(program, number[0] if number else signal.SIGKILL)
        if not number:
            return 0


def _run(streams: list[int], arguments: list[str], environment: dict[str, str], folder: str) -> NoReturn:
    """Replaces this process with the program."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115 - streams
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = arguments
    sys.exit(importlib.import_module("anyscale.scripts").main())


if __name__ == "__main__":
    serve(sys.argv[1])
