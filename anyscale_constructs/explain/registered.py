"""What registration sends: values known now, and values known after apply."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from anyscale_constructs.explain.parts import REGISTRATION, Stack, spelled
from anyscale_constructs.explain.sections import Entry, Section
from anyscale_constructs.findings import plain
from anyscale_constructs.registration.outputs import NAME_OUTPUT, ORG_OUTPUT, RESOURCE_OUTPUT


def registration(stacks: Sequence[Stack]) -> Section:
    """Returns the section on what registration sends to Anyscale.

    Args:
        stacks: The stacks of the cloud.
    """
    for stack in stacks:
        if stack.registered is not None:
            command = f"anyscale-constructs register {stack.name}, after the apply"
            who = f"Sent by {command if stack.registering == REGISTRATION else 'terraform apply itself'}."
            return Section("What registration sends", [*_entries(stack)], f"{who} Values in <> are known after apply.")
    return Section("What registration sends", [], "These stacks register no cloud.")


def _entries(stack: Stack) -> Iterator[Entry]:
    outputs = stack.content.outputs
    for output, name in ((NAME_OUTPUT, "cloud"), (ORG_OUTPUT, "organization")):
        if output in outputs:
            yield Entry(name, [_value(outputs[output].get("value"), output)])
    if outputs[RESOURCE_OUTPUT].get("sensitive"):
        yield Entry("resource", ["a sensitive output, which is not shown"])
        return
    yield from (Entry(key, [*lines]) for key, lines in _flat(stack.registered, ()))


def _flat(value: Any, path: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _flat(inner, [*path, str(key)])
        case list() if any(isinstance(each, Mapping) for each in value):
            for index, inner in enumerate(value):
                yield from _flat(inner, [*path[:-1], f"{path[-1]}[{index}]"])
        case list():
            yield ".".join(path), [_value(each, path[-1]) for each in value] or ["none"]
        case _:
            yield ".".join(path), [_value(value, path[-1] if path else "")]


def _value(value: Any, name: str) -> str:
    """Returns a value as text; values that are named like secrets are hidden."""
    return spelled(plain(value, name))
