"""Compares the kinds of values that a configuration sets with those of the values that the cloud sets."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.config.model import WRONG_TYPE, as_given
from anyscale_constructs.expressions import Expr, converts, type_of
from anyscale_constructs.findings import Finding, Key

_NAMES = {"list": "a list", "set": "a list", "tuple": "a list", "map": "a mapping", "object": "a mapping"}


def wrong_kinds(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], at: Key = (), *, terraform: bool = False
) -> Iterator[Finding]:
    """Yields findings about values of `theirs` that cannot replace those of `ours`.

    A single value, a list and a mapping cannot replace each other. Unresolved values are skipped, and so are values
    that replace none of `ours`, since the accepted kind is unknown.

    Args:
        ours: The values that the cloud sets.
        theirs: The values that the configuration sets.
        at: The path of both. Default: the root.
        terraform: Whether they are arguments of Terraform: a mapping may be a block, which can also be in a list, and
            single values must be convertible. Default: False.
    """
    for key, value in theirs.items():
        there = ours.get(key)
        if value is not None and there is not None:
            yield from _wrong_kind(there, value, (*at, key), terraform=terraform)


def _wrong_kind(ours: Any, theirs: Any, at: Key, *, terraform: bool) -> Iterator[Finding]:
    match ours, theirs:
        case Mapping(), Mapping():
            yield from wrong_kinds(ours, theirs, at, terraform=terraform)
        case [Mapping() as first, *_], Mapping() if terraform:
            yield from wrong_kinds(first, theirs, at, terraform=terraform)
        case Mapping(), [Mapping(), *_] if terraform:
            for index, element in enumerate(theirs):
                yield from _wrong_kind(ours, element, (*at, index), terraform=terraform)
        case [first, *_], [*elements]:
            for index, element in enumerate(elements):
                yield from _wrong_kind(first, element, (*at, index), terraform=terraform)
        case _ if wanted := _wanted(ours, theirs, terraform=terraform):
            what = f"{'.'.join(map(str, at))} must be {wanted}"
            yield Finding(what, value=as_given(theirs), rule=WRONG_TYPE, on=[str(at[0])], key=at)


def _wanted(ours: Any, theirs: Any, *, terraform: bool) -> str:
    """Returns what a value must be instead; empty if it can replace `ours`."""
    wanted = type_of(ours)
    if not converts(type_of(theirs), wanted):
        return _NAMES.get(wanted.partition("(")[0], "a single value")
    if not terraform or isinstance(theirs, Expr):
        return ""
    if wanted == "bool" and not isinstance(theirs, bool) and theirs not in {"true", "false"}:
        return "true or false"
    if wanted == "number" and not _is_number(theirs):
        return "a number"
    return ""


def _is_number(value: Any) -> bool:
    """Returns whether Terraform can convert a single value to a number."""
    try:
        float(value)
    except ValueError:
        return False
    return not isinstance(value, bool)
