"""`anyscale-constructs schema`: prints the JSON Schema of a cloud's YAML, or of _defaults.yaml."""

import json

from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.errors import ConfigError


@command(
    argument(
        "kind",
        nargs="?",
        metavar="KIND",
        help="A kind of cloud: aks, ec2, eks, gce, generic, gke, or one of your own. Default with --defaults: only the "
        "keys that all kinds share.",
    ),
    argument(
        "--defaults",
        action="store_true",
        help="Print the schema of a _defaults.yaml, in which nothing is required.",
    ),
)
def schema(kind: str | None = None, *, defaults: bool = False) -> None:
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
