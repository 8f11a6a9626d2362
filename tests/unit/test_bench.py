"""The benchmark compares synthesis, not how often Python compiles the one side or the other."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest

from tests import ROOT


@pytest.mark.parametrize("side", [0, 1], ids=["ours", "plain cdktf"])
def test_what_is_measured_compiles_nothing(side: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    bench = runpy.run_module("tests.bench.__main__")
    command = bench["commands"](tmp_path, 1)[side]
    bench["run"](command, tmp_path / "bytecode")
    environment = bench["environment"](command, tmp_path / "bytecode") | {"PYTHONVERBOSE": "1"}
    said = subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, text=True).stderr
    read = re.findall(r"# code object from '(.*)'", said)
    assert read
    assert [file for file in read if file.endswith(".py")] == []
