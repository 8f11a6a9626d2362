"""The command line: thin commands that import what they need when they run."""

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
"""What a shell adds to the number of the signal that ended a program."""
_BROKEN_PIPE = _SIGNALLED + 13
"""What it makes of one that ended by SIGPIPE, which not every system has."""


def main(*arguments: str) -> None:
    """Runs `anyscale-constructs`.

    Args:
        arguments: What stands before the command line's own arguments.
    """
    # A run is short and needs what it makes to the end: collecting garbage costs a tenth of it and frees nothing.
    gc.disable()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # As Terraform and git do in any locale. Whoever embeds this may have put something else there.
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(encoding="utf-8", errors="strict" if stream is sys.stdin else "backslashreplace")
    from anyscale_constructs.cli.app import app  # noqa: PLC0415 - it starts no sooner than it is needed
    from anyscale_constructs.engine.choice import run_command  # noqa: PLC0415 - so does it

    run_command()
    sys.exit(run(lambda: app([*arguments, *sys.argv[1:]], prog_name="anyscale-constructs")))


def run(command: Callable[[], object]) -> int:
    """Runs a command and gives its exit status; an error the user can fix is one message."""
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    try:
        with handled(interrupt):  # SIGTERM alone would leave behind what is half done
            command()
    except KeyboardInterrupt:
        return _SIGNALLED + next(iter(received), signal.SIGINT)
    except SystemExit as end:  # as typer ends, after an interrupt too
        return _SIGNALLED + received[0] if received else int(end.code or 0)
    except BrokenPipeError:  # whoever reads has seen enough, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last net
        from anyscale_constructs.cli.faults import foreseen  # noqa: PLC0415 - it starts no sooner than it is needed

        known = foreseen(error)
        tell(known.findings, sys.stderr)
        return known.exit_status
    return 0
