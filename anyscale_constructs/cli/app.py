"""`anyscale-constructs`: its commands in one place."""

import pkgutil
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

COMMANDS = {
    "init": "init:init",
    "synth": "synth:synth",
    "list": "list_:list_",
    "explain": "explain:explain",
    "schema": "schema:schema",
    "review": "review:review",
    "rules": "rules:rules",
    "new": "new:new",
    "register": "register:register",
    "lock": "lock:lock",
    "check-plan": "check_plan:check_plan",
    "eject": "eject:eject",
    "doctor": "doctor:doctor",
    "modules": "modules:app",
}
"""The module and the function or app of each command, in the order of --help."""


class _Commands(Mapping[str, Any]):
    """The commands by name, each of which is imported when it is used."""

    def __getitem__(self, name: str) -> Any:
        found = pkgutil.resolve_name(f"{__package__}.{COMMANDS[name]}")
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(name)(found)
            found = single
        return typer.main.get_command(found)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(MutableMapping[str, Any], _Commands())


app = typer.Typer(
    cls=_Group,
    help="Synthesizes, reviews and registers Anyscale clouds.",
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
