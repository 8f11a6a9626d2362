"""`anyscale-constructs check-plan`: the rules of reviews, on a plan of Terraform's before it is applied."""

import json
import pathlib
import sys
from typing import Annotated

import typer

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.rendering import Format, as_json, tell

_NOT_ALLOWED = 3


def check_plan(
    plan: Annotated[pathlib.Path, typer.Argument(help="What terraform show -json prints of it.", metavar="PLAN.json")],
    *,
    stack: Annotated[
        str | None,
        typer.Option(
            help="The stack that it is of: the lines of its YAML are named, and what its `allow` accepts is not told. "
            "Default: neither.",
            metavar="NAME",
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            help="destroy, widen, or both with a comma: end with 3 if there is such a finding that is not allowed.",
            metavar="destroy,widen",
        ),
    ] = "",
    format: Annotated[Format, typer.Option(help="How findings are printed: json and github on stdout.")] = "text",
) -> None:
    """Tells what a plan replaces and destroys, what holds data of that, and what the plan opens."""
    from anyscale_constructs.cli.reviewing import parts  # noqa: PLC0415
    from anyscale_constructs.cli.synthesis import list_allowed  # noqa: PLC0415 - what needs no engine starts none
    from anyscale_constructs.names import unknown  # noqa: PLC0415
    from anyscale_constructs.review import sides  # noqa: PLC0415
    from anyscale_constructs.review.opened import opened_by_plan  # noqa: PLC0415
    from anyscale_constructs.review.plans import read_plan  # noqa: PLC0415
    from anyscale_constructs.review.replaced import Configuration, of_changes  # noqa: PLC0415
    from anyscale_constructs.terraform.allowances import sift  # noqa: PLC0415

    wanted = parts(fail_on)
    changes = read_plan(plan)
    configuration, allowances = Configuration(), []
    if stack is not None:
        side = sides.from_work_tree()
        if stack not in side.stacks():
            raise ReviewError(f"--stack: {unknown(stack, side.stacks(), 'stack')}")
        tree = json.loads((side.out / "stacks" / stack / "cdk.tf.json").read_text(encoding="utf-8"))
        configuration = Configuration(stack, {}, tree, {}, side.origins[stack])
        allowances = [*side.allowances[stack]]
    opened = [*map(configuration.located, opened_by_plan(changes))]
    found = {"destroy": of_changes(changes, configuration), "widen": opened}
    sifted = sift({configuration.name: ([*found["destroy"], *opened], allowances)})
    told = sifted.told
    if format == "json":
        allowed = [found.as_dict() | {"reason": allowance.reason} for found, allowance in sifted.allowed]
        print(as_json(told, allowed=allowed))
    elif told:
        tell(told, sys.stderr if format == "text" else sys.stdout, format)
    if format == "text":
        replaced, destroyed = (sum(getattr(each, name) for each in changes) for name in ("replaces", "destroys"))
        print(f"{plan}: {replaced} replaced, {destroyed} destroyed, {len(opened)} opened")
        list_allowed(sifted.allowed)
    if any(finding in told for each in wanted for finding in found[each]):
        raise typer.Exit(_NOT_ALLOWED)
