"""`anyscale-constructs init`: creates a repository of clouds to start from."""

import enum
import pathlib
from typing import Annotated

import typer

from anyscale_constructs.clouds import KINDS


class State(enum.StrEnum):
    """The types of backends."""

    LOCAL = "local"
    S3 = "s3"
    GCS = "gcs"
    AZURERM = "azurerm"


class Ci(enum.StrEnum):
    """The CI systems for which workflows can be written."""

    GITHUB = "github"
    NONE = "none"


def init(
    directory: Annotated[pathlib.Path, typer.Argument(help="The new repository's directory.", metavar="DIR")],
    *,
    cloud: Annotated[str, typer.Option(help=f"The kind of the first cloud: {', '.join(KINDS)}.", metavar="KIND")],
    name: Annotated[str | None, typer.Option(help="The cloud's name. Default: KIND.")] = None,
    state: Annotated[
        State, typer.Option(help="The backend for the Terraform state. With local, the workflows apply nothing.")
    ] = State.LOCAL,
    backend_config: Annotated[
        list[str] | None,
        typer.Option(
            help="An argument of the backend; repeat the option for several. s3 needs bucket and region, gcs needs "
            "bucket, azurerm needs storage_account_name and container_name.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    ci: Annotated[Ci, typer.Option(help="The workflows to write.")] = Ci.GITHUB,
) -> None:
    """Creates a repository of clouds: one cloud, its tests, and workflows that review, plan and apply changes.

    Uses no network and never overwrites files.
    """
    from anyscale_constructs.cli.repository import make  # noqa: PLC0415 - it loads templates and configurations

    made = make(directory, cloud, name or cloud, ci, state=state, settings=backend_config or [])
    typer.echo("\n".join(["Written:", *(f"  {directory / file}" for file in made.files)]))
    if made.missing:
        fix = f"install {made.missing}, and run pytest --snapshot-update there"
        typer.echo(f"Not written: {directory / made.snapshots}; {fix}")
    else:
        typer.echo(f"  {directory / made.snapshots}/")
    typer.echo(f"\nNext: {directory / 'README.md'}, section First steps")
