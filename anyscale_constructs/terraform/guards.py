"""Guards: functions that check a module's inputs for a known problem before Terraform runs."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.model import found_in
from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule, Severity, within
from anyscale_constructs.terraform.conditions import allowed_values, holds
from anyscale_constructs.terraform.interface import Interface

IDLE_INPUT = Rule(
    "idle-input", "error", "Upstream ignores the input, because the feature that it configures is disabled."
)
INPUT_VALIDATION = Rule(
    "input-validation",
    "error",
    "Terraform evaluates the validation conditions of upstream modules at plan, and rejects inputs that violate them.",
    "https://developer.hashicorp.com/terraform/language/values/variables#custom-validation-rules",
)


class Inputs(Mapping[str, Any]):
    """The inputs of a module: the given values, else upstream's defaults."""

    def __init__(self, interface: Interface, given: Mapping[str, Any]) -> None:
        self.interface = interface
        self.given = given
        self._defaults = interface.defaults

    def __getitem__(self, name: str) -> Any:
        if name in self.given:
            return self.given[name]
        if name in self._defaults:
            return self._defaults[name]
        return self.interface.variable(name).default  # raises the error about the name

    def __contains__(self, name: object) -> bool:
        return name in self.interface.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self.interface.variables)

    def __len__(self) -> int:
        return len(self.interface.variables)

    def known(self, *names: str) -> bool:
        """Returns whether all of these inputs are known at synthesis, so that a guard can check them."""
        return not any(is_unresolved(self[name]) for name in names)


class Guard(NamedTuple):
    """A check of a module's inputs for one problem.

    Args:
        find: Returns the finding, without a rule, or None.
        rule: The rule of the findings; None if the findings have their own rules.
        on: The inputs that the findings concern, the most relevant first.
    """

    find: Callable[[Inputs], Finding | None]
    rule: Rule | None
    on: Sequence[str]


def guard(
    id: str, *on: str, severity: Severity = "error", source: str = ""
) -> Callable[[Callable[[Inputs], Finding | None]], Guard]:
    """Returns a decorator that turns a function into a guard; the function's docstring is the reason for the rule.

    Args:
        id: The ID of the rule; empty if the findings have their own rules.
        on: The inputs that the findings concern, the most relevant first.
        severity: The severity of the rule. Default: `error`.
        source: The source of the rule. Default: none.
    """

    def decorated(find: Callable[[Inputs], Finding | None]) -> Guard:
        rule = Rule(id, severity, inspect.getdoc(find) or "", source) if id else None
        return Guard(find, rule, on)

    return decorated


def found_by(guards: Iterable[Guard], i: Inputs) -> list[Finding]:
    """Returns the findings of guards, with their rules; a guard that needs an unresolved value finds nothing.

    Args:
        guards: The guards.
        i: The module's inputs.
    """
    findings: list[Finding] = []
    for find, rule, on in guards:
        try:
            found = find(i)
        except ExpressionError:
            continue
        if found:
            findings += within([found], rule=rule, on=on)
    return findings


def value_is_refused(kind: TypeAdapter[Any], value: Any, what: str, fix: str) -> Finding | None:
    """Returns an error if the value does not have the type, else None; unresolved values pass.

    Args:
        kind: The type, e.g. one of `config.types`.
        value: The value.
        what: The name of the value in the message.
        fix: How to fix it, as an imperative; empty for the default fix of the type.
    """
    try:
        kind.validate_python(value)
    except ValidationError as error:
        found = found_in(error)[0]
        path = ".".join(map(str, found.key))
        return found._replace(
            what=f"{what}{path and f'.{path}'}: {found.what}", fix=fix or found.fix, rule=None, key=()
        )
    return None


def too_long(i: Inputs, limits: Mapping[str, int]) -> Finding | None:
    """Returns an error about the first given string that is too long, else None.

    Args:
        i: The module's inputs.
        limits: The numbers of characters that the provider accepts, by input.
    """
    for name, longest in limits.items():
        text = i.given.get(name)
        if text is not None and not is_unresolved(text) and len(text) > longest:
            return Finding(f"{name} is too long", "shorten it", text, f"at most {longest} characters", on=[name])
    return None


def without_effect(i: Inputs, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields findings about inputs without an effect, because the feature that they configure is disabled.

    Args:
        i: The module's inputs.
        given: The inputs to check.
    """
    variables = i.interface.variables
    for name, value in given.items():
        groups = variables[name].used_with if name in variables else ()
        if not groups or is_one_of(value, None, False, "", [], {}):
            continue
        off = [[switch for switch in group if i[switch] is None or i[switch] is False] for group in groups]
        if all(off):
            switches = " or ".join(dict.fromkeys(each[0] for each in off))
            yield Finding(f"{name} has no effect without {switches}", "remove it", rule=IDLE_INPUT, on=[name])


def refused_by_upstream(i: Inputs) -> Iterator[Finding]:
    """Yields findings about inputs that violate the validation conditions of the upstream module.

    Args:
        i: The module's inputs.
    """
    conditions = [(name, variable) for name, variable in i.interface.validated.items() if name in i.given]
    if not conditions:
        return
    defaults = i.interface.defaults_without_sets
    values = {**defaults, **{name: value for name, value in i.given.items() if name in defaults}}
    for name, variable in conditions:
        for condition in variable.validation:
            if holds(condition, values) is False:
                accepted = ", ".join(map(str, allowed_values(condition, name)))
                yield Finding(
                    f"{name} violates a validation condition of the upstream module",
                    f"use {'one of these values' if accepted else 'a value that meets the condition'}"
                    f"{'' if variable.required else ', or remove it'}",
                    i[name],
                    accepted or condition,
                    rule=INPUT_VALIDATION,
                    on=[name],
                )
