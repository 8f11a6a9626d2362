"""An assertion about a change: nothing that runs is replaced or destroyed."""

import contextlib
import pathlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from anyscale_constructs.rendering import text
from anyscale_constructs.testing.clouds import root_of

if TYPE_CHECKING:
    from anyscale_constructs.findings import Finding
    from anyscale_constructs.review.sides import Side


def assert_nothing_replaced(base: str | pathlib.Path | None = None, head: str | pathlib.Path | None = None) -> None:
    """Asserts that no change between two revisions replaces or destroys a resource, as `review` finds it.

    With Terraform 1.11 or newer on PATH it plans offline, without credentials: `terraform init` fetches modules and
    providers. Without it, it warns and takes what replaces resources from tables, which hold the usual inputs.

    Args:
        base: What is applied: a revision, as git understands it, or a `pathlib.Path` to an output folder of `synth`.
            Default: the commit at which the branch left origin/main.
        head: What will be applied, in the same way. Default: the files here, whether they are committed or not.

    Raises:
        AssertionError: Something is replaced or destroyed and `allow` of the cloud does not accept it, or a stack
            cannot be planned.
        ConstructsError: A revision can't be synthesized.

    Examples:
        >>> assert_nothing_replaced()  # doctest: +SKIP
        >>> assert_nothing_replaced("v1.4.0", "v1.5.0")  # doctest: +SKIP
    """
    __tracebackhide__ = True
    from anyscale_constructs.review import sides  # noqa: PLC0415 - it starts Node.js

    here = pathlib.Path.cwd()
    with contextlib.chdir(root_of(here, *here.parents) or here):
        before = _side(sides.merge_base() if base is None else base)
        after = sides.from_work_tree() if head is None else _side(head)
        found = [*_found(before, after)]
        lines = [line for each in found for line in text(each).splitlines()]
    if found:
        what = f"{before.name} to {after.name} replaces or destroys what runs"
        raise AssertionError("\n".join([what, *(f"  {line}" for line in lines)]))


def _side(given: str | pathlib.Path) -> "Side":
    from anyscale_constructs.review import sides  # noqa: PLC0415 - it starts Node.js

    return sides.from_folder(given) if isinstance(given, pathlib.Path) else sides.from_revision(given)


def _found(base: "Side", head: "Side") -> "Iterator[Finding]":
    """What is replaced or destroyed in the stacks of both sides, and not allowed."""
    __tracebackhide__ = True
    from anyscale_constructs.review import offline, replaced, terraform  # noqa: PLC0415 - it starts Node.js
    from anyscale_constructs.terraform.allowances import sift  # noqa: PLC0415 - so does it

    plans = offline.Plans()
    if missing := terraform.unavailable():
        warnings.warn(f"{missing}; what is replaced is taken from tables", stacklevel=3)
    else:
        plans = offline.plan(base, head)
    if plans.failures:
        said = "".join(f"\n  {name}: {why}" for name, why in plans.failures.items())
        raise AssertionError(f"a stack cannot be planned offline{said}")
    for name in offline.differing(base, head):
        stack = replaced.Configuration.of(name, base, head)
        changes = plans.changes.get(name)
        findings = replaced.of_configuration(stack) if changes is None else replaced.of_changes(changes, stack)
        told = sift({name: (findings, head.allowances.get(name, ()))}).told
        yield from (finding for finding in told if finding.rule in replaced.DESTROYING)
