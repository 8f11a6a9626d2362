"""Describes the differences between two interfaces of a module."""

import json
from collections.abc import Iterator, Mapping

from anyscale_constructs.terraform.interface import Interface, Variable

Facts = Mapping[str, str]


def differences(old: Interface, new: Interface) -> list[str]:
    """Returns the changes from one interface to another, one line per change."""
    before, after = _members(old), _members(new)
    return [
        *(f"{member} removed" for member in before if member not in after),
        *(f"{member} added{_all(facts)}" for member, facts in after.items() if member not in before),
        *(
            f"{member}: {change}"
            for member, facts in after.items()
            if member in before
            for change in _changes(before[member], facts)
        ),
    ]


def _members(interface: Interface) -> dict[str, Facts]:
    return {
        "terraform": {"version": interface.required_version},
        **{
            f"provider {name}": {"source": provider.source, "version": provider.version}
            for name, provider in interface.required_providers.items()
        },
        **{f"variable {name}": _variable(variable) for name, variable in interface.variables.items()},
        **{
            f"output {name}": {"type": output.type, "sensitive": "yes" if output.sensitive else "no"}
            for name, output in interface.outputs.items()
        },
        **{f"data source {address}": {} for address in interface.data_sources},
    }


def _variable(variable: Variable) -> Facts:
    return {
        "type": variable.type,
        "default": "none (required)" if variable.required else json.dumps(variable.default, ensure_ascii=False),
        "validation": " and ".join(variable.validation) or "none",
        "known at plan": variable.known_at_plan or "nothing",
        "used with": " or ".join(map(" and ".join, variable.used_with)) or "nothing",
    }


def _all(facts: Facts) -> str:
    said = ", ".join(f"{name} {value}" for name, value in facts.items() if value not in {"none", "nothing", "no"})
    return said and f": {said}"


def _changes(before: Facts, after: Facts) -> Iterator[str]:
    return (f"{name} changed from {before[name]} to {value}" for name, value in after.items() if before[name] != value)
