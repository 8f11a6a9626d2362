"""The form of the tables of traps, one table beside each construct's tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.core.module import Guard, Module
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.errors import InputError


@dataclass(frozen=True)
class Case:
    """A guard, properties that spring it, and near misses that don't.

    Args:
        guard: The guard.
        says: What it says then.
        springs: Sets of properties that spring it.
        passes: Sets of properties that come near.
    """

    guard: Guard
    says: str
    springs: Sequence[Mapping[str, Any]]
    passes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Table:
    """A construct's cases, and the properties that it needs in each of them."""

    construct: type[Module]
    base: Mapping[str, Any]
    cases: Sequence[Case]


def said(stack: CloudStack, table: Table, properties: Mapping[str, Any]) -> list[str]:
    """What the guards say, errors or warnings."""
    try:
        construct = table.construct(stack, "m", **{**table.base, **properties})
    except InputError as error:
        return str(error).splitlines()
    return [entry.data for entry in construct.node.metadata if entry.type == "@cdktf/warn"]


def unknown(type_: str, element: Any) -> list[Any]:
    """Values of a Terraform type that hold something known only later."""
    shapes: dict[str, list[Any]] = {
        "list": [[element], [{"rule": element, "cidr_blocks": element}]],
        "set": [[element]],
        "map": [{"key": element}],
        "any": [{"key": element}, [element]],
    }
    return [element, *shapes.get(type_.partition("(")[0], [])]
