"""The command line: thin commands that import what they need when they run."""

import os
import sys
from collections.abc import Callable

from anyscale_constructs.errors import ConstructsError

__all__ = ["main", "run"]

_INTERRUPTED = 130
"""What a shell makes of a program that ended by SIGINT."""
_BROKEN_PIPE = 141
"""What it makes of one that ended by SIGPIPE."""


def main() -> None:
    """Runs `anyscale-constructs`."""
    from anyscale_constructs.cli.app import app  # noqa: PLC0415 - python -m stacks needs none of typer

    sys.exit(run(app))


def run(command: Callable[[], object]) -> int:
    """Runs a command and gives its exit status; an error the user can mend is one message."""
    try:
        command()
    except ConstructsError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0
