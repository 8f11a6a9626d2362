"""`anyscale-constructs explain`: a cloud in one page."""

import pathlib
import tempfile
from typing import Annotated, Literal

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.cli.options import Clouds

Format = Literal["text", "mermaid", "html", "svg"]


def explain(
    name: Annotated[str, typer.Argument(help="The cloud.", metavar="NAME")],
    *,
    clouds: Clouds = None,
    format: Annotated[Format, typer.Option(help="How the page is printed.")] = "text",
) -> None:
    """Explains a cloud in one page.

    The page tells what its stacks make and how the parts feed each other, its subnets, who reaches which port, who may
    assume which role, what registration sends, what costs, and what a destroy keeps. It comes from the Terraform JSON
    of the cloud: nothing is planned, and no credentials are needed.
    """
    from anyscale_constructs.cli.synthesis import gather_clouds  # noqa: PLC0415 - it starts the engine
    from anyscale_constructs.explain.formats import FORMATS  # noqa: PLC0415 - other commands need none of it
    from anyscale_constructs.explain.page import page_of  # noqa: PLC0415
    from anyscale_constructs.review.stacks import read_stack  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary)
        app, _ = gather_clouds(clouds or project.clouds_directory(), out, [name])
        stacks = [read_stack(stack.name, out / "stacks" / stack.name) for stack in app.cloud_stacks]
        print(FORMATS[format](page_of(name, stacks)))
