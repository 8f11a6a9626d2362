import io
from typing import NoReturn

import pytest
from rich.console import Console

from tests.e2e.report import Report, StepFailedError, StoppedError
from tests.missing import MissingPieceError


def report(*, strict: bool = False) -> Report:
    return Report(Console(file=io.StringIO(), width=120), strict=strict)


def missing() -> NoReturn:
    raise MissingPieceError("a thing", ["here"], "get it")


def wrong() -> NoReturn:
    raise StepFailedError("2 are left")


def test_a_step_returns_its_result_and_reports_its_figures() -> None:
    told = report()

    assert told.step("cloud", "count", lambda: [1, 2], lambda found: f"{len(found)} found") == [1, 2]

    assert [(row.step, row.result, row.figures) for row in told.rows] == [("count", "ok", "2 found")]
    assert not told.failed


def test_a_missing_part_is_skipped_and_reported() -> None:
    told = report()

    with pytest.raises(StoppedError):
        told.step("cloud", "find", missing)

    assert told.rows[0].result == "skipped"
    assert told.rows[0].figures == "a thing is missing; looked in: here; get it"
    assert not told.failed


def test_a_note_of_several_clouds_is_printed_once() -> None:
    told = report()

    told.note("aws 5 for 6", "eks adapted")
    told.note("aws 5 for 6")

    assert told.notes == ["aws 5 for 6", "eks adapted"]


def test_fails_on_a_missing_required_part() -> None:
    told = report(strict=True)

    with pytest.raises(StoppedError):
        told.step("cloud", "find", missing)

    assert told.failed


def test_fails_if_a_step_fails() -> None:
    told = report()

    with pytest.raises(StoppedError):
        told.step("cloud", "look", wrong)

    assert told.failed
    assert told.rows[0].figures == "2 are left"
