"""Options shared by several commands."""

import pathlib
from typing import get_args

from anyscale_constructs.cli.command import argument
from anyscale_constructs.rendering import Format

CLOUDS = argument(
    "--clouds",
    type=pathlib.Path,
    metavar="DIR",
    help="The directory of the YAML files. Default: context.clouds of cdktf.json.",
)
OUT = argument(
    "--out",
    type=pathlib.Path,
    metavar="DIR",
    help="The directory of the Terraform JSON. Default: output of cdktf.json.",
)
CHANGED_SINCE = argument(
    "--changed-since",
    metavar="REVISION",
    help="Only those whose Terraform differs from this revision's, e.g. origin/main. Default: all.",
)
FAIL_ON = argument(
    "--fail-on",
    metavar="destroy,widen",
    help="destroy, widen, or both joined by a comma: exit with status 3 if such a finding is not allowed.",
)
FORMAT = argument(
    "--format",
    choices=get_args(Format),
    help="The output format; json and github are printed to stdout. Default: text.",
)
