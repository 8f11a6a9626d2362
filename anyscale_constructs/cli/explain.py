"""`anyscale-constructs explain`: explains a cloud on one page."""

import pathlib
import tempfile
from typing import Literal, get_args

from anyscale_constructs.cli import project
from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.options import CLOUDS

Format = Literal["text", "mermaid", "html", "svg"]


@command(
    argument("name", metavar="NAME", help="The cloud."),
    CLOUDS,
    argument("--format", choices=get_args(Format), help="The format of the page. Default: text."),
)
def explain(name: str, *, clouds: pathlib.Path | None = None, format: Format = "text") -> None:
    """Explains a cloud on one page.

    The page shows what the stacks create and how the parts depend on each other, the subnets, who can reach which port,
    who can assume which role, what registration sends, what costs money, and what a destroy keeps. It is made from the
    cloud's Terraform JSON: nothing is planned, and no credentials are needed.
    """
    from anyscale_constructs.cli.synthesis import gather_clouds  # noqa: PLC0415 - it starts the engine
    from anyscale_constructs.explain.formats import FORMATS  # noqa: PLC0415 - other commands do not need it
    from anyscale_constructs.explain.page import page_of  # noqa: PLC0415
    from anyscale_constructs.review.stacks import read_stack  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary)
        app, _ = gather_clouds(clouds or project.clouds_directory(), out, [name])
        stacks = [read_stack(stack.name, out / "stacks" / stack.name) for stack in app.cloud_stacks]
        print(FORMATS[format](page_of(name, stacks)))
