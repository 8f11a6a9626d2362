"""The command line: thin commands that import what they need when they run."""

import typer

from anyscale_constructs.cli import modules
from anyscale_constructs.errors import ConstructsError

__all__ = ["main"]


def main() -> None:
    """Runs `anyscale-constructs`; an error the user can mend is one message and an exit status."""
    app = typer.Typer(
        help="Constructs for Anyscale clouds.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.add_typer(modules.app, name="modules")
    try:
        app()
    except ConstructsError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_status) from None
