"""`anyscale-constructs`: its commands in one place."""

import typer

from anyscale_constructs.cli import modules
from anyscale_constructs.cli.register import register
from anyscale_constructs.cli.schema import schema

app = typer.Typer(
    help="Constructs for Anyscale clouds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(modules.app, name="modules")
app.command()(register)
app.command()(schema)
