"""Compares two syntheses of a stack: effective inputs, pins, providers, charts, backend, outputs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyscale_constructs.codegen import diff
from anyscale_constructs.review.differences import ABSENT, Difference, differences
from anyscale_constructs.review.interfaces import CLONES, Interfaces
from anyscale_constructs.review.stacks import ModuleCall, StackContent
from anyscale_constructs.terraform.interface import Interface

_CHART = "helm_release"
_REGISTERED = ("anyscale_cloud_resource", "anyscale_cloud")
"""The types of resources, and the output, that contain the registration."""


@dataclass(frozen=True)
class Changed:
    """A value that differs.

    Args:
        part: The part of the stack that it belongs to: a key of `PARTS`.
        subject: The address of the module call, the resource or the like.
        difference: The path of the value in the subject, with the old and the new value.
        note: A remark. Default: none.
    """

    part: str
    subject: str
    difference: Difference
    note: str = ""


@dataclass(frozen=True)
class PinChange:
    """Module calls of one repository whose pin differs.

    Args:
        repository: The repository on GitHub, `owner/name`, or the module if the repository is unknown.
        old: The old pin.
        new: The new pin.
        link: The address of GitHub's comparison of the two; empty if unknown.
        interfaces: The differences in each module's interface, by the address of the call; None if an interface is
            unknown.
    """

    repository: str
    old: str
    new: str
    link: str = ""
    interfaces: Mapping[str, Sequence[str] | None] = field(default_factory=dict)


PARTS: Mapping[str, str] = {
    "inputs": "Inputs",
    "resources": "Resources",
    "charts": "Charts",
    "providers": "Providers",
    "backend": "Backend",
    "variables": "Variables",
    "outputs": "Outputs",
    "registration": "Registration",
}
"""The parts of a stack and their titles, in the order in which they are shown."""


def changed(base: StackContent, head: StackContent, interfaces: Interfaces) -> Iterator[Changed]:
    """Yields the values that differ between two syntheses of a stack.

    What exists on only one side is left to `addresses`.

    Args:
        base: The older synthesis, with the addresses of the newer one: see `StackContent.renamed`.
        head: The newer synthesis.
        interfaces: The source of upstream's defaults.
    """
    for name in _both(base.modules, head.modules):
        yield from _inputs(base.modules[name], head.modules[name], interfaces)
    for address in _both(base.resources, head.resources):
        kind = address.removeprefix("data.").partition(".")[0]
        part = {_CHART: "charts", **dict.fromkeys(_REGISTERED, "registration")}.get(kind, "resources")
        yield from _each(part, address, base.resources[address], head.resources[address])
    yield from _each("providers", "provider", base.providers, head.providers)
    yield from _each("providers", "version", base.constraints, head.constraints)
    yield from _each("providers", "lock", base.locks, head.locks)
    if base.backend != head.backend:
        yield from _backend(base, head)
    yield from _each("variables", "", base.declarations, head.declarations)
    for name in sorted({*base.outputs, *head.outputs}):
        part = "registration" if name in _REGISTERED else "outputs"
        old, new = base.outputs.get(name, ABSENT), head.outputs.get(name, ABSENT)
        yield from _each(part, f"output.{name}", old, new)


def pins(base: StackContent, head: StackContent, interfaces: Interfaces) -> list[PinChange]:
    """Returns the pins that differ, one for each repository and pair of pins.

    Args:
        base: As in `changed`.
        head: As in `changed`.
        interfaces: As in `changed`.
    """
    found: dict[tuple[str, str, str, str], dict[str, Sequence[str] | None]] = {}
    for name in _both(base.modules, head.modules):
        old, new = base.modules[name], head.modules[name]
        if old.ref == new.ref or old.module != new.module:
            continue
        before, after = interfaces.of(old), interfaces.of(new)
        link = f"https://github.com/{new.repository}/compare/{_tag(old, before)}...{_tag(new, after)}"
        key = (
            new.repository or new.module,
            _spelled(old, before),
            _spelled(new, after),
            link if new.repository else "",
        )
        found.setdefault(key, {})[new.address] = diff.differences(before, after) if before and after else None
    return [PinChange(*key, interfaces=modules) for key, modules in found.items()]


def unknown_defaults(base: StackContent, head: StackContent, interfaces: Interfaces) -> Iterator[str]:
    """Yields a line for each module call whose upstream defaults are unknown on at least one side.

    Args:
        base: As in `changed`.
        head: As in `changed`.
        interfaces: As in `changed`.
    """
    for name in _both(base.modules, head.modules):
        old, new = base.modules[name], head.modules[name]
        if (old.source, old.version) == (new.source, new.version):
            continue
        for call in (old, new):
            if interfaces.of(call) is None:
                yield (
                    f"{call.address}: upstream's defaults at {call.ref or call.source} are unknown; "
                    f"run terraform init, or set {CLONES} to a directory of clones"
                )


def effective(call: ModuleCall, interface: Interface | None) -> dict[str, Any]:
    """Returns the effective inputs of a module: the given inputs over upstream's defaults.

    Args:
        call: The module call.
        interface: The module's interface, or None if it is unknown.
    """
    variables = interface.variables if interface else {}
    defaults = {name: variable.default for name, variable in variables.items() if not variable.required}
    return {**defaults, **call.inputs}


def _inputs(old: ModuleCall, new: ModuleCall, interfaces: Interfaces) -> Iterator[Changed]:
    before, after = interfaces.of(old), interfaces.of(new)
    was, is_ = effective(old, before), effective(new, after)
    # A variable that exists at only one of the pins, and is not set, is part of the interface's difference.
    given = {*old.inputs, *new.inputs}
    for name in sorted(given | (was.keys() & is_.keys())):
        note = ""
        if name not in new.inputs:
            note = "upstream's default" if after and name in after.variables else ""
            if name not in old.inputs:
                note = "upstream changed the default"
        for each in differences(was.get(name, ABSENT), is_.get(name, ABSENT), (name,)):
            yield Changed("inputs", new.address, each, note)
    yield from _each("inputs", new.address, old.arguments, new.arguments)
    if old.module != new.module or (old.ref == new.ref and old.source != new.source):
        yield Changed("inputs", new.address, Difference(("source",), old.source, new.source))


def _backend(base: StackContent, head: StackContent) -> Iterator[Changed]:
    moves = list(base.state) != list(head.state)
    note = "the state moves: terraform init -migrate-state" if moves else "terraform init -reconfigure"
    old, new = ({"type": kind, **block} for kind, block in (base.backend, head.backend))
    for each in differences(old, new):
        yield Changed("backend", "backend", each, note)


def _each(part: str, subject: str, old: Any, new: Any) -> Iterator[Changed]:
    return (Changed(part, subject, each) for each in differences(old, new))


def _both(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(old.keys() & new.keys())


def _tag(call: ModuleCall, interface: Interface | None) -> str:
    return interface.ref if interface else call.ref


def _spelled(call: ModuleCall, interface: Interface | None) -> str:
    return (interface.pin if interface else call.ref) or call.source
