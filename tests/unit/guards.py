"""The form of the tables of traps, one table beside each construct's tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.core.module import Guard, Module


@dataclass(frozen=True)
class Case:
    """A guard, properties that spring it, and near misses that don't.

    Args:
        guard: The guard.
        says: What it says then.
        springs: Sets of properties that spring it.
        passes: Sets of properties that come near.
        trap: The rule's number in the list of upstream's traps, or its name.
    """

    guard: Guard
    says: str
    springs: Sequence[Mapping[str, Any]]
    passes: Sequence[Mapping[str, Any]]
    trap: str = ""


@dataclass(frozen=True)
class Table:
    """A construct's cases, and the properties that it needs in each of them."""

    construct: type[Module]
    base: Mapping[str, Any]
    cases: Sequence[Case]
