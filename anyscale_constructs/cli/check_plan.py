"""`anyscale-constructs check-plan`: the rules of reviews, on a plan of Terraform's before it is applied."""

import json
import pathlib
import sys
from typing import Annotated

import typer

from anyscale_constructs.config.model import unknown
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
    fail_on: Annotated[str, typer.Option(help="What ends with 3 if it is found and not allowed: destroy.")] = "",
    format: Annotated[Format, typer.Option(help="How findings are printed: json and github on stdout.")] = "text",
) -> None:
    """Tells what a plan replaces and destroys, and what holds data of that."""
    from anyscale_constructs.review import sides  # noqa: PLC0415 - what needs no engine starts none
    from anyscale_constructs.review.plans import read_plan  # noqa: PLC0415
    from anyscale_constructs.review.replaced import DESTROYING, Configuration, of_changes  # noqa: PLC0415
    from anyscale_constructs.terraform.allowances import sift  # noqa: PLC0415

    kinds = {"destroy": DESTROYING}
    wanted = [each.strip() for each in fail_on.split(",") if each.strip()]
    for each in wanted:
        if each not in kinds:
            raise ReviewError(f"--fail-on: {unknown(each, kinds, 'kind')}")
    changes = read_plan(plan)
    configuration, allowances = Configuration(), []
    if stack is not None:
        side = sides.from_work_tree()
        if stack not in side.stacks():
            raise ReviewError(f"--stack: {unknown(stack, side.stacks(), 'stack')}")
        tree = json.loads((side.out / "stacks" / stack / "cdk.tf.json").read_text(encoding="utf-8"))
        configuration = Configuration(stack, {}, tree, {}, side.origins[stack])
        allowances = [*side.allowances[stack]]
    sifted = sift({stack or "": (of_changes(changes, configuration), allowances)})
    told = sifted.told
    if format == "json":
        allowed = [found.as_dict() | {"reason": allowance.reason} for found, allowance in sifted.allowed]
        print(as_json(told, allowed=allowed))
    elif told:
        tell(told, sys.stderr if format == "text" else sys.stdout, format)
    if format == "text":
        replaced, destroyed = (sum(getattr(each, name) for each in changes) for name in ("replaces", "destroys"))
        print(f"{plan}: {replaced} replaced, {destroyed} destroyed")
    if any(finding.rule in kinds[each] for each in wanted for finding in told):
        raise typer.Exit(_NOT_ALLOWED)
