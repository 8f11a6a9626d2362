"""`anyscale-constructs` itself: its version and its exit status."""

import sys
import tomllib
from collections.abc import Callable

import pytest

from anyscale_constructs import cli
from anyscale_constructs.errors import ConstructsError, RefusedChangeError
from tests import ROOT


def test_the_version_is_the_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "--version"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (end.value.code or 0, capsys.readouterr().out) == (0, f"{project['version']}\n")


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (ConstructsError("it is wrong", fix="correct it"), 2, "error[mistake]: it is wrong\n  Fix: correct it\n"),
        (RefusedChangeError("it cannot change"), 3, "error[refused-change]: it cannot change\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_fails_with_a_status_and_without_a_traceback(
    error: BaseException, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(raising(error)) == status
    assert capsys.readouterr() == ("", says)
