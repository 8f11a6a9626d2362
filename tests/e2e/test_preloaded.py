"""The forked program behaves like the anyscale program."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.missing import find_anyscale
from tests.preloaded import preloaded


@pytest.mark.parametrize(
    "arguments", [["cloud", "list", "--json"], ["cloud", "nonsense"], ["cloud", "get", "--id", "1"]]
)
def test_the_output_is_the_same(arguments: list[str], anyscale_program: str, tmp_path: Path) -> None:
    with ControlPlane() as plane:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1", **plane.environment}
        runs = []
        for program in (anyscale_program, find_anyscale()):
            run = subprocess.run(
                [program, *arguments], check=False, capture_output=True, text=True, env=environment, cwd=tmp_path
            )
            times = [word for word in run.stderr.split() if not word.startswith("+")]
            runs.append((run.returncode, run.stdout, times))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_both_handle_the_same_failures(number: signal.Signals, anyscale_program: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ANYSCALE_HOST": host,
            "ANYSCALE_CLI_TOKEN": "sss_1",
        }
        silent.settimeout(60)
        command = [anyscale_program, "cloud", "list"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            connection, _ = silent.accept()
            with connection:
                connection.settimeout(60)
                process.send_signal(number)
                while connection.recv(1 << 16):
                    pass
                assert process.wait(60) in {-number, 128 + number}


def test_it_can_be_interrupted_even_if_the_tests_run_in_the_background(tmp_path: Path) -> None:
    program = tmp_path / "interrupted"
    program.write_text(f"#!{sys.executable}\nimport signal\nsignal.raise_signal(signal.SIGINT)\nprint('ignored')\n")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts background jobs
    try:
        with preloaded(str(program), "json") as forked:
            done = subprocess.run([forked], check=False, capture_output=True, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.returncode != 0
    assert (done.stdout, done.stderr.splitlines()[-1]) == ("", "KeyboardInterrupt")
