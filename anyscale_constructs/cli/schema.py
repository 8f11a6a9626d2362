"""`anyscale-constructs schema`: prints the JSON Schema of a cloud's YAML, or of _defaults.yaml."""

import json
from typing import Annotated

import typer

from anyscale_constructs.errors import ConfigError


def schema(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="A kind of cloud: aks, ec2, eks, gce, generic, gke, or one of your own. Default with --defaults: only "
            "the keys that all kinds share."
        ),
    ] = None,
    *,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Print the schema of a _defaults.yaml, in which nothing is required.")
    ] = False,
) -> None:
    """Prints the JSON Schema of a kind of cloud, for editors and pre-commit checks.

    Keys that a _defaults.yaml of the repository sets are not required.
    """
    from anyscale_constructs.cli import schemas  # noqa: PLC0415 - other commands need no models
    from anyscale_constructs.config.model import MISSING_KEY  # noqa: PLC0415

    if kind is None and not defaults:
        raise ConfigError("KIND is required", fix="name a kind of cloud, or add --defaults", rule=MISSING_KEY)
    if kind is None or defaults:
        found = schemas.schema_of_defaults(kind)
    else:
        found = schemas.schema_of(kind, given=schemas.given_by_defaults())
    print(json.dumps(found, indent=2))
