"""The benchmark compares synthesis, without the compilation of Python modules."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT


@pytest.mark.parametrize("side", ["ours", "bare"])
def test_measured_commands_compile_nothing(side: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    bench = runpy.run_module("tests.bench.__main__")
    command = bench["commands"](tmp_path, "ec2", 1)[side]
    command.run(tmp_path / "bytecode")
    environment = {**command.variables, "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"), "PYTHONVERBOSE": "1"}
    again = [sys.executable, *command.arguments]
    said = subprocess.run(again, check=True, cwd=ROOT, env=environment, capture_output=True, text=True).stderr
    read = re.findall(r"# code object from '(.*)'", said)
    assert read
    assert [file for file in read if file.endswith(".py")] == []
