"""`anyscale-constructs list`: lists the stacks, as a table or as the matrix of a pipeline."""

from typing import Annotated

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.cli.options import ChangedSince


def list_(
    *,
    changed_since: ChangedSince = None,
    matrix: Annotated[
        bool, typer.Option("--json", help="Print the stacks as a GitHub Actions matrix, on one line.")
    ] = False,
) -> None:
    """Lists the stacks of all clouds, in the order in which they can be applied.

    Synthesizes into a temporary directory. `--changed-since` compares the resulting Terraform: a comment in a YAML file
    does not count as a change, and an edit to a kind of cloud changes all clouds of that kind.
    """
    from anyscale_constructs.cli.listing import as_matrix, as_table, list_stacks  # noqa: PLC0415 - starts the engine

    entries = list_stacks(project.clouds_directory(), project.output_directory(), changed_since)
    if matrix:
        typer.echo(as_matrix(entries))
    elif entries:
        typer.echo("\n".join(as_table(entries)))
    else:
        typer.echo(f"no stack differs from {changed_since}")
