"""An assertion that a change replaces and destroys no resources."""

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
    """Asserts that the changes between two revisions replace and destroy no resources, as `review` does.

    With Terraform 1.11 or later on PATH, it plans offline, without credentials; `terraform init` downloads modules and
    providers. Otherwise it warns, and uses tables of the common inputs that force a replacement.

    Args:
        base: The applied configuration: a git revision, or a `pathlib.Path` to an output directory of `synth`.
            Default: the merge base of the branch and origin/main.
        head: The configuration to apply: a git revision, or a `pathlib.Path`. Default: the files in the work tree,
            including uncommitted changes.

    Raises:
        AssertionError: A resource is replaced or destroyed without an allowance of the cloud, or a stack cannot be
            planned.
        ConstructsError: A revision cannot be synthesized.

    Examples:
        >>> assert_nothing_replaced()  # doctest: +SKIP
        >>> assert_nothing_replaced("v1.4.0", "v1.5.0")  # doctest: +SKIP
    """
    __tracebackhide__ = True
    from anyscale_constructs.review import sides  # noqa: PLC0415 - may start Node.js

    here = pathlib.Path.cwd()
    with contextlib.chdir(root_of(here, *here.parents) or here):
        before = _side(sides.merge_base() if base is None else base)
        after = sides.from_work_tree() if head is None else _side(head)
        found = [*_found(before, after)]
        lines = [line for each in found for line in text(each).splitlines()]
    if found:
        what = f"the change from {before.name} to {after.name} replaces or destroys resources"
        raise AssertionError("\n".join([what, *(f"  {line}" for line in lines)]))


def _side(given: str | pathlib.Path) -> "Side":
    from anyscale_constructs.review import sides  # noqa: PLC0415 - may start Node.js

    return sides.from_folder(given) if isinstance(given, pathlib.Path) else sides.from_revision(given)


def _found(base: "Side", head: "Side") -> "Iterator[Finding]":
    """Yields the findings about replaced and destroyed resources that are not allowed."""
    __tracebackhide__ = True
    from anyscale_constructs.review import offline, replaced, terraform  # noqa: PLC0415 - may start Node.js
    from anyscale_constructs.terraform.allowances import sift  # noqa: PLC0415 - may start Node.js

    plans = offline.Plans()
    if missing := terraform.unavailable():
        warnings.warn(f"{missing}; replacements are determined from tables", stacklevel=3)
    else:
        plans = offline.plan(base, head)
    if plans.failures:
        said = "".join(f"\n  {name}: {why}" for name, why in plans.failures.items())
        raise AssertionError(f"a stack cannot be planned offline{said}")
    for name in offline.differing(base, head):
        stack = replaced.Configuration.of(name, base, head)
        changes = plans.changes.get(name)
        findings = replaced.of_configuration(stack) if changes is None else replaced.of_changes(changes, stack)
        told = sift({name: (findings, head.allowances.get(name, ()))}).findings
        yield from (finding for finding in told if finding.rule in replaced.DESTROYING)
