"""Runs the review of the sides and the plan that a user names."""

import pathlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.findings import Finding
from anyscale_constructs.review import offline, plans, sides, terraform
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.report import NO_PLAN, FailOn, Report, review
from anyscale_constructs.review.sides import Side
from anyscale_constructs.terraform.allowances import every_rule

_PARTS: Mapping[str, FailOn] = {"destroy": "destroy", "widen": "widen"}


def parts(text: str) -> list[FailOn]:
    """Returns the parts of a report that make the command fail.

    Args:
        text: The names of the parts, joined by commas.

    Raises:
        ReviewError: A part does not exist.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if wrong := [name for name in names if name not in _PARTS]:
        what = "--fail-on does not name a part of a review"
        raise ReviewError(what, value=wrong[0], allowed="destroy, widen, or destroy,widen", fix="correct it")
    return [_PARTS[name] for name in names]


def review_of(base: str | None, head: str | None, plan: str | None) -> Report:
    """Compares the two sides that a user names.

    Args:
        base: A git revision or an output directory. Default: the merge base with origin/main.
        head: A git revision or an output directory. Default: the working tree.
        plan: `none`, `offline`, or a file with the JSON of a plan. Default: `offline` if Terraform 1.11 or later is on
            PATH, else `none`.

    Raises:
        ConstructsError: A side cannot be read or synthesized, or the plan cannot be made or read.
    """
    every_rule()  # loads all rules before threads start, since none may add to them while another one reads
    with ThreadPoolExecutor() as pool:  # each side is synthesized in its own process
        synthesized = [pool.submit(_older, base), pool.submit(_newer, head)]
        older, newer = (side.result() for side in synthesized)
    match plan:
        case "none":
            return review(older, newer, None, plan="without a plan")
        case None | "offline":
            missing = terraform.unavailable()
            if missing and plan:
                raise ReviewError(missing, fix="install it, or use --plan none")
            if missing:
                note = Finding(missing, "install it, or use --plan none", rule=NO_PLAN)
                return review(older, newer, None, plan="without a plan", notes=[note])
            made = offline.plan(older, newer)
            failed = [
                Finding(f"{stack} has no offline plan: {why}", rule=NO_PLAN, cloud=stack)
                for stack, why in made.failures.items()
            ]
            return review(older, newer, made.changes, plan="with an offline plan", notes=failed)
    return review(older, newer, _given(pathlib.Path(plan), older, newer), plan=f"with the plan {plan}")


def _older(name: str | None) -> Side:
    return _side(name) if name else sides.from_revision(sides.merge_base())


def _newer(name: str | None) -> Side:
    return _side(name) if name else sides.from_work_tree()


def _side(name: str) -> Side:
    path = pathlib.Path(name)
    return sides.from_folder(path) if path.is_dir() else sides.from_revision(name)


def _given(file: pathlib.Path, base: Side, head: Side) -> dict[str, Sequence[Change]]:
    """Returns the plan in a file, by its stack: the one that the file is named after, or the only one that differs."""
    changes, stacks = plans.read_plan(file), head.stacks()
    differing = offline.differing(base, head)
    if file.stem in stacks or len(differing) == 1:
        return {file.stem if file.stem in stacks else differing[0]: changes}
    what = f"{file} could be the plan of any of several stacks"
    raise ReviewError(
        what, fix="name the file after its stack", allowed=", ".join(f"{name}.json" for name in differing)
    )
