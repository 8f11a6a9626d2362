"""`anyscale-constructs check-plan`: checks a Terraform plan by the rules of reviews before it is applied."""

import json
import pathlib
import sys

from anyscale_constructs.cli.command import argument, command
from anyscale_constructs.cli.options import FAIL_ON, FORMAT
from anyscale_constructs.errors import ReviewError
from anyscale_constructs.rendering import Format, as_json, tell

_NOT_ALLOWED = 3


@command(
    argument("plan", type=pathlib.Path, metavar="PLAN.json", help="The plan, as printed by terraform show -json."),
    argument(
        "--stack",
        metavar="NAME",
        help="The stack of the plan: findings name the lines of its YAML, and those that its `allow` accepts are left "
        "out. Default: findings have no lines, and all are reported.",
    ),
    FAIL_ON,
    FORMAT,
)
def check_plan(plan: pathlib.Path, *, stack: str | None = None, fail_on: str = "", format: Format = "text") -> None:
    """Reports what a plan replaces, destroys and opens, and which of the destroyed resources hold data."""
    from anyscale_constructs.cli.reviewing import parts  # noqa: PLC0415
    from anyscale_constructs.cli.synthesis import list_allowed  # noqa: PLC0415 - starts no engine unless needed
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
    told = sifted.findings
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
        sys.exit(_NOT_ALLOWED)
