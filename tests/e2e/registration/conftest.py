"""Runs `anyscale-constructs register` as users do, against the test's own control plane."""

import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests import ROOT
from tests.e2e.control_plane import ControlPlane

_MAIN = "from anyscale_constructs.cli import main; main()"
_NO_AWS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run of `anyscale-constructs register`."""

    exit_status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def result(self) -> dict[str, Any]:
        assert self.exit_status == 0, self.stderr
        loaded: dict[str, Any] = json.loads(self.stdout)
        return loaded

    @property
    def action(self) -> str:
        return str(self.result["action"])


class Cli:
    """Starts the command for one control plane."""

    def __init__(self, program: str, plane: ControlPlane, directory: pathlib.Path) -> None:
        self.program = program
        self.plane = plane
        self.directory = directory
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANYSCALE_"))},
            **_NO_AWS,
            **plane.environment,
            "ANYSCALE_BIN": program,
            "HOME": str(directory),
            "PYTHONPATH": str(ROOT),
        }

    def start(self, resource: dict[str, Any] | None, *options: str, name: str = "prod") -> subprocess.Popen[str]:
        """Starts a registration of a resource file, or of the stack's own outputs."""
        outputs = []
        if resource is not None:
            file = self.directory / f"{name}.{len(list(self.directory.iterdir()))}.yaml"
            file.write_text(yaml.safe_dump(resource))
            outputs = ["--outputs", str(file), "--name", name]
        return subprocess.Popen(
            [sys.executable, "-c", _MAIN, "register", "prod", *outputs, *options],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, resource: dict[str, Any] | None, *options: str, name: str = "prod") -> Outcome:
        """Registers, and waits until it ends."""
        begin = time.monotonic()
        return wait(self.start(resource, *options, name=name), begin)

    def anyscale(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the program itself."""
        environment = {
            **self.environment,
            "ANYSCALE_SUPPRESS_UPGRADE_WARNING": "1",
            "ANYSCALE_TELEMETRY_SAMPLE_RATE": "0",
        }
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def wait(process: subprocess.Popen[str], begin: float) -> Outcome:
    """Returns the outcome of a started run."""
    stdout, stderr = process.communicate(timeout=120)
    return Outcome(process.returncode, stdout, stderr, time.monotonic() - begin)


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as plane:
        yield plane


@pytest.fixture
def register(anyscale_program: str, plane: ControlPlane, tmp_path: pathlib.Path) -> Cli:
    return Cli(anyscale_program, plane, tmp_path)


@pytest.fixture(scope="session")
def new_register(anyscale_program: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[ControlPlane], Cli]:
    """Like `register`, for fixtures that last longer than a test."""
    return lambda plane: Cli(anyscale_program, plane, tmp_path_factory.mktemp("register"))
