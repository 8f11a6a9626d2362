"""Options shared by several commands."""

import pathlib
from typing import Annotated

import typer

Clouds = Annotated[
    pathlib.Path | None,
    typer.Option(help="The directory of the YAML files. Default: context.clouds of cdktf.json.", metavar="DIR"),
]
Out = Annotated[
    pathlib.Path | None,
    typer.Option(help="The directory of the Terraform JSON. Default: output of cdktf.json.", metavar="DIR"),
]
ChangedSince = Annotated[
    str | None,
    typer.Option(
        help="Only those whose Terraform differs from this revision's, e.g. origin/main. Default: all.",
        metavar="REVISION",
    ),
]
