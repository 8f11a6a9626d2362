"""What the stacks of a cloud consist of: module calls and resources, and how they refer to each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.expressions.resolve import code_in
from anyscale_constructs.findings import clean
from anyscale_constructs.registration.outputs import RESOURCE_OUTPUT
from anyscale_constructs.review import module_facts
from anyscale_constructs.review.exposure import Exposure
from anyscale_constructs.review.inputs import effective
from anyscale_constructs.review.interfaces import Interfaces
from anyscale_constructs.review.opened import facts_of
from anyscale_constructs.review.stacks import StackContent, blocks, decoded, listed

_REFERENCE = re.compile(r"(?<![\w.-])((?:module|data\.[\w-]+|var|local|[a-z][\w]*_[\w]*)\.[\w-]+)((?:\.[\w-]+)?)")
REGISTRATION = f"output.{RESOURCE_OUTPUT}"
"""What registration reads, as an address."""


@dataclass(frozen=True)
class Part:
    """A module call or a resource that is made.

    Args:
        stack: The name of its stack.
        address: Its address there.
        kind: The catalog's name of the module, e.g. `aws/vpc`, or what else is called; of a resource, its type.
        arguments: The inputs, upstream's defaults in place, or the arguments.
        ref: What the module is pinned to; empty for resources.
        pin: The same with the commit, if it is a tag of the catalog's.
    """

    stack: str
    address: str
    kind: str
    arguments: Mapping[str, Any]
    ref: str = ""
    pin: str = ""

    @property
    def is_module(self) -> bool:
        """Whether it is a module call."""
        return self.address.startswith("module.")

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.address.rpartition(".")[2]

    @property
    def is_gateway(self) -> bool:
        """Whether it is the chart that makes the load balancer of services."""
        is_chart = self.kind == "helm_release"
        return is_chart and any("sourceRanges" in values for values in blocks(self.arguments.get("values")))


@dataclass(frozen=True)
class Reference:
    """A value that one part has from another one, or that one waits for another one.

    Args:
        source: The address that the value comes from.
        target: The address of what refers to it.
        value: The output or the attribute; empty where the target only waits for the source.
        argument: The input or the argument that has it.
    """

    source: str
    target: str
    value: str = ""
    argument: str = ""


@dataclass(frozen=True)
class Stack:
    """A stack of the cloud.

    Args:
        name: Its name.
        parts: What it makes, by address: module calls first.
        references: How they refer to each other.
        facts: What is open and what is protected.
        content: All that it says.
    """

    name: str
    parts: Mapping[str, Part]
    references: Sequence[Reference]
    facts: Sequence[Exposure]
    content: StackContent

    @property
    def registered(self) -> Any:
        """The output that registration reads; None if there is none."""
        return self.content.outputs.get(RESOURCE_OUTPUT, {}).get("value")

    @property
    def registering(self) -> str:
        """The address of what registers: Terraform's resource, else the output for the command; empty if none does."""
        made = (address for address, part in self.parts.items() if part.kind == "anyscale_cloud_resource")
        return next(made, REGISTRATION if self.registered is not None else "")

    def facts_on(self, part: Part) -> list[Exposure]:
        """What is open and what is protected of one part."""
        return [fact for fact in self.facts if fact.subject == part.address]


def read(content: StackContent) -> Stack:
    """What a synthesized stack consists of; modules that are switched off are not among its parts.

    Args:
        content: The stack.
    """
    interfaces = Interfaces([content.folder])
    parts = {part.address: part for part in _parts(content, interfaces)}
    return Stack(content.name, parts, [*_references(content, parts)], [*facts_of(content, interfaces)], content)


def spelled(value: Any) -> str:
    """A value as text for people: what Terraform evaluates is shown by what it refers to, in angle brackets.

    Args:
        value: The value.
    """
    text = str(value)
    for _, code in code_in(text):
        named = dict.fromkeys("".join(found.groups()) for found in _REFERENCE.finditer(code))
        text = text.replace(f"${{{code}}}", f"<{', '.join(named) or 'an expression'}>")
    return clean(text)


def _parts(content: StackContent, interfaces: Interfaces) -> Iterator[Part]:
    for call in content.modules.values():
        interface = interfaces.of(call)
        inputs = effective(call, interface)
        if module_facts.is_there(inputs):
            ref, pin = (interface.ref, interface.pin) if interface else (call.ref, call.ref)
            name = call.known.name if call.known else call.module
            yield Part(content.name, call.address, name, inputs, ref, pin)
    for address, arguments in content.resources.items():
        if not address.startswith("data."):
            yield Part(content.name, address, address.partition(".")[0], decoded(arguments))


def _references(content: StackContent, parts: Mapping[str, Part]) -> Iterator[Reference]:
    for address in parts:
        given = dict(content.arguments(address))
        call = content.modules.get(address.removeprefix("module."))
        waits = (call.arguments if call else given).get("depends_on")
        given.pop("depends_on", None)
        fed = [*dict.fromkeys(_fed(address, given, content, parts))]
        yield from fed
        told = {each.source for each in fed}
        yield from (Reference(other, address) for other in listed(waits) if other in parts and other not in told)
    outputs = content.outputs.get(RESOURCE_OUTPUT, {}).get("value")
    yield from dict.fromkeys(_fed(REGISTRATION, outputs, content, parts))


def _fed(target: str, tree: Any, content: StackContent, parts: Mapping[str, Part]) -> Iterator[Reference]:
    """What stands in arguments or in an output; a data source hands on what it refers to itself."""
    for path, code in code_in(tree):
        for found in _REFERENCE.finditer(code):
            source, value = found.groups()
            argument = re.split(r"[.\[]", path)[0] if target != REGISTRATION else re.sub(r"\[\d+\]", "", path)
            if source in parts and source != target:
                yield Reference(source, target, value.removeprefix("."), argument)
            elif source in content.resources:
                yield from _fed(target, {argument: content.resources[source]}, content, parts)
