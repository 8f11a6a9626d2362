"""Finds what a change opens, in module inputs, in a stack's resources and in a plan."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from anyscale_constructs.findings import Finding
from anyscale_constructs.review import exposure, kinds, module_facts, resource_facts
from anyscale_constructs.review.exposure import Exposure, scope_of
from anyscale_constructs.review.facts import UNKNOWN
from anyscale_constructs.review.inputs import effective
from anyscale_constructs.review.interfaces import Interfaces
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.stacks import StackContent, decoded

_REGISTERED = "anyscale_cloud_resource"


def opened(
    base: StackContent, head: StackContent, interfaces: Interfaces, changes: Sequence[Change] | None
) -> list[Finding]:
    """Returns what a change to a stack opens, by the configuration and by a plan, without duplicates.

    Args:
        base: The older side, with the addresses of the newer one.
        head: The newer side.
        interfaces: The source of upstream's defaults.
        changes: The plan of the change, or None.
    """
    before, after = ([*facts_of(stack, interfaces)] for stack in (base, head))
    both = {*_there(base, interfaces)} & {*_there(head, interfaces)}
    told = exposure.widened(before, after, both)
    findings = [*exposure.findings(told, before)]
    more, was = _planned(changes or ())
    return [*findings, *exposure.findings(exposure.without_known(more, told), was)]


def opened_by_plan(changes: Sequence[Change]) -> list[Finding]:
    """Returns what a plan opens; values that are known only after apply count as unchanged.

    Args:
        changes: The plan.
    """
    return [*exposure.findings(*_planned(changes))]


def _planned(changes: Sequence[Change]) -> tuple[list[Exposure], list[Exposure]]:
    """Returns the facts that a plan widens, and all facts before it."""
    was = [fact for each in changes for fact in _of_resource(each, each.before)]
    is_ = [fact for each in changes for fact in _of_resource(each, _after(each))]
    kept = {scope_of(each.address) for each in changes if each.before is not None and each.after is not None}
    return exposure.widened(was, is_, kept), was


def _there(stack: StackContent, interfaces: Interfaces) -> Iterator[str]:
    """Yields the addresses of what a stack creates."""
    yield from stack.resources
    for call in stack.modules.values():
        if module_facts.is_there(effective(call, interfaces.of(call))):
            yield call.address


def facts_of(stack: StackContent, interfaces: Interfaces) -> Iterator[Exposure]:
    """Yields the facts on what is open or protected in a stack.

    Args:
        stack: The stack.
        interfaces: The source of upstream's defaults.
    """
    for call in stack.modules.values():
        if call.known:
            yield from module_facts.facts(call.known.name, effective(call, interfaces.of(call)), call.address)
    for address, arguments in stack.resources.items():
        type_, _, _ = address.rpartition(".")
        yield from resource_facts.facts(type_, decoded(arguments), address)
    registered = stack.outputs.get(_REGISTERED, {}).get("value")
    by_terraform = any(address.startswith(f"{_REGISTERED}.") for address in stack.resources)
    if isinstance(registered, Mapping) and registered.get("networking_mode") == "PUBLIC" and not by_terraform:
        yield Exposure(kinds.NETWORKING, f"output.{_REGISTERED}", "PUBLIC", "networking_mode")


def _of_resource(change: Change, arguments: Mapping[str, Any] | None) -> Iterator[Exposure]:
    if arguments is not None:
        yield from resource_facts.facts(change.type, decoded(arguments), change.address)


def _after(change: Change) -> Mapping[str, Any] | None:
    if change.after is None:
        return None
    before: Mapping[str, Any] = change.before or {}
    unknown = dict.fromkeys({**before, **change.after}, True) if change.unknown is True else change.unknown
    after = _with_unknown(change.after, unknown)
    return {name: before.get(name) or value if value == UNKNOWN else value for name, value in after.items()}


def _with_unknown(value: Any, unknown: Any) -> Any:
    """Returns a planned value with a mark in place of each unknown part."""
    match value, unknown:
        case _, True:
            return UNKNOWN
        case Mapping(), Mapping():
            return {key: _with_unknown(value.get(key), unknown.get(key)) for key in {**value, **unknown}}
        case list(), list():
            return [
                _with_unknown(value[index] if index < len(value) else None, each) for index, each in enumerate(unknown)
            ] or value
    return value
