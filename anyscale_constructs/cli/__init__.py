"""The command line: thin commands that import what they need when they run."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from anyscale_constructs.core.signals import handled
from anyscale_constructs.errors import ConstructsError

__all__ = ["main", "run"]

_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a program."""
_BROKEN_PIPE = _SIGNALLED + 13
"""What it makes of one that ended by SIGPIPE, which not every system has."""


def main() -> None:
    """Runs `anyscale-constructs`."""
    from anyscale_constructs.cli.app import app  # noqa: PLC0415 - python -m stacks needs none of typer

    sys.exit(run(app))


def run(command: Callable[[], object]) -> int:
    """Runs a command and gives its exit status; an error the user can mend is one message."""
    try:
        with handled(_interrupt):  # SIGTERM alone would leave behind what is half done
            command()
    except ConstructsError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt as interrupt:
        return _SIGNALLED + next(iter(interrupt.args), signal.SIGINT)
    except BrokenPipeError:  # whoever reads has seen enough, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)
