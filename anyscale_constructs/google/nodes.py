"""The node pools of a GKE cluster: one for system pods, and those for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator adds the tolerations to pods that request such a
node. GKE labels nodes with their GPU, and installs drivers and the device plugin.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.config.model import Model, refuse, refuse_all
from anyscale_constructs.config.node_groups import (
    CPU_LIMITS,
    EFFECTS,
    GPU,
    GPU_LIMITS,
    GROUPS,
    MARKETS,
    ONE_ZONE,
    Limits,
    NodeGroup,
    refused_groups,
    refused_limits,
    refused_zones,
)
from anyscale_constructs.config.types import Checked, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved, join, maximum
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.types import GcpZones, MachineType
from anyscale_constructs.modules.google.gke import GkeNodePoolsTaints

# These machine types do not support persistent disks.
_HYPERDISK_ONLY = re.compile(r"(?:c4d?|n4d?|g4|a4|m4|x4|h4d|a3-ultragpu)-")


class Gpu(NamedTuple):
    """A type of GPU: Google's name for it, the machine types that have it, the number of each, and their local SSDs."""

    accelerator_type: str
    machine_type: str
    per_node: int
    local_ssds: int = 0


# By the GPU's name in Anyscale's compute configurations. The operator selects nodes by Google's name.
GPUS = {
    "T4": Gpu("nvidia-tesla-t4", "n1-standard-16", 1),
    "L4": Gpu("nvidia-l4", "g2-standard-16", 1),
    "A100-40G": Gpu("nvidia-tesla-a100", "a2-highgpu-1g", 1),
    "A100-80G": Gpu("nvidia-a100-80gb", "a2-ultragpu-1g", 1),
    "H100": Gpu("nvidia-h100-80gb", "a3-highgpu-8g", 8, 16),
    "H100-MEGA": Gpu("nvidia-h100-mega-80gb", "a3-megagpu-8g", 8, 16),
    "RTX-PRO-6000": Gpu("nvidia-rtx-pro-6000", "g4-standard-48", 1),
}
GpuType = Literal["T4", "L4", "A100-40G", "A100-80G", "H100", "H100-MEGA", "RTX-PRO-6000"]
_LOCAL_SSDS = {gpu.machine_type: gpu.local_ssds for gpu in GPUS.values()}

GroupName = Annotated[
    str,
    Checked(
        "a node group's name: 1 to 31 lower-case letters, digits and hyphens, without a hyphen at either end",
        r"[a-z0-9](?:[a-z0-9-]{0,29}[a-z0-9])?",
        "h100-reserved",
    ),
]
ReservationName = Annotated[
    str,
    Checked(
        "a reservation's name, or projects/PROJECT/reservations/NAME for one of another project",
        r"(?:projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/reservations/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
        "h100",
    ),
]


class CapacityReservation(Model):
    """The affinity of nodes to Compute Engine reservations."""

    consume_reservation_type: Known[Literal["SPECIFIC_RESERVATION", "ANY_RESERVATION", "NO_RESERVATION"]] = Field(
        default="SPECIFIC_RESERVATION", description="Whether nodes use the reservation `name`, any, or none."
    )
    name: ReservationName | None = Field(
        default=None,
        description="The reservation's name. Required with SPECIFIC_RESERVATION, else invalid. Default: none.",
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.is_specific != (self.name is not None):
            what = "is required" if self.is_specific else "has no effect"
            fix = "set it" if self.is_specific else "remove it"
            raise refuse(f"{what} with consume_reservation_type {self.consume_reservation_type}", fix, key="name")
        return self

    @property
    def is_specific(self) -> bool:
        """Whether it names a reservation."""
        return self.consume_reservation_type == "SPECIFIC_RESERVATION"


class NodeGroupConfig(NodeGroup):
    """Node pools with the same settings, one for each capacity type: ondemand-NAME and spot-NAME."""

    products: ClassVar = {name: gpu.accelerator_type for name, gpu in GPUS.items()}
    machine_key: ClassVar = "machine_type"
    with_gpus: ClassVar = r"[ag][2-9]-"
    attachable: ClassVar = r"(?:n1|custom)-"

    machine_type: MachineType = Field(description="The nodes' machine type.")
    zones: Known[GcpZones] = Field(default_factory=empty_list, description="The nodes' zones. Default: the cluster's.")
    disk_size_gb: OrExpr[int | None] = Field(
        default=None, ge=20, description="Each node's disk size in GB. Default: nodes.disk_size_gb."
    )
    disk_type: OrExpr[Literal["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"] | None] = Field(
        default=None,
        description="The type of the boot disk. Default: pd-balanced; hyperdisk-balanced for machine types that do not "
        "support persistent disks.",
    )
    local_ssd_count: OrExpr[int | None] = Field(
        default=None,
        ge=0,
        description="The number of local SSDs for pods' ephemeral storage. For machine types with built-in SSDs, set "
        "their number. Default: 16 for a3-highgpu-8g and a3-megagpu-8g, else none.",
    )
    capacity_reservation: CapacityReservation | None = Field(
        default=None,
        description="The reservations that nodes use. Default: Google's default, any open reservation that matches.",
    )

    @property
    def is_reserved(self) -> bool:
        """Whether the nodes use reserved capacity."""
        reservation = self.capacity_reservation
        return reservation is not None and reservation.consume_reservation_type != "NO_RESERVATION"

    def refused(self) -> Iterator[Finding]:
        """Finds keys that conflict with each other."""
        yield from super().refused()
        count = re.search(r"-(\d+)g$", self.machine_type) if self.machines else None
        if self.gpu_count is not None and count and int(count[1]) != self.gpu_count:
            what, fix = f"is not the number of GPUs of {self.machine_type}", "use the machine type's number"
            yield Finding(what, fix, self.gpu_count, count[1], GPU, key=("gpu_count",))
        if (reservation := self.capacity_reservation) and reservation.is_specific and len(self.zones) != 1:
            fix = "set zones to the reservation's zone"
            yield Finding("requires a single zone", fix, self.zones, rule=ONE_ZONE, key=("capacity_reservation",))


class NodesConfig(Model):
    """The node pools of a new cluster."""

    default_machine_type: MachineType = Field(
        default="e2-standard-4", description="The machine type for system pods, including the operator."
    )
    cpu_machine_type: MachineType = Field(
        default="n2-standard-16", description="The machine type for workloads without GPUs."
    )
    cpu_limits: Limits = Field(default_factory=Limits, description=CPU_LIMITS)
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="The types of GPUs, with a pair of node pools for each: on-demand and spot."
    )
    gpu_zones: dict[GpuType, OrExpr[GcpZones]] = Field(
        default_factory=empty_map,
        description="The zones of a type's nodes, by type. Default: the cluster's, all of which must have that GPU.",
    )
    gpu_limits: dict[GpuType, Limits] = Field(default_factory=empty_map, description=GPU_LIMITS)
    max_size: OrExpr[int] = Field(
        default=10,
        ge=1,
        description="The most nodes in each pool, in all zones together. All pools except default begin at 0.",
    )
    disk_size_gb: OrExpr[int] = Field(default=500, ge=20, description="The disk size of each workload node in GB.")

    groups: dict[GroupName, NodeGroupConfig] = Field(
        default_factory=empty_map, description=GROUPS.format(machines="cpu_machine_type")
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = [
            *refused_zones(self.gpu_zones, self.gpu_types),
            *refused_limits(self.gpu_limits, self.gpu_types, "gpu_limits"),
            *refused_groups(self.own_groups, self.groups, self.max_size, _name),
        ]
        if found:
            raise refuse_all(found)
        return self

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return {name: GPUS[name].per_node for name in self.gpu_types}

    @property
    def own_groups(self) -> dict[str, NodeGroupConfig]:
        """The built-in node pools of cpu_machine_type and gpu_types, by name."""
        made = {"cpu": NodeGroupConfig.unchecked(machine_type=self.cpu_machine_type, **dict(self.cpu_limits))}
        for name in self.gpu_types:
            gpu, limits = GPUS[name], dict(self.gpu_limits.get(name, Limits()))
            made[f"gpu-{name.lower()}"] = NodeGroupConfig.unchecked(
                machine_type=gpu.machine_type,
                gpu_type=name,
                gpu_count=gpu.per_node,
                zones=self.gpu_zones.get(name, []),
                **limits,
            )
        return made

    @property
    def pools(self) -> dict[str, tuple[Market, NodeGroupConfig]]:
        """The workloads' node pools, by name: the capacity type of their nodes, and their settings."""
        groups = self.own_groups | self.groups
        return {
            _name(name, market): (market, group)
            for market in MARKETS
            for name, group in groups.items()
            if market in group.markets
        }


def _name(name: str, market: Market) -> str:
    return f"{market.replace('_', '').lower()}-{name}"


def node_pools(nodes: NodesConfig, zone_count: int = 3) -> list[dict[str, Any]]:
    """Returns the node pools, with upstream's keys; all values are known at plan time.

    Args:
        nodes: The configuration of the node pools.
        zone_count: The number of the cluster's zones. Default: 3.
    """
    pools: list[dict[str, Any]] = [
        {
            "name": "default",
            "machine_type": nodes.default_machine_type,
            "disk_type": _disk_type(nodes.default_machine_type),
            # This number is per zone and ignores max_size: a cluster begins with that many nodes.
            "initial_node_count": 1,
            "total_min_count": 1,
            "total_max_count": maximum(nodes.max_size, zone_count),
        }
    ]
    for name, (market, group) in nodes.pools.items():
        pool: dict[str, Any] = {"name": name, "machine_type": group.machine_type}
        if group.gpu_type is not None:
            pool["accelerator_type"] = group.product
            pool["accelerator_count"] = group.gpu_count
            pool["gpu_driver_version"] = "LATEST"
        pool |= {
            "disk_size_gb": nodes.disk_size_gb if group.disk_size_gb is None else group.disk_size_gb,
            "disk_type": _disk_type(group.machine_type) if group.disk_type is None else group.disk_type,
            "initial_node_count": 0,
            "total_min_count": group.min_size,
            "total_max_count": nodes.max_size if group.max_size is None else group.max_size,
            # Use any zone with capacity: GPUs and spot nodes are scarce, and balanced zones have no benefit here.
            "location_policy": "ANY",
            "spot": market == "SPOT",
        }
        if not is_one_of(local_ssds := _local_ssds(group), 0):
            # If built-in SSDs are not declared, every plan shows a change that replaces the pool.
            pool["local_ssd_ephemeral_storage_count"] = local_ssds
        if not is_one_of(group.zones, []):
            pool["node_locations"] = join(group.zones)
        if reservation := group.capacity_reservation:
            pool["consume_reservation_type"] = reservation.consume_reservation_type
            if reservation.name is not None:
                pool["reservation_affinity_key"] = "compute.googleapis.com/reservation-name"
                pool["reservation_affinity_values"] = reservation.name
        pools.append(pool)
    return pools


def node_pool_taints(nodes: NodesConfig) -> dict[str, list[GkeNodePoolsTaints]]:
    """Returns the taints of the pools, by pool name."""
    return {name: _taints(market, group) for name, (market, group) in nodes.pools.items()}


def node_pool_labels(nodes: NodesConfig) -> dict[str, dict[str, str]]:
    """Returns the labels of the pools that have any in addition to Google's, by pool name."""
    return {name: group.labels for name, (_, group) in nodes.pools.items() if group.labels}


def _disk_type(machine_type: str) -> str:
    known = not is_unresolved(machine_type)
    return "hyperdisk-balanced" if known and _HYPERDISK_ONLY.match(machine_type) else "pd-balanced"


def _local_ssds(group: NodeGroupConfig) -> int | Expr:
    if group.local_ssd_count is not None:
        return group.local_ssd_count
    return 0 if is_unresolved(group.machine_type) else _LOCAL_SSDS.get(group.machine_type, 0)


def _taints(market: Market, group: NodeGroupConfig) -> list[GkeNodePoolsTaints]:
    taints = node_taints(market, gpu=group.gpu_type is not None).items()
    more = ((taint.key, taint.value, EFFECTS[taint.effect]) for taint in group.taints)
    every = [*((key, value, "NO_SCHEDULE") for key, value in taints), *more]
    return [{"key": key, "value": value, "effect": effect} for key, value, effect in every]
