"""`anyscale-constructs review`: reports what a change to clouds destroys, opens and changes."""

import os
import sys
from typing import Annotated, Literal

import typer

_NOT_ALLOWED = 3

Format = Literal["text", "markdown", "json", "github"]


def review(
    base: Annotated[
        str | None,
        typer.Argument(
            help="A git revision or an output directory. Default: the merge base with origin/main.", metavar="[BASE]"
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Argument(help="A git revision or an output directory. Default: the working tree.", metavar="[HEAD]"),
    ] = None,
    *,
    plan: Annotated[
        str | None,
        typer.Option(
            help="none, offline, or the plan of one stack, as printed by terraform show -json. Default: "
            "offline if Terraform 1.11 or later is on PATH, else none.",
            metavar="none|offline|FILE",
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="The format of the report.")] = "text",
    fail_on: Annotated[
        str,
        typer.Option(
            help="destroy, widen, or both joined by a comma: exit with status 3 if such a finding is not allowed.",
            metavar="destroy,widen",
        ),
    ] = "",
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
        raise typer.Exit(_NOT_ALLOWED)
