"""`anyscale-constructs modules`, run in an empty directory."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anyscale_constructs import cli
from anyscale_constructs.codegen import write
from tests import flat

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the commands write to."""
    folder = tmp_path / "modules"
    monkeypatch.setattr(write, "MODULES", folder)
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in an empty directory, and returns its exit status, stdout and stderr."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "modules", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, flat(err)

    return run
