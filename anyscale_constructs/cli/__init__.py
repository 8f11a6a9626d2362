"""The command line: thin commands that import their dependencies when they run."""

import gc
import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from anyscale_constructs.rendering import tell
from anyscale_constructs.signals import handled

__all__ = ["main", "run"]

_SIGNALLED = 128
"""The exit status of a program ended by a signal is this plus the signal's number, as in a shell."""
_BROKEN_PIPE = _SIGNALLED + 13
"""The exit status of a program ended by SIGPIPE. A literal, because not every system has that signal."""


def main(*arguments: str) -> None:
    """Runs `anyscale-constructs`.

    Args:
        arguments: Arguments to insert before those of the command line.
    """
    # A run is short and keeps nearly all of its objects: garbage collection would take a tenth of its time for nothing.
    gc.disable()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # UTF-8 in any locale, as Terraform and git use it. A program that embeds this may have replaced a stream.
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(encoding="utf-8", errors="strict" if stream is sys.stdin else "backslashreplace")
    from anyscale_constructs.cli.app import app  # noqa: PLC0415 - imported only when needed
    from anyscale_constructs.engine.choice import run_command  # noqa: PLC0415 - likewise

    run_command()
    sys.exit(run(lambda: app([*arguments, *sys.argv[1:]], prog_name="anyscale-constructs")))


def run(command: Callable[[], object]) -> int:
    """Runs a command and returns its exit status. An error that the user can fix is printed as one message."""
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    try:
        with handled(interrupt):  # without it, SIGTERM would skip the clean-up
            command()
    except KeyboardInterrupt:
        return _SIGNALLED + next(iter(received), signal.SIGINT)
    except SystemExit as end:  # raised by typer, also after an interrupt
        return _SIGNALLED + received[0] if received else int(end.code or 0)
    except BrokenPipeError:  # the reader closed the pipe, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last resort
        from anyscale_constructs.cli.faults import foreseen  # noqa: PLC0415 - imported only when needed

        known = foreseen(error)
        tell(known.findings, sys.stderr)
        return known.exit_status
    return 0
