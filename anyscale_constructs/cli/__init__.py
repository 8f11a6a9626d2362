"""The program `anyscale-constructs`."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Runs the program; what the user can mend is said in plain words, without a traceback."""
    from anyscale_constructs.errors import ConstructsError  # noqa: PLC0415 - `--version` must not wait for it

    try:
        app()(prog_name="anyscale-constructs")
    except ConstructsError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_status)


def app() -> "typer.Typer":
    """The commands."""
    import typer  # noqa: PLC0415

    from anyscale_constructs.cli.register import register  # noqa: PLC0415

    commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    commands.callback()(_anyscale_constructs)
    commands.command()(register)
    return commands


def _anyscale_constructs() -> None:
    """Anyscale clouds as CDKTF constructs."""
