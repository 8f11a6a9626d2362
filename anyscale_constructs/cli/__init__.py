"""The command line: thin commands that import what they need when they run."""

import sys

from anyscale_constructs.errors import ConstructsError

__all__ = ["main"]


def main() -> None:
    """Runs `anyscale-constructs`; an error the user can mend is one message and an exit status."""
    from anyscale_constructs.cli.app import app  # noqa: PLC0415 - python -m stacks needs none of typer

    try:
        app()
    except ConstructsError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
