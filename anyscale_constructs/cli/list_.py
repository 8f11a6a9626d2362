"""`anyscale-constructs list`: lists the stacks, as a table or as the matrix of a pipeline."""

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.options import CHANGED_SINCE


@command(
    CHANGED_SINCE,
    argument(
        "--json", dest="matrix", action="store_true", help="Print the stacks as a GitHub Actions matrix, on one line."
    ),
)
def list_(*, changed_since: str | None = None, matrix: bool = False) -> None:
    """Lists the stacks of all clouds, in the order in which they can be applied.

    Synthesizes into a temporary directory. `--changed-since` compares the resulting Terraform: a comment in a YAML file
    does not count as a change, and an edit to a kind of cloud changes all clouds of that kind.
    """
    from anyscale_constructs.cli.listing import as_matrix, as_table, list_stacks  # noqa: PLC0415 - starts the engine

    entries = list_stacks(project.clouds_directory(), project.output_directory(), changed_since)
    if matrix:
        print(as_matrix(entries))
    elif entries:
        print("\n".join(as_table(entries)))
    else:
        print(f"no stack differs from {changed_since}")
