"""Tests for which a part is missing on this machine."""

from collections.abc import Callable, Generator

import pytest

from tests import conftest
from tests.missing import MissingPieceError, find


@pytest.mark.parametrize("hook", [conftest.pytest_runtest_setup, conftest.pytest_runtest_call])
@pytest.mark.parametrize(
    ("ci", "remote", "outcome"),
    [
        ("", False, pytest.skip.Exception),
        ("true", False, pytest.fail.Exception),
        ("true", True, pytest.skip.Exception),
    ],
    ids=["here", "in CI", "of a host that cannot be reached"],
)
def test_it_skips_and_in_ci_it_fails(
    hook: Callable[[], Generator[None]],
    ci: str,
    remote: bool,
    outcome: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", ci)
    running = hook()
    next(running)
    with pytest.raises(outcome, match="a thing is missing; looked in: here, there; get it"):
        running.throw(MissingPieceError("a thing", ["here", "there"], "get it", remote=remote))


def test_fails_on_a_missing_program() -> None:
    with pytest.raises(MissingPieceError, match="the program no-such is missing; looked in: NO_SUCH, PATH; install it"):
        find("no-such", "install it", ["NO_SUCH"])
