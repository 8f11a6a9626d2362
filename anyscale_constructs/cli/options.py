"""The options that several commands have."""

import pathlib
from typing import Annotated

import typer

Clouds = Annotated[
    pathlib.Path | None,
    typer.Option(help="Where the YAML files are. Default: context.clouds of cdktf.json.", metavar="DIR"),
]
Out = Annotated[
    pathlib.Path | None,
    typer.Option(help="Where the Terraform JSON is. Default: output of cdktf.json.", metavar="DIR"),
]
ChangedSince = Annotated[
    str | None,
    typer.Option(
        help="Only those whose Terraform differs from what this revision gives, e.g. origin/main. Default: all.",
        metavar="REVISION",
    ),
]
