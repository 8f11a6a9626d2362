"""The results of commands on a configuration, and which of them are failures."""

import contextlib
import re
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Never

from tests.findings import Said

LIMIT = 60.0
"""The time limit of a command in seconds; it takes a tenth of a second, and more on a loaded machine."""

_FORESEEN = {0, 2, 3, 4}
_SHOWN = 2000
# Words of libraries that mean nothing to someone who writes YAML.
_RAW = re.compile(
    r"Traceback \(most|internal-error|Input should be|validation errors? for|should have at least|Field required|"
    r"pydantic|jsii|JSIIError|NoneType|<class |object at 0x|"
    r"\b(?:Type|Key|Value|Attribute|Index|Runtime|Recursion|Assertion)Error\b"
)


class HangError(BaseException):
    """A command took too long. It is not an Exception, so that no handler for exceptions catches it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises HangError if the block takes longer than the limit."""

    def stop(number: int, _frame: FrameType | None) -> Never:
        raise HangError(f"signal {number}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def failure_of(command: Callable[[], Said], seconds: float = LIMIT) -> str:
    """Returns what is wrong with the exit status and the output of a command, or nothing.

    Args:
        command: Runs the command.
        seconds: The time limit.
    """
    try:
        with limited(seconds):
            said = command()
    except HangError:
        return f"took more than {seconds:g} s"
    except BaseException as error:  # noqa: BLE001 - whatever comes through is a fault
        return f"raised {error!r}"
    told = said.out + said.err
    if said.status not in _FORESEEN:
        return f"ended with {said.status}: {told[:_SHOWN]}"
    if raw := _RAW.search(told):
        return f"said {raw.group()!r}: {told[:_SHOWN]}"
    return "" if told.strip() else f"ended with {said.status} and said nothing"
