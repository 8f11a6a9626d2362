"""`anyscale-constructs init`: creates a repository of clouds to start from."""

import pathlib
from collections.abc import Sequence
from typing import Literal, get_args

from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.clouds import KINDS

State = Literal["local", "s3", "gcs", "azurerm"]
"""The types of backends."""
Ci = Literal["github", "none"]
"""The CI systems for which workflows can be written."""


@command(
    argument("directory", type=pathlib.Path, metavar="DIR", help="The new repository's directory."),
    argument("--cloud", required=True, metavar="KIND", help=f"The kind of the first cloud: {', '.join(KINDS)}."),
    argument("--name", help="The cloud's name. Default: KIND."),
    argument(
        "--state",
        choices=get_args(State),
        help="The backend for the Terraform state. With local, the workflows apply nothing. Default: local.",
    ),
    argument(
        "--backend-config",
        action="append",
        metavar="KEY=VALUE",
        help="An argument of the backend; repeat the option for several. s3 needs bucket and region, gcs needs bucket, "
        "azurerm needs storage_account_name and container_name.",
    ),
    argument("--ci", choices=get_args(Ci), help="The workflows to write. Default: github."),
)
def init(
    directory: pathlib.Path,
    *,
    cloud: str,
    name: str | None = None,
    state: State = "local",
    backend_config: Sequence[str] = (),
    ci: Ci = "github",
) -> None:
    """Creates a repository of clouds: one cloud, its tests, and workflows that review, plan and apply changes.

    Uses no network and never overwrites files.
    """
    from anyscale_constructs.cli.repository import make  # noqa: PLC0415 - it loads templates and configurations

    made = make(directory, cloud, name or cloud, ci, state=state, settings=backend_config)
    print("\n".join(["Written:", *(f"  {directory / file}" for file in made.files)]))
    if made.missing:
        fix = f"install {made.missing}, and run pytest --snapshot-update there"
        print(f"Not written: {directory / made.snapshots}; {fix}")
    else:
        print(f"  {directory / made.snapshots}/")
    print(f"\nNext: {directory / 'README.md'}, section First steps")
