"""`anyscale-constructs`: its commands in one place."""

from typing import Annotated

import typer

from anyscale_constructs.cli import modules
from anyscale_constructs.cli.check_plan import check_plan
from anyscale_constructs.cli.doctor import doctor
from anyscale_constructs.cli.eject import eject
from anyscale_constructs.cli.explain import explain
from anyscale_constructs.cli.init import init
from anyscale_constructs.cli.list_ import list_
from anyscale_constructs.cli.lock import lock
from anyscale_constructs.cli.new import new
from anyscale_constructs.cli.register import register
from anyscale_constructs.cli.review import review
from anyscale_constructs.cli.rules import rules
from anyscale_constructs.cli.schema import schema
from anyscale_constructs.cli.synth import synth

app = typer.Typer(
    help="Constructs for Anyscale clouds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 120},
    rich_markup_mode=None,  # rich takes as long to load as all the rest of --help
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as version_of  # noqa: PLC0415 - only this needs it

        typer.echo(version_of("anyscale-constructs"))
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None: ...


app.command()(init)
app.command()(synth)
app.command("list")(list_)
app.command()(explain)
app.command()(schema)
app.command()(review)
app.command()(rules)
app.command()(new)
app.command()(register)
app.command()(lock)
app.command("check-plan")(check_plan)
app.command()(eject)
app.command()(doctor)
app.add_typer(modules.app, name="modules")
