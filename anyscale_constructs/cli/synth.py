"""`anyscale-constructs synth`: synthesizes clouds in YAML to Terraform JSON."""

import argparse
import pathlib
import sys
from collections.abc import Sequence

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.faults import foreseen
from anyscale_constructs.cli.options import CHANGED_SINCE, CLOUDS, FORMAT
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.rendering import Format, as_json, tell

_NOT_ALLOWED = 3


@command(
    argument("names", nargs="*", metavar="NAME", help="The clouds. Default: all."),
    CLOUDS,
    argument(
        "--out",
        type=pathlib.Path,
        metavar="DIR",
        help="The directory to write the Terraform JSON to. Default: output of cdktf.json.",
    ),
    CHANGED_SINCE,
    argument("--notes", action="store_true", help="Print notes on the effects of defaults."),
    argument("--strict", action="store_true", help="Exit with status 3 if there are warnings that are not allowed."),
    FORMAT,
    argument("--origins", type=pathlib.Path, help=argparse.SUPPRESS),  # for reviews
)
def synth(
    names: Sequence[str] = (),
    *,
    clouds: pathlib.Path | None = None,
    out: pathlib.Path | None = None,
    changed_since: str | None = None,
    notes: bool = False,
    strict: bool = False,
    format: Format = "text",
    origins: pathlib.Path | None = None,
) -> None:
    """Synthesizes clouds in YAML to Terraform JSON, one directory per stack.

    Writes everything or nothing. If all clouds are synthesized, the directories of deleted clouds are removed.
    """
    from anyscale_constructs.cli.synthesis import synthesize_clouds  # noqa: PLC0415 - it starts the engine

    directory, target = clouds or project.clouds_directory(), out or project.output_directory()
    try:
        if changed_since is not None:
            names = _changed(changed_since, names, clouds, target)
            if not names:
                print(as_json(()) if format == "json" else f"no cloud differs from {changed_since}")
                return
        told = synthesize_clouds(directory, target, names, notes=notes, format=format, origins=origins)
    except Exception as error:
        known = foreseen(error)
        if format == "text":
            raise known from error
        tell(known.findings, sys.stdout, format)
        sys.exit(known.exit_status)
    if strict and any(finding.severity == "warning" for finding in told):
        sys.exit(_NOT_ALLOWED)


def _changed(revision: str, names: Sequence[str], clouds: pathlib.Path | None, out: pathlib.Path) -> list[str]:
    """Returns those of the named clouds that have a stack that differs from a revision."""
    from anyscale_constructs.cli.listing import list_stacks  # noqa: PLC0415 - it starts the engine

    if clouds is not None:
        raise ConfigError("--changed-since compares the clouds in context.clouds of cdktf.json", fix="remove --clouds")
    changed = {entry.cloud: None for entry in list_stacks(project.clouds_directory(), out, revision)}
    return [name for name in changed if not names or name in names]
