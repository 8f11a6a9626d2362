"""Counts what providers charge for, without prices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.explain.parts import Stack, spelled
from anyscale_constructs.explain.sections import Entry, Section
from anyscale_constructs.review.facts import is_on
from anyscale_constructs.review.stacks import blocks, listed

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Counted:
    """Something that is charged for.

    Args:
        what: The kind of thing, in the plural.
        number: The number; None if it is unknown.
        detail: More details. Default: none.
    """

    what: str
    number: int | None = 1
    detail: str = ""


Count = Callable[[Arguments], Iterator[Counted]]
"""Counts what a module or a resource creates."""


def costs(stacks: Sequence[Stack]) -> Section:
    """Returns the section on what is charged for.

    Args:
        stacks: The stacks of the cloud.
    """
    found: dict[str, list[tuple[Counted, str]]] = {what: [] for what in _ORDER}
    for part in (part for stack in stacks for part in stack.parts.values()):
        counts = COUNTS[part.kind](part.arguments) if part.kind in COUNTS else ()
        for counted in [Counted(_BALANCERS, detail="for the gateway")] if part.is_gateway else counts:
            found[counted.what].append((counted, part.address))
    entries = [Entry(what, [*_lines(each)]) for what, each in found.items() if each]
    note = "Counts, not prices. Traffic, requests and stored data also cost money."
    if any(isinstance(each.registered, Mapping) and each.registered.get("compute_stack") == "VM" for each in stacks):
        note += " Anyscale starts as many instances as its users request: Terraform sets no limit."
    return Section("What costs", entries, note)


def _lines(found: Sequence[tuple[Counted, str]]) -> Iterator[str]:
    numbers = [counted.number for counted, _ in found]
    known = [number for number in numbers if number is not None]
    if len(found) > 1 and len(known) == len(found):
        yield f"{sum(known)} in total"
    for counted, address in found:
        number = "an unknown number" if counted.number is None else str(counted.number)
        yield " ".join(filter(None, (number, counted.detail, f"({address})")))


_NAT, _INTERFACES, _GATEWAYS = "NAT gateways", "interface endpoints", "gateway endpoints"
_CLUSTERS, _NODES, _OBJECTS, _FILES = "cluster control planes", "nodes at most", "object stores", "file stores"
_REDIS, _BALANCERS, _KEYS, _LOGS = "Redis nodes", "load balancers", "KMS keys", "flow logs"
_ORDER = (_CLUSTERS, _NODES, _NAT, _INTERFACES, _GATEWAYS, _BALANCERS, _OBJECTS, _FILES, _REDIS, _KEYS, _LOGS)


def _aws_vpc(i: Arguments) -> Iterator[Counted]:
    private, public = listed(i.get("private_subnets")), listed(i.get("public_subnets"))
    zones = [listed(i.get("availability_zones")), listed(i.get("availability_zone_ids"))]
    if is_on(i.get("create_ngw")) and private:
        most = max(_number(i.get("max_az_count")) or 0, *map(len, (*zones, private, public)))
        limit = _number(i.get("max_nat_gateway_count"))
        yield Counted(_NAT, most if limit is None else min(most, limit), "with a public IP address each")
    if names := ", ".join(i.get("gateway_vpc_endpoints") or {}):
        yield Counted(_GATEWAYS, len(i["gateway_vpc_endpoints"]), f"for {names}, which AWS does not charge for")
    if is_on(i.get("enable_vpc_flow_logs")):
        yield Counted(_LOGS, detail="of the VPC")


def _google_vpc(i: Arguments) -> Iterator[Counted]:
    if is_on(i.get("create_nat")) and i.get("private_subnet_cidr"):
        yield Counted(_NAT, detail="of Cloud NAT")
    for kind in ("private", "public"):
        if i.get(f"{kind}_subnet_cidr") and i.get(f"{kind}_subnet_flow_log_config"):
            yield Counted(_LOGS, detail=f"of the {kind} subnet")


def _aws_endpoint(a: Arguments) -> Iterator[Counted]:
    service = f"for {spelled(a.get('service_name'))}"
    if a.get("vpc_endpoint_type", "Gateway") == "Gateway":
        yield Counted(_GATEWAYS, detail=f"{service}, which AWS does not charge for")
    else:
        subnets = a.get("subnet_ids")
        yield Counted(_INTERFACES, len(subnets) if isinstance(subnets, list) else None, f"{service}, 1 in each subnet")


def _eks(i: Arguments) -> Iterator[Counted]:
    yield Counted(_CLUSTERS, detail="of EKS")
    groups = i.get("eks_managed_node_groups")
    for name, group in (groups if isinstance(groups, Mapping) else {}).items():
        types = ", ".join(map(spelled, listed(group.get("instance_types"))))
        yield _pool(name, group.get("max_size"), types, spot=group.get("capacity_type") == "SPOT")
    if is_on(i.get("create_kms_key")) and i.get("encryption_config") is not None:
        yield Counted(_KEYS)


def _gke(i: Arguments) -> Iterator[Counted]:
    yield Counted(_CLUSTERS, detail="of GKE")
    for pool in blocks(i.get("node_pools")):
        name, types, spot = str(pool.get("name")), spelled(pool.get("machine_type", "")), is_on(pool.get("spot"))
        if "max_count" in pool and "total_max_count" not in pool:
            types = f"{types}, {spelled(pool['max_count'])} in each zone"
        yield _pool(name, pool.get("total_max_count"), types, spot=spot)


def _aks(a: Arguments) -> Iterator[Counted]:
    yield Counted(_CLUSTERS, detail=f"of AKS, tier {spelled(a.get('sku_tier', 'Free'))}")
    for pool in blocks(a.get("default_node_pool")):
        yield from _aks_pool(pool)
    for profile in blocks(a.get("network_profile")):
        if profile.get("outbound_type", "loadBalancer") == "loadBalancer":
            yield Counted(_BALANCERS, detail="for outbound traffic")


def _aks_pool(a: Arguments) -> Iterator[Counted]:
    most = a.get("max_count", a.get("node_count"))
    yield _pool(str(a.get("name")), most, spelled(a.get("vm_size")), spot=a.get("priority") == "Spot")


def _pool(name: str, most: Any, types: str, *, spot: bool) -> Counted:
    return Counted(_NODES, _number(most), f"in {name}: {types}{', spot' if spot else ''}")


def _memorydb(i: Arguments) -> Iterator[Counted]:
    shards, replicas = _number(i.get("memorydb_num_shards")), _number(i.get("memorydb_num_replicas_per_shard"))
    nodes = None if shards is None or replicas is None else shards * (replicas + 1)
    yield Counted(_REDIS, nodes, f"of MemoryDB: {spelled(i.get('memorydb_node_type'))}")


def _memorystore(i: Arguments) -> Iterator[Counted]:
    replicas, tier = _number(i.get("memorystore_replica_count")), i.get("memorystore_tier")
    nodes = 1 if tier == "BASIC" else None if replicas is None else replicas + 1
    yield Counted(_REDIS, nodes, f"of Memorystore: {spelled(i.get('memorystore_memory_size_gb'))} GB, {spelled(tier)}")


def _filestore(i: Arguments) -> Iterator[Counted]:
    size, tier = spelled(i.get("anyscale_filestore_fileshare_capacity_gb")), spelled(i.get("filestore_tier"))
    yield Counted(_FILES, detail=f"Filestore instance: {size} GB, {tier}")


def _storage_account(a: Arguments) -> Iterator[Counted]:
    if a.get("account_kind") != "FileStorage":
        yield Counted(_OBJECTS, detail=f"storage account, {spelled(a.get('account_replication_type'))}")


def _share(a: Arguments) -> Iterator[Counted]:
    yield Counted(_FILES, detail=f"file share: {spelled(a.get('quota'))} GB")


def _number(value: Any) -> int | None:
    """Returns a number, which some inputs have as a string; None if only Terraform can evaluate it."""
    text = str(value)
    return int(text) if text.isdecimal() else None


def _one(what: str, detail: str = "") -> Count:
    return lambda _: iter([Counted(what, detail=detail)])


COUNTS: Mapping[str, Count] = {
    "aws/efs": _one(_FILES, "EFS file system"),
    "aws/eks": _eks,
    "aws/memorydb": _memorydb,
    "aws/s3": _one(_OBJECTS, "bucket"),
    "aws/vpc": _aws_vpc,
    "aws_kms_key": _one(_KEYS),
    "aws_lb": _one(_BALANCERS),
    "aws_nat_gateway": _one(_NAT),
    "aws_s3_bucket": _one(_OBJECTS, "bucket"),
    "aws_vpc_endpoint": _aws_endpoint,
    "azurerm_kubernetes_cluster": _aks,
    "azurerm_kubernetes_cluster_node_pool": _aks_pool,
    "azurerm_nat_gateway": _one(_NAT),
    "azurerm_private_endpoint": _one(_INTERFACES),
    "azurerm_storage_account": _storage_account,
    "azurerm_storage_share": _share,
    "google/cloudstorage": _one(_OBJECTS, "bucket"),
    "google/filestore": _filestore,
    "google/gke": _gke,
    "google/memorystore": _memorystore,
    "google/vpc": _google_vpc,
    "google_storage_bucket": _one(_OBJECTS, "bucket"),
}
"""How to count what each module and each type of resource costs."""
