"""What the program makes of a configuration, and what must not come of it."""

import contextlib
import re
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Never

from tests.findings import Said

LIMIT = 60.0
"""The seconds that one command may take; it takes a tenth of one, and more on a loaded machine."""

_FORESEEN = {0, 2, 3, 4}
_SHOWN = 2000
# Words of libraries that say nothing to whoever writes YAML.
_RAW = re.compile(
    r"Traceback \(most|internal-error|Input should be|validation errors? for|should have at least|Field required|"
    r"pydantic|jsii|JSIIError|NoneType|<class |object at 0x|"
    r"\b(?:Type|Key|Value|Attribute|Index|Runtime|Recursion|Assertion)Error\b"
)


class HangError(BaseException):
    """A command took too long; no net for exceptions may catch it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises HangError in what takes longer."""

    def stop(number: int, _frame: FrameType | None) -> Never:
        raise HangError(f"signal {number}")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def wrong_with(command: Callable[[], Said], seconds: float = LIMIT) -> str:
    """What is wrong with how a command ends and with what it says, or nothing.

    Args:
        command: Runs the command.
        seconds: How long it may take.
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
