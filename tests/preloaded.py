"""A program that is forked from a process in which its packages are already imported.

The anyscale program takes 4 seconds of CPU time to start, nearly all of it for imports, and registering a cloud starts
it five times. Each run still imports the program's own code, with its own environment, arguments, directory and
streams.

python preloaded.py SOCKET PROGRAM MODULE...   runs the server, with the Python that has the program
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
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
def preloaded(program: str, *modules: str) -> Iterator[str]:
    """Provides a program that behaves like a Python script.

    Args:
        program: The script, such as the one that pip writes for the anyscale program.
        *modules: The modules that are imported only once, for all runs.

    Yields:
        Its path; that of the original program if the system lacks `pidfd_open`, like macOS.
    """
    if not hasattr(os, "pidfd_open"):
        yield program
        return
    python = Path(program).read_text("utf-8").splitlines()[0].removeprefix("#!")
    with tempfile.TemporaryDirectory(prefix="preloaded-") as name:
        address, script = f"{name}/socket", Path(name, Path(program).name)
        script.write_text(f"#!{sys.executable} -ISE\n{_CLIENT.format(address=address)}", "utf-8")
        script.chmod(0o700)
        command = [*shlex.split(python), __file__, address, program, *modules]
        environment = os.environ | {"ANYSCALE_CONSTRUCTS_ENGINE": "native"}  # the others are processes of their own
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as server:
            try:
                assert server.stdout
                assert server.stdout.readline() == b"ready\n"
                yield str(script)
            finally:
                server.terminate()


def serve(address: str, program: str, *modules: str) -> None:
    """Serves until the process is terminated.

    Args:
        address: The path of the socket.
        program: As in `preloaded`.
        *modules: As in `preloaded`.
    """
    sys.path[0], finders = str(Path(program).parent), [*sys.meta_path]
    for module in modules:
        importlib.import_module(module)
    own = {module.partition(".")[0] for module in modules}
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        del sys.modules[name]
    sys.meta_path[:] = finders
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
                os._exit(_watched(client, program))
            client.close()


def _watched(client: socket.socket, program: str) -> int:
    """Runs the program for a client, passes the client's signals on, and stops the program when the client ends."""
    length, streams, _, _ = socket.recv_fds(client, 8, 3)
    asked = b""
    while len(asked) < int.from_bytes(length, "big"):
        asked += client.recv(1 << 16)
    if (child := os.fork()) == 0:
        client.close()
        _run(program, streams, *json.loads(asked))
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(child)
    while True:
        if ended in select.select([client.fileno(), ended], [], [])[0]:
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            with contextlib.suppress(OSError):
                client.send(bytes([status if status >= 0 else 128 - status]))
            return 0
        number = client.recv(1)
        os.kill(child, number[0] if number else signal.SIGKILL)
        if not number:
            return 0


def _run(program: str, streams: list[int], arguments: list[str], environment: dict[str, str], folder: str) -> NoReturn:
    """Runs the program in this process, and ends the process."""
    os.setsid()
    # A new process would have this handler; this one has none if the tests run in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115 - streams
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv, sys.orig_argv = arguments, [sys.executable, *arguments]
    runpy.run_path(program, run_name="__main__")
    sys.exit()


if __name__ == "__main__":
    serve(*sys.argv[1:])
