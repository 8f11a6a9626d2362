"""What guards are: functions that look at a module's inputs for one trap before Terraform runs."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.model import found_in
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule, Severity, within
from anyscale_constructs.terraform.conditions import allowed_values, holds
from anyscale_constructs.terraform.interface import Interface

IDLE_INPUT = Rule("idle-input", "error", "Upstream ignores the input, since what it is for is switched off.")
INPUT_VALIDATION = Rule(
    "input-validation",
    "error",
    "Terraform evaluates upstream's validation conditions when it plans, and refuses an input that breaks one.",
    "https://developer.hashicorp.com/terraform/language/values/variables#custom-validation-rules",
)


class Inputs(Mapping[str, Any]):
    """What a module will be given, over upstream's defaults."""

    def __init__(self, interface: Interface, given: Mapping[str, Any]) -> None:
        self.interface = interface
        self.given = given

    def __getitem__(self, name: str) -> Any:
        return self.given[name] if name in self.given else self.interface.variable(name).default

    def __contains__(self, name: object) -> bool:
        return name in self.interface.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self.interface.variables)

    def __len__(self) -> int:
        return len(self.interface.variables)

    def known(self, *names: str) -> bool:
        """Whether all of these are known now, so that a guard can look at them."""
        return not any(is_unresolved(self[name]) for name in names)


@dataclass(frozen=True)
class Guard:
    """Looks at a module's inputs for one trap.

    Args:
        find: Gives what it finds, without the rule.
        rule: The rule that it keeps; None where what it finds names rules of its own.
        on: The inputs that its findings are about, the most telling one first.
    """

    find: Callable[[Inputs], Finding | None]
    rule: Rule | None
    on: Sequence[str]

    def __call__(self, i: Inputs) -> Finding | None:
        """What it finds, with the rule."""
        found = self.find(i)
        return found and next(iter(within([found], rule=self.rule, on=self.on)))


def guard(
    id: str, *on: str, severity: Severity = "error", source: str = ""
) -> Callable[[Callable[[Inputs], Finding | None]], Guard]:
    """Makes a guard of a function, whose docstring says why.

    Args:
        id: The rule's; empty where the findings have rules of their own.
        on: The inputs that its findings are about, the most telling one first.
        severity: The rule's.
        source: The rule's.
    """

    def decorated(find: Callable[[Inputs], Finding | None]) -> Guard:
        rule = Rule(id, severity, inspect.getdoc(find) or "", source) if id else None
        return Guard(find, rule, on)

    return decorated


def value_is_refused(kind: TypeAdapter[Any], value: Any, what: str, fix: str) -> Finding | None:
    """An error when the value is not of that type; what is not known yet passes.

    Args:
        kind: The type, one of those in `config.types`, or the like.
        value: The value.
        what: What to call it in the error.
        fix: What to do.
    """
    try:
        kind.validate_python(value)
    except ValidationError as error:
        found = found_in(error)[0]
        path = ".".join(map(str, found.key))
        return replace(
            found, what=f"{what}{path and f'.{path}'}: {found.what}", fix=fix or found.fix, rule=None, key=()
        )
    return None


def without_effect(i: Inputs, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Finds inputs that upstream uses for nothing, since what they are for is switched off.

    Args:
        i: All of the module's inputs.
        given: Those to look at.
    """
    variables = i.interface.variables
    for name, value in given.items():
        groups = variables[name].used_with if name in variables else ()
        if not groups or is_one_of(value, None, False, "", [], {}):
            continue
        off = [[switch for switch in group if i[switch] is None or i[switch] is False] for group in groups]
        if all(off):
            switches = " or ".join(dict.fromkeys(each[0] for each in off))
            yield Finding(f"{name} has no effect without {switches}", "leave it out", rule=IDLE_INPUT, on=[name])


def refused_by_upstream(i: Inputs) -> Iterator[Finding]:
    """Finds inputs that break upstream's own validation conditions.

    Args:
        i: All of the module's inputs.
    """
    variables = i.interface.variables
    conditions = [(name, variable) for name, variable in variables.items() if variable.validation and name in i.given]
    if not conditions:
        return
    # Terraform removes duplicates from a set, and its elements have no indexes.
    values = {name: i[name] for name, variable in variables.items() if "set(" not in variable.type}
    for name, variable in conditions:
        for condition in variable.validation:
            if holds(condition, values) is False:
                accepted = ", ".join(map(str, allowed_values(condition, name)))
                yield Finding(
                    f"{name} breaks a validation condition of the upstream module",
                    f"use {'one of these values' if accepted else 'a value that meets the condition'}"
                    f"{'' if variable.required else ', or remove it'}",
                    i[name],
                    accepted or condition,
                    rule=INPUT_VALIDATION,
                    on=[name],
                )
