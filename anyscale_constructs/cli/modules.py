"""`anyscale-constructs modules`: manages the wrapped upstream modules and their tags."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anyscale_constructs.errors import OutdatedError

if TYPE_CHECKING:
    from anyscale_constructs.codegen.git import Checkout

app = typer.Typer(
    no_args_is_help=True,
    help="Maintains the catalog of upstream modules and their wrappers.",
    add_completion=False,
    rich_markup_mode=None,
)

_Ref = Annotated[str, typer.Option(help="A tag of the modules' repository, e.g. v0.40.1.", metavar="TAG")]
_From = Annotated[
    Path | None,
    typer.Option("--from", help="A git checkout of the repository. Default: clone it from GitHub.", metavar="CHECKOUT"),
]
_Repository = Annotated[str, typer.Option(help="The GitHub repository of the modules.", metavar="OWNER/NAME")]


@app.command()
def regenerate(
    ref: _Ref,
    source: _From = None,
    repository: _Repository = "anyscale/terraform-aws-anyscale-cloudfoundation-modules",
) -> None:
    """Updates the catalog and the wrappers to a tag, and prints how the interfaces differ."""
    from anyscale_constructs.codegen import write  # noqa: PLC0415 - other commands need no parser

    with _checkout(source, repository, ref) as checkout:
        for name, changes in write.regenerate(checkout, repository, write.MODULES).items():
            _print(f"{name} at {ref}", changes)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The module's name in the catalog, e.g. aws/s3.")],
    ref: _Ref,
    source: _From = None,
) -> None:
    """Adds a module's interface at another tag to `catalog/`, next to cdktf.json, for stacks that pin that tag.

    Commit the file: synthesis reads it.
    """
    from anyscale_constructs.codegen import catalog, write  # noqa: PLC0415 - other commands need no parser
    from anyscale_constructs.terraform.interface import OWN_CATALOG  # noqa: PLC0415

    with _checkout(source, catalog.entry(name).repository, ref) as checkout:
        file, changes = write.add(checkout, name, write.MODULES, OWN_CATALOG)
    _print(f"{file}: {name} at {ref}, compared with the package's tag", changes)


@app.command()
def functions() -> None:
    """Records the functions of the terraform on PATH in the catalog, and renders fn, which wraps them."""
    from anyscale_constructs.codegen import write  # noqa: PLC0415 - other commands need no parser

    write.record_functions(write.MODULES)
    typer.echo("recorded and rendered fn")


@app.command()
def render(
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing; exit with status 1 if a file differs from what the catalog renders."
        ),
    ] = False,
) -> None:
    """Renders the wrappers and Terraform's functions from the catalog, without a checkout."""
    from anyscale_constructs.codegen import write  # noqa: PLC0415 - other commands need no parser

    if check:
        if files := write.outdated(write.MODULES):
            raise OutdatedError(
                f"generated files differ from the catalog: {', '.join(map(str, files))}",
                fix="run anyscale-constructs modules render",
            )
        return
    typer.echo(f"rendered {', '.join([*write.rerender(write.MODULES), 'fn'])}")


@contextlib.contextmanager
def _checkout(source: Path | None, repository: str, ref: str) -> Iterator["Checkout"]:
    from anyscale_constructs.codegen import git  # noqa: PLC0415 - other commands do not need it

    if source is None:
        typer.echo(f"Cloning {repository} from GitHub ...", err=True)
    with git.clone(repository) if source is None else contextlib.nullcontext(source) as folder:
        yield git.Checkout.at(folder, ref)


def _print(title: str, changes: list[str]) -> None:
    lines = [f"{title}:", *(f"  {change}" for change in changes or ["the interface is the same"])]
    typer.echo("\n".join(lines))
