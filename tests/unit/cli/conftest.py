"""`anyscale-constructs`, run in an empty directory."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from anyscale_constructs import cli
from tests import flat
from tests.unit.cli.parts import Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, with a directory `clouds`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for module in _stacks():
        monkeypatch.delitem(sys.modules, module)  # that of another folder
    (tmp_path / "clouds").mkdir()
    yield tmp_path
    for module in _stacks():
        del sys.modules[module]


def _stacks() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] == "stacks"]


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command here, by default `synth`; returns its exit status, stdout and stderr."""

    def run(*arguments: str, command: str = "synth") -> tuple[int, str, str]:
        assert Path.cwd() == folder
        monkeypatch.setattr(sys, "argv", ["anyscale-constructs", command, *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, flat(err)

    return run
