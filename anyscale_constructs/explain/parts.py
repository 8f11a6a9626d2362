"""The parts of a cloud's stacks: module calls and resources, and the references between them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.expressions.code import code_in
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
"""The address of the output that registration reads."""


@dataclass(frozen=True)
class Part:
    """A module call or a resource.

    Args:
        stack: The name of the stack.
        address: The address in the stack.
        kind: For a module call, the module's name in the catalog, e.g. `aws/vpc`, else its source; for a resource, its
            type.
        arguments: The inputs, with upstream's defaults applied, or the arguments.
        ref: The pin of the module; empty for resources.
        pin: The pin with the commit, if it is a tag in the catalog.
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
        """The last part of the address."""
        return self.address.rpartition(".")[2]

    @property
    def is_gateway(self) -> bool:
        """Whether it is the chart that creates the load balancer of services."""
        is_chart = self.kind == "helm_release"
        return is_chart and any("sourceRanges" in values for values in blocks(self.arguments.get("values")))


@dataclass(frozen=True)
class Reference:
    """A reference of one part to another, or a dependency without a value.

    Args:
        source: The address of the part that provides the value.
        target: The address of the part that uses the value.
        value: The output or the attribute; empty if the target only waits for the source.
        argument: The input or the argument that uses the value.
    """

    source: str
    target: str
    value: str = ""
    argument: str = ""


@dataclass(frozen=True)
class Stack:
    """A stack of the cloud.

    Args:
        name: The stack's name.
        parts: The parts by address, module calls first.
        references: The references between the parts.
        facts: The facts on what is open and what is protected.
        content: The content of the stack.
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
        """The address of the registering resource, else of the output for the command; empty if there is neither."""
        made = (address for address, part in self.parts.items() if part.kind == "anyscale_cloud_resource")
        return next(made, REGISTRATION if self.registered is not None else "")

    def facts_on(self, part: Part) -> list[Exposure]:
        """Returns the facts on what is open and what is protected in one part."""
        return [fact for fact in self.facts if fact.subject == part.address]


def read(content: StackContent) -> Stack:
    """Returns the parts of a synthesized stack, without disabled modules.

    Args:
        content: The stack.
    """
    interfaces = Interfaces([content.folder])
    parts = {part.address: part for part in _parts(content, interfaces)}
    return Stack(content.name, parts, [*_references(content, parts)], [*facts_of(content, interfaces)], content)


def spelled(value: Any) -> str:
    """Returns a value as text, where expressions are shown as their references in angle brackets.

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
    """Yields the references in arguments or in an output; a data source passes on its own references."""
    for path, code in code_in(tree):
        for found in _REFERENCE.finditer(code):
            source, value = found.groups()
            argument = re.split(r"[.\[]", path)[0] if target != REGISTRATION else re.sub(r"\[\d+\]", "", path)
            if source in parts and source != target:
                yield Reference(source, target, value.removeprefix("."), argument)
            elif source in content.resources:
                yield from _fed(target, {argument: content.resources[source]}, content, parts)
