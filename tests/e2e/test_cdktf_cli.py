"""`cdktf synth`, with the real CLI from npm, gives the same bytes as `python -m stacks`."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests import ROOT
from tests.examples import CLOUDS
from tests.missing import find

CLI = "cdktf-cli@0.21.0"


@pytest.fixture(scope="session")
def cdktf() -> pathlib.Path:
    """The program, installed once beside the environment."""
    npm = find("npm", "install Node.js")
    folder = pathlib.Path(sys.prefix) / "cdktf-cli"
    program = folder / "node_modules" / ".bin" / "cdktf"
    if not program.exists():
        install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), CLI]
        subprocess.run(install, check=True, capture_output=True, timeout=600)
    return program


def files(folder: pathlib.Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_cdktf_synth_gives_the_same_bytes(cdktf: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "CHECKPOINT_DISABLE": "1", "CI": "1"}
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for command in (
        [str(cdktf), "synth", "--output", str(theirs)],
        [sys.executable, "-m", "stacks", "--out", str(ours)],
    ):
        run = subprocess.run(
            command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
        )
        assert run.returncode == 0, run.stdout + run.stderr
    assert files(theirs) == files(ours)
    assert len(list(ours.glob("stacks/*/cdk.tf.json"))) >= len(CLOUDS)
