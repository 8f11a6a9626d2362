"""The report: a row per step, with its time and figures."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.e2e.terraform import TerraformError
from tests.missing import MissingPieceError, strict

T = TypeVar("T")
Result = Literal["ok", "failed", "skipped"]

_STYLES: dict[Result, str] = {"ok": "green", "failed": "bold red", "skipped": "yellow"}


class StepFailedError(Exception):
    """A step found a fault."""


class StoppedError(Exception):
    """A step failed, so the other steps of its cloud cannot run."""


@dataclass(frozen=True)
class Row:
    """One step of one cloud."""

    cloud: str
    step: str
    result: Result
    seconds: float
    figures: str


@dataclass
class Report:
    """The rows so far; several clouds may add rows at the same time.

    Args:
        console: The stream for the rows, and for the table at the end.
        strict: Whether a missing part is a failure: if `CI` is set, and CI can provide the part.
    """

    console: Console = field(default_factory=lambda: Console(width=None if sys.stdout.isatty() else 200))
    strict: bool = field(default_factory=strict)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def step(self, cloud: str, name: str, work: Callable[[], T], figures: Callable[[T], str] = str) -> T:
        """Runs a step and adds its row.

        Args:
            cloud: The cloud that the step belongs to.
            name: The step's name.
            work: Runs the step; it raises `StepFailedError` if the result is wrong.
            figures: Describes the result in a few words.

        Raises:
            StoppedError: The step failed, or a part is missing on this machine.
        """
        start = time.monotonic()

        def add(result: Result, told: str) -> None:
            row = Row(cloud, name, result, time.monotonic() - start, told)
            with self._lock:
                self.rows.append(row)
                self.console.print(
                    f"{cloud}  {name}  {row.seconds:.1f} s  {result}", style=_STYLES[result], markup=False
                )

        try:
            done = work()
        except MissingPieceError as error:
            add("failed" if self.strict and not error.remote else "skipped", str(error))
            raise StoppedError from error
        except (StepFailedError, TerraformError) as error:
            add("failed", str(error))
            raise StoppedError from error
        add("ok", figures(done))
        return done

    def note(self, *texts: str) -> None:
        """Adds a note; a note of several clouds appears once."""
        with self._lock:
            self.notes += [text for text in texts if text not in self.notes]

    @property
    def failed(self) -> bool:
        """Whether any step failed."""
        return any(row.result == "failed" for row in self.rows)

    def show(self) -> None:
        """Prints the table, cloud by cloud, and the notes."""
        look = box.HEAVY_HEAD if self.console.is_terminal else box.ASCII
        table = Table("cloud", "step", "result", "seconds", "figures", box=look, show_edge=False)
        table.columns[3].justify = "right"
        for row in sorted(self.rows, key=lambda row: row.cloud):
            result = Text(row.result, _STYLES[row.result])
            table.add_row(row.cloud, row.step, result, f"{row.seconds:.1f}", Text(row.figures))
        self.console.print(table)
        for note in self.notes:
            self.console.print(f"Note: {note}.", style="yellow", markup=False)
