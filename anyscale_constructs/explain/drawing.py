"""The data flow of a cloud as a drawing: boxes in layers, and arrows between them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from anyscale_constructs.explain.parts import REGISTRATION, Stack
from anyscale_constructs.terraform.references import reachable


@dataclass(frozen=True)
class Box:
    """A module call, several resources of one type, or the registration.

    Args:
        key: The unique key: letters, digits and `_`.
        stack: The name of the stack.
        title: The name of a module call, or a type of resource.
        subtitle: The module with its version, or the names of the resources.
        addresses: The addresses that the box represents.
        group: The purpose: `network`, `compute`, `storage`, `identity`, `registration` or `other`.
        layer: The number of the layer; the box's dependencies are in lower layers.
    """

    key: str
    stack: str
    title: str
    subtitle: str
    addresses: Sequence[str]
    group: str
    layer: int


@dataclass(frozen=True)
class Arrow:
    """The values that one box gets from another.

    Args:
        source: The key of the box that provides the values.
        target: The key of the box that uses them.
        values: The names of the values, e.g. `vpc_id`; empty if the target only waits for the source.
    """

    source: str
    target: str
    values: Sequence[str] = ()


@dataclass(frozen=True)
class Drawing:
    """Boxes and arrows.

    Args:
        boxes: The boxes, layer by layer.
        arrows: The arrows, each from a lower to a higher layer.
    """

    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


GROUPS: Mapping[str, Sequence[str]] = {
    "registration": ("anyscale_cloud", "output."),
    "identity": ("iam", "s3_policy", "identity", "role", "service_account", "kms", "key", "credential"),
    "network": ("vpc", "securitygroups", "subnet", "network", "nat", "endpoint", "firewall", "security_group"),
    "storage": (*("s3", "storage", "efs", "filestore"), *("memorydb", "memorystore", "bucket", "share", "redis")),
    "compute": ("eks", "gke", "cluster", "node_pool", "helm", "instance"),
    "other": ("",),
}
"""The words in names of modules and types that show their purpose; the first matching group applies."""


_PROVIDERS = ("aws_", "azurerm_", "google_")
"""The prefixes of resource types, which boxes omit."""


def group_of(kind: str) -> str:
    """Returns the purpose of a module or a type of resource.

    Args:
        kind: The module's name in the catalog, or the type of resource.
    """
    return next(group for group, words in GROUPS.items() if any(word in kind for word in words))


def drawn(stacks: Sequence[Stack]) -> Drawing:
    """Returns the drawing of a cloud, with each stack below the stacks that it depends on.

    Args:
        stacks: The stacks of the cloud, in the order in which they are applied.
    """
    boxes: dict[str, Box] = {}
    arrows: dict[tuple[str, str], dict[str, None]] = {}
    registers, first = "", 0
    for number, stack in enumerate(stacks):
        layers = _layers(stack)
        members: dict[str, list[str]] = {}
        of: dict[str, str] = {}
        for address, layer in layers.items():
            of[address] = _key(number, address, layer)
            members.setdefault(of[address], []).append(address)
        for key, addresses in members.items():
            boxes[key] = _box(key, stack, addresses, first + layers[addresses[0]])
        for reference in stack.references:
            if reference.target in of and reference.source in of:
                values = arrows.setdefault((of[reference.source], of[reference.target]), {})
                values |= {reference.value: None} if reference.value else {}
        if registers:
            for address in _given_the_id(stack):
                arrows[registers, of[address]] = {"cloud_resource_id": None}
        registers = registers or of.get(stack.registering, "")
        first = max((box.layer for box in boxes.values()), default=-1) + 1
    ordered = sorted(boxes.values(), key=lambda box: box.layer)
    return Drawing(ordered, [Arrow(*pair, [*values]) for pair, values in _needed(arrows).items()])


def _key(number: int, address: str, layer: int) -> str:
    """Returns the key of the box of an address: resources of one type in one layer share a box."""
    kind = address if address.startswith(("module.", "output.")) else f"{address.partition('.')[0]}_{layer}"
    return f"s{number}_" + "".join(each if each.isalnum() else "_" for each in kind)


def _box(key: str, stack: Stack, addresses: Sequence[str], layer: int) -> Box:
    if addresses == [REGISTRATION]:
        what = "Anyscale registration"
        return Box(key, stack.name, "registration", what, addresses, "registration", layer)
    parts = [stack.parts[address] for address in addresses]
    kind, names = parts[0].kind, ", ".join(part.name for part in parts)
    group = group_of(kind)
    if parts[0].is_module:
        return Box(key, stack.name, names, f"{kind} {parts[0].ref}".strip(), addresses, group, layer)
    for provider in _PROVIDERS:
        kind = kind.removeprefix(provider)
    many = f" ({len(parts)})" if len(parts) > 1 else ""
    return Box(key, stack.name, f"{kind.replace('_', ' ')}{many}", names, addresses, group, layer)


def _layers(stack: Stack) -> dict[str, int]:
    """Returns the layer of each address: after all of its dependencies; the registration is alone in the last layer."""
    # Mappings instead of sets, because their order is stable, so the drawing is always the same.
    sources: dict[str, dict[str, None]] = {address: {} for address in stack.parts}
    for reference in stack.references:
        if reference.target in sources:
            sources[reference.target][reference.source] = None
    layers: dict[str, int] = {}

    def layer(address: str) -> int:
        if address not in layers:
            layers[address] = 1 + max((layer(each) for each in sources[address]), default=-1)
        return layers[address]

    for address in sources:
        layer(address)
    if stack.registering:
        others = (at for address, at in layers.items() if address != stack.registering)
        layers[stack.registering] = 1 + max(others, default=-1)
    return layers


def _given_the_id(stack: Stack) -> Iterable[str]:
    """Returns the addresses that use the ID from registration."""
    return [address for address in stack.parts if "var.cloud_resource_id" in str(stack.content.arguments(address))]


def _needed(arrows: Mapping[tuple[str, str], Mapping[str, None]]) -> dict[tuple[str, str], Mapping[str, None]]:
    """Returns the arrows without waiting arrows that other arrows imply."""
    after: dict[str, set[str]] = {}
    for source, target in arrows:
        after.setdefault(source, set()).add(target)

    def implied(source: str, target: str) -> bool:
        return any(target in reachable(other, after) for other in after[source] - {target})

    return {pair: values for pair, values in arrows.items() if values or not implied(*pair)}
