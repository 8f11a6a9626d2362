"""The forked program behaves like the anyscale program."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.missing import find_anyscale
from tests.preloaded import preloaded


@pytest.fixture(scope="module")
def forked() -> Iterator[str]:
    with preloaded(find_anyscale(), "anyscale.scripts") as program:
        yield program


@pytest.mark.parametrize(
    "arguments", [["cloud", "list", "--json"], ["cloud", "nonsense"], ["cloud", "get", "--id", "1"]]
)
def test_the_output_is_the_same(arguments: list[str], forked: str, tmp_path: Path) -> None:
    with ControlPlane() as plane:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1", **plane.environment}
        runs = []
        for program in (forked, find_anyscale()):
            run = subprocess.run(
                [program, *arguments], check=False, capture_output=True, text=True, env=environment, cwd=tmp_path
            )
            times = [word for word in run.stderr.split() if not word.startswith("+")]
            runs.append((run.returncode, run.stdout, times))
    assert runs[0] == runs[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_both_handle_the_same_failures(number: signal.Signals, forked: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ANYSCALE_HOST": host,
            "ANYSCALE_CLI_TOKEN": "sss_1",
        }
        silent.settimeout(60)
        with subprocess.Popen([forked, "cloud", "list"], env=environment, stderr=subprocess.DEVNULL) as process:
            connection, _ = silent.accept()
            with connection:
                connection.settimeout(60)
                process.send_signal(number)
                while connection.recv(1 << 16):
                    pass
                assert process.wait(60) in {-number, 128 + number}
