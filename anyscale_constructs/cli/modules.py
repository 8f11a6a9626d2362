"""`anyscale-constructs modules`: manages the wrapped upstream modules and their tags."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anyscale_constructs.cli.command import Group, argument, command
from anyscale_constructs.errors import OutdatedError

if TYPE_CHECKING:
    from anyscale_constructs.codegen.git import Checkout

_REPOSITORY = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"
_REF = argument("--ref", required=True, metavar="TAG", help="A tag of the modules' repository, e.g. v0.40.1.")
_FROM = argument(
    "--from",
    dest="source",
    type=Path,
    metavar="CHECKOUT",
    help="A git checkout of the repository. Default: clone it from GitHub.",
)


@command(
    _REF,
    _FROM,
    argument(
        "--repository", metavar="OWNER/NAME", help=f"The GitHub repository of the modules. Default: {_REPOSITORY}."
    ),
)
def regenerate(ref: str, source: Path | None = None, repository: str = _REPOSITORY) -> None:
    """Updates the catalog and the wrappers to a tag, and prints how the interfaces differ."""
    from anyscale_constructs.codegen import write  # noqa: PLC0415 - other commands need no parser

    with _checkout(source, repository, ref) as checkout:
        for name, changes in write.regenerate(checkout, repository, write.MODULES).items():
            _print(f"{name} at {ref}", changes)


@command(argument("name", metavar="NAME", help="The module's name in the catalog, e.g. aws/s3."), _REF, _FROM)
def add(name: str, ref: str, source: Path | None = None) -> None:
    """Adds a module's interface at another tag to `catalog/`, next to cdktf.json, for stacks that pin that tag.

    Commit the file: synthesis reads it.
    """
    from anyscale_constructs.codegen import catalog, write  # noqa: PLC0415 - other commands need no parser
    from anyscale_constructs.terraform.interface import OWN_CATALOG  # noqa: PLC0415

    with _checkout(source, catalog.entry(name).repository, ref) as checkout:
        file, changes = write.add(checkout, name, write.MODULES, OWN_CATALOG)
    _print(f"{file}: {name} at {ref}, compared with the package's tag", changes)


@command()
def functions() -> None:
    """Records the functions of the terraform on PATH in the catalog, and renders fn, which wraps them."""
    from anyscale_constructs.codegen import write  # noqa: PLC0415 - other commands need no parser

    write.record_functions(write.MODULES)
    print("recorded and rendered fn")


@command(
    argument(
        "--check",
        action="store_true",
        help="Write nothing; exit with status 1 if a file differs from what the catalog renders.",
    ),
)
def render(*, check: bool = False) -> None:
    """Renders the wrappers and Terraform's functions from the catalog, without a checkout."""
    from anyscale_constructs.codegen import write  # noqa: PLC0415 - other commands need no parser

    if check:
        if files := write.outdated(write.MODULES):
            raise OutdatedError(
                f"generated files differ from the catalog: {', '.join(map(str, files))}",
                fix="run anyscale-constructs modules render",
            )
        return
    print(f"rendered {', '.join([*write.rerender(write.MODULES), 'fn'])}")


modules = Group(
    "Maintains the catalog of upstream modules and their wrappers.",
    {name: f"modules:{name}" for name in ("regenerate", "add", "functions", "render")},
)


@contextlib.contextmanager
def _checkout(source: Path | None, repository: str, ref: str) -> Iterator["Checkout"]:
    from anyscale_constructs.codegen import git  # noqa: PLC0415 - other commands do not need it

    if source is None:
        print(f"Cloning {repository} from GitHub ...", file=sys.stderr)
    with git.clone(repository) if source is None else contextlib.nullcontext(source) as folder:
        yield git.Checkout.at(folder, ref)


def _print(title: str, changes: list[str]) -> None:
    lines = [f"{title}:", *(f"  {change}" for change in changes or ["the interface is the same"])]
    print("\n".join(lines))
