"""`anyscale-constructs synth`: synthesizes clouds in YAML to Terraform JSON."""

import pathlib
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.cli.faults import foreseen
from anyscale_constructs.cli.options import ChangedSince, Clouds
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.rendering import Format, as_json, tell

_NOT_ALLOWED = 3


def synth(
    names: Annotated[list[str] | None, typer.Argument(help="The clouds. Default: all.", metavar="[NAME]...")] = None,
    *,
    clouds: Clouds = None,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="The directory to write the Terraform JSON to. Default: output of cdktf.json.", metavar="DIR"
        ),
    ] = None,
    changed_since: ChangedSince = None,
    notes: Annotated[bool, typer.Option("--notes", help="Print notes on the effects of defaults.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 3 if there are warnings that are not allowed.")
    ] = False,
    format: Annotated[
        Format, typer.Option(help="The format of findings; json and github are printed to stdout.")
    ] = "text",
    origins: Annotated[pathlib.Path | None, typer.Option(hidden=True)] = None,  # for reviews
) -> None:
    """Synthesizes clouds in YAML to Terraform JSON, one directory per stack.

    Writes everything or nothing. If all clouds are synthesized, the directories of deleted clouds are removed.
    """
    from anyscale_constructs.cli.synthesis import synthesize_clouds  # noqa: PLC0415 - it starts the engine

    directory, target = clouds or project.clouds_directory(), out or project.output_directory()
    try:
        if changed_since is not None:
            names = _changed(changed_since, names or [], clouds, target)
            if not names:
                print(as_json(()) if format == "json" else f"no cloud differs from {changed_since}")
                return
        told = synthesize_clouds(directory, target, names or [], notes=notes, format=format, origins=origins)
    except Exception as error:
        known = foreseen(error)
        if format == "text":
            raise known from error
        tell(known.findings, sys.stdout, format)
        raise typer.Exit(known.exit_status) from None
    if strict and any(finding.severity == "warning" for finding in told):
        raise typer.Exit(_NOT_ALLOWED)


def _changed(revision: str, names: Sequence[str], clouds: pathlib.Path | None, out: pathlib.Path) -> list[str]:
    """Returns those of the named clouds that have a stack that differs from a revision."""
    from anyscale_constructs.cli.listing import list_stacks  # noqa: PLC0415 - it starts the engine

    if clouds is not None:
        raise ConfigError("--changed-since compares the clouds in context.clouds of cdktf.json", fix="remove --clouds")
    changed = {entry.cloud: None for entry in list_stacks(project.clouds_directory(), out, revision)}
    return [name for name in changed if not names or name in names]
