"""`anyscale-constructs review`: reports what a change to clouds destroys, opens and changes."""

import os
import sys
from typing import Literal, get_args

from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.options import FAIL_ON

_NOT_ALLOWED = 3

Format = Literal["text", "markdown", "json", "github"]


@command(
    argument(
        "base",
        nargs="?",
        metavar="BASE",
        help="A git revision or an output directory. Default: the merge base with origin/main.",
    ),
    argument(
        "head",
        nargs="?",
        metavar="HEAD",
        help="A git revision or an output directory. Default: the working tree.",
    ),
    argument(
        "--plan",
        metavar="none|offline|FILE",
        help="none, offline, or the plan of one stack, as printed by terraform show -json. Default: offline if "
        "Terraform 1.11 or later is on PATH, else none.",
    ),
    argument("--format", choices=get_args(Format), help="The format of the report. Default: text."),
    FAIL_ON,
)
def review(
    base: str | None = None,
    head: str | None = None,
    *,
    plan: str | None = None,
    format: Format = "text",
    fail_on: str = "",
) -> None:
    """Reports what a change destroys or replaces, what it opens, and what else differs.

    Without a plan, replacements are found by rules. The offline plan needs no credentials: `terraform test` plans the
    change on a state of mocked resources.
    """
    from anyscale_constructs.cli import reviewing  # noqa: PLC0415 - other commands do not need it
    from anyscale_constructs.review.formats import printed  # noqa: PLC0415

    parts = reviewing.parts(fail_on)
    report = reviewing.review_of(base, head, plan)
    if text := printed(report, format, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")):
        print(text)
    if report.failing(parts):
        sys.exit(_NOT_ALLOWED)
