"""The tables of cases for guards, one for each construct, and the guards' findings about them."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from anyscale_constructs.errors import InputError
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Guard
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.stack import CloudStack


@dataclass(frozen=True)
class Case:
    """A guard, properties that it rejects, and similar properties that pass.

    Args:
        guard: The guard.
        says: The message.
        springs: Sets of properties that break the rule.
        passes: Sets of similar properties.
        trap: The rule's number in the list of upstream's pitfalls, or its name.
    """

    guard: Guard
    says: str
    springs: Sequence[Mapping[str, Any]]
    passes: Sequence[Mapping[str, Any]]
    trap: str = ""


@dataclass(frozen=True)
class Table:
    """A construct's cases, and the properties that all of them need."""

    construct: type[Module]
    base: Mapping[str, Any]
    cases: Sequence[Case]


def tables(tests: ModuleType) -> list[Table]:
    """Returns the tables of a provider's tests."""
    modules = [
        importlib.import_module(f"{tests.__name__}.{info.name}") for info in pkgutil.iter_modules(tests.__path__)
    ]
    return [module.TABLE for module in modules if hasattr(module, "TABLE")]


def said(stack: CloudStack, table: Table, properties: Mapping[str, Any]) -> list[Finding]:
    """Returns the guards' findings: errors, or warnings and notes."""
    try:
        construct = table.construct(stack, "m", **{**table.base, **properties})
    except InputError as error:
        return error.findings
    return [finding for finding in stack.findings if finding.construct == construct.address]
