"""The subnets of a cloud with their addresses, and who can reach which port."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from anyscale_constructs.config.networks import network
from anyscale_constructs.explain.parts import Part, Stack, spelled
from anyscale_constructs.explain.sections import Section, grouped
from anyscale_constructs.review import kinds
from anyscale_constructs.review.exposure import EVERYBODY, Exposure, Ingress, Kind
from anyscale_constructs.review.facts import is_unknown
from anyscale_constructs.review.stacks import blocks, listed

_AWS, _GOOGLE, _AZURE = 5, 4, 5
"""The number of addresses in each subnet that the provider reserves.

https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html,
https://cloud.google.com/vpc/docs/subnets#unusable-ip-addresses-in-every-subnet,
https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
"""


@dataclass(frozen=True)
class _Ranges:
    """An input or argument with CIDR ranges.

    Args:
        path: The input or the argument, with dots for nested blocks.
        what: A description of the ranges.
        kept: The number of addresses that the provider reserves; None for a range that is not a subnet.
        many: Whether there can be several ranges, which are numbered. Default: False.
    """

    path: str
    what: str
    kept: int | None = None
    many: bool = False


RANGES: Mapping[str, Sequence[_Ranges]] = {
    "aws/vpc": [
        _Ranges("cidr_block", "VPC"),
        _Ranges("secondary_cidr_blocks", "secondary range of the VPC"),
        _Ranges("public_subnets", "public subnet", _AWS, many=True),
        _Ranges("private_subnets", "private subnet", _AWS, many=True),
    ],
    "aws_subnet": [_Ranges("cidr_block", "subnet", _AWS)],
    "azurerm_kubernetes_cluster": [
        _Ranges("network_profile.pod_cidr", "pods"),
        _Ranges("network_profile.service_cidr", "services"),
    ],
    "azurerm_subnet": [_Ranges("address_prefixes", "subnet", _AZURE)],
    "azurerm_virtual_network": [_Ranges("address_space", "virtual network")],
    "google/gke": [_Ranges("master_ipv4_cidr_block", "control plane")],
    "google/vpc": [
        _Ranges("public_subnet_cidr", "public subnet", _GOOGLE),
        _Ranges("private_subnet_cidr", "private subnet", _GOOGLE),
        _Ranges("proxy_subnet_cidr", "proxy-only subnet of load balancers", _GOOGLE),
        _Ranges("gke_pod_range_cidr", "pods, a secondary range of the private subnet"),
        _Ranges("gke_services_range_cidr", "services, a secondary range of the private subnet"),
    ],
    "google_compute_subnetwork": [_Ranges("ip_cidr_range", "subnet", _GOOGLE)],
}

_EXISTING = frozenset(
    (
        *("vpc_id", "subnet_ids", "mount_targets_subnets", "memorydb_subnet_ids", "vnet_subnet_id"),
        *("vpc_name", "subnet_names", "network", "subnetwork", "filestore_vpc_name", "memorystore_vpc_name"),
    )
)
"""The inputs and the arguments that name networks and subnets; a literal name is that of an existing one."""


def subnets(stacks: Sequence[Stack]) -> Section:
    """Returns the section on the ranges of networks and subnets, with sizes.

    Args:
        stacks: The stacks of the cloud.
    """
    made = [(part.address, line) for stack in stacks for part in stack.parts.values() for line in _ranges_of(part)]
    existing = [("existing networks and subnets", line) for stack in stacks for line in _existing(stack)]
    note = "Usable addresses are those that the provider does not reserve. Ray needs one IP address per node."
    if not made and not existing:
        note = "The network is not part of these stacks."
    return Section("Networks and subnets", grouped([*made, *existing]), note)


def _ranges_of(part: Part) -> Iterator[str]:
    for row in RANGES.get(part.kind, ()):
        ranges = [*_at(part.arguments, row.path.split("."))]
        zones = [*map(str, listed(part.arguments.get("availability_zones")))] if row.many else []
        for index, cidr in enumerate(ranges):
            what = f"{row.what} {index + 1}" if row.many else row.what
            zone = f", {zones[index]}" if index < len(zones) and not is_unknown(zones[index]) else ""
            yield f"{spelled(cidr)}: {what}{zone}{_size(str(cidr), row.kept)}"


def _at(value: object, steps: Sequence[str]) -> Iterator[object]:
    if not steps:
        yield from listed(value)
        return
    for block in blocks(value):
        yield from _at(block.get(steps[0]), steps[1:])


def _size(cidr: str, kept: int | None) -> str:
    found = network(cidr)
    if found is None:
        return ""
    if kept is None:
        return f", {found.num_addresses:,} addresses"
    return f", {found.num_addresses - kept:,} usable of {found.num_addresses:,}"


def _existing(stack: Stack) -> Iterator[str]:
    trees = [stack.registered, *(part.arguments for part in stack.parts.values())]
    return (spelled(value) for tree in trees for value in _named(tree) if "${" not in str(value))


def _named(tree: object) -> Iterator[object]:
    for block in blocks(tree):
        for name, value in block.items():
            if name in _EXISTING:
                yield from (each for each in listed(value) if isinstance(each, str) and each)
            else:
                yield from _named(value)


_API, _BALANCER, _STORAGE = "the cluster's API", "the load balancer", "storage"
_ENDPOINTS: Mapping[str, str] = {
    "aws/eks": _API,
    "aws_eks_cluster": _API,
    "aws_lb": _BALANCER,
    "azurerm_kubernetes_cluster": _API,
    "azurerm_storage_account": _STORAGE,
    "google/gke": _API,
    "google_container_cluster": _API,
    "helm_release": _BALANCER,
}
"""The endpoint of each module and each type of resource."""


def reach(stacks: Sequence[Stack]) -> Section:
    """Returns the section on who can reach which port.

    Args:
        stacks: The stacks of the cloud.
    """
    lines = [
        (part.address, line) for stack in stacks for part in stack.parts.values() for line in _reached(stack, part)
    ]
    note = "Rules that a module always creates, such as those between a cluster and its nodes, are not listed."
    return Section("Who reaches which port", grouped(lines), note if lines else "These stacks open nothing.")


def _reached(stack: Stack, part: Part) -> Iterator[str]:
    facts = stack.facts_on(part)
    if part.kind == "aws/securitygroups":
        for rule in blocks(part.arguments.get("ingress_with_self")):
            known = rule.get("rule")
            yield f"{'all traffic' if known == 'all-all' else spelled(known)} from the security group itself"
    for ports, sources in _opened(facts, kinds.INGRESS):
        yield f"{ports} from {sources}"
    what = _ENDPOINTS.get(part.kind, "the endpoint")
    endpoints = [f"{what}: {ports} from {sources}" for ports, sources in _opened(facts, kinds.ENDPOINT)]
    yield from endpoints
    if not endpoints and (part.is_gateway or (part.kind in _ENDPOINTS and part.kind != "helm_release")):
        rules = blocks(part.arguments.get("network_rules"))
        subnets = [spelled(each) for rule in rules for each in listed(rule.get("virtual_network_subnet_ids"))]
        values = blocks(part.arguments.get("values"))
        ranges = [spelled(each) for value in values for each in listed(value.get("sourceRanges"))]
        yield f"{what}: only from {', '.join([*subnets, *ranges]) or 'inside the network'}"
    yield from (f"public IP addresses: {spelled(fact.value)}" for fact in facts if fact.kind is kinds.ADDRESS)


def _opened(facts: Sequence[Exposure], kind: Kind) -> list[tuple[str, str]]:
    """Returns ports and all sources that can reach them."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        if fact.kind is kind and isinstance(fact.value, Ingress):
            found.setdefault(fact.value.ports, []).append(spelled(fact.value.source))
    same: dict[str, list[str]] = {}
    for ports, sources in found.items():
        everybody = not {*EVERYBODY}.isdisjoint(sources)
        same.setdefault("everybody" if everybody else ", ".join(sources), []).append(ports)
    return [(", ".join(ports), sources) for sources, ports in same.items()]
