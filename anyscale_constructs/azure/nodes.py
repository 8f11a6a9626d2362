"""The node pools of an AKS cluster: one for system pods, and those for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator adds the tolerations to pods that request such a
node. Labels tell it which GPU a node has.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.azure.types import CapacityReservationGroupId, VmSize
from anyscale_constructs.config.model import Model, refuse_all
from anyscale_constructs.config.node_groups import (
    CPU_LIMITS,
    GPU_LIMITS,
    GROUPS,
    Limits,
    NodeGroup,
    refused_groups,
    refused_limits,
)
from anyscale_constructs.config.types import Checked, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.expressions import Expr

SPOT_TAINT = "kubernetes.azure.com/scalesetpriority"
"""The taint, and the label, that AKS sets on spot nodes."""
_LONGEST_NAME = 12


class Gpu(NamedTuple):
    """A type of GPU: the nodes' label for the operator, the VM sizes that have it, and the number per node."""

    product: str
    vm_size: str
    per_node: int


# By the GPU's name in Anyscale's compute configurations.
GPUS = {
    "T4": Gpu("NVIDIA-T4", "Standard_NC16as_T4_v3", 1),
    "A10": Gpu("NVIDIA-A10", "Standard_NV36ads_A10_v5", 1),
    "A100": Gpu("NVIDIA-A100", "Standard_NC24ads_A100_v4", 1),
    "H100": Gpu("NVIDIA-H100", "Standard_ND96isr_H100_v5", 8),
}
GpuType = Literal["T4", "A10", "A100", "H100"]

GroupName = Annotated[
    str,
    Checked(
        "a node group's name: 1 to 8 lower-case letters and digits, beginning with a letter, not ending with tmp",
        r"(?!.*tmp$)[a-z][a-z0-9]{0,7}",
        "reserved",
    ),
]
AvailabilityZone = Annotated[str, Checked("an availability zone's number, as a string", r"[1-3]", "1")]


class CapacityReservation(Model):
    """Reserved Azure capacity; the cluster's identity gets the role Contributor on the group."""

    group_id: Known[CapacityReservationGroupId] = Field(
        description="The capacity reservation group's resource ID. It must have a reservation for vm_size."
    )


class NodeGroupConfig(NodeGroup):
    """Node pools with the same settings, one for each capacity type: NAME and NAMEspot."""

    products: ClassVar = {name: gpu.product for name, gpu in GPUS.items()}
    machine_key: ClassVar = "vm_size"
    # NVas_v4 and MI300X have AMD's GPUs, which are not supported.
    with_gpus: ClassVar = r"Standard_(?!NV\d+as_v4)N[CDV](?!.*MI300X)"

    vm_size: VmSize = Field(description="The nodes' VM size.")
    zones: Known[list[AvailabilityZone]] = Field(
        default_factory=empty_list,
        description='The nodes\' availability zones, e.g. ["1"]. Default: no zone is requested.',
    )
    disk_size_gb: OrExpr[int | None] = Field(
        default=None,
        ge=30,
        le=2048,
        description="The size of each node's OS disk in GB. Default: nodes.os_disk_size_gb.",
    )
    disk_type: OrExpr[Literal["Managed", "Ephemeral"] | None] = Field(
        default=None, description="The type of the OS disk; Ephemeral is on the machine's local disk. Default: Managed."
    )
    capacity_reservation: CapacityReservation | None = Field(
        default=None, description="Reserved capacity for the nodes. Default: none."
    )

    @property
    def is_reserved(self) -> bool:
        """Whether the nodes use reserved capacity."""
        return self.capacity_reservation is not None


class _Market(NamedTuple):
    taint: Market
    suffix: str
    arguments: dict[str, Any]
    labels: dict[str, str]
    taints: list[str]


_MARKETS: dict[Market, _Market] = {
    "ON_DEMAND": _Market("ON_DEMAND", "", {}, {}, []),
    "SPOT": _Market(
        "SPOT",
        "spot",
        # Without a price limit, nodes are evicted only for lack of capacity; the price never exceeds on-demand.
        {"priority": "Spot", "eviction_policy": "Delete", "spot_max_price": -1},
        # AKS sets these itself. If they are not declared, every plan shows a change.
        {SPOT_TAINT: "spot"},
        [f"{SPOT_TAINT}=spot:NoSchedule"],
    ),
}


class NodesConfig(Model):
    """The node pools of a new cluster."""

    default_vm_size: VmSize = Field(
        default="Standard_D4s_v5", description="The VM size for system pods, including the operator."
    )
    cpu_vm_size: VmSize = Field(default="Standard_D16s_v5", description="The VM size for workloads without GPUs.")
    cpu_limits: Limits = Field(default_factory=Limits, description=CPU_LIMITS)
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="The types of GPUs, with a pair of node pools for each: on-demand and spot."
    )
    gpu_limits: dict[GpuType, Limits] = Field(default_factory=empty_map, description=GPU_LIMITS)
    max_count: OrExpr[int] = Field(
        default=10, ge=1, le=1000, description="The most nodes in each pool. All pools except default begin at 0."
    )
    os_disk_size_gb: OrExpr[int] = Field(
        default=500, ge=30, le=2048, description="The size of each workload node's OS disk in GB."
    )

    groups: dict[GroupName, NodeGroupConfig] = Field(
        default_factory=empty_map, description=GROUPS.format(machines="cpu_vm_size")
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = [
            *refused_limits(self.gpu_limits, self.gpu_types, "gpu_limits"),
            *refused_groups(self.own_groups, self.groups, self.max_count, _name, ["default"]),
        ]
        if found:
            raise refuse_all(found)
        return self

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return gpus_per_node(self.gpu_types)

    @property
    def own_groups(self) -> dict[str, NodeGroupConfig]:
        """The built-in node pools of cpu_vm_size and gpu_types, by name."""
        made = {"cpu": NodeGroupConfig.unchecked(vm_size=self.cpu_vm_size, **dict(self.cpu_limits))}
        for name in self.gpu_types:
            gpu, limits = GPUS[name], dict(self.gpu_limits.get(name, Limits()))
            made[name.lower()] = NodeGroupConfig.unchecked(
                vm_size=gpu.vm_size, gpu_type=name, gpu_count=gpu.per_node, **limits
            )
        return made

    @property
    def most(self) -> int | None:
        """The most nodes of all pools together; None if it is unresolved."""
        sizes = [self.max_count, *(pool["max_count"] for pool in node_pools(self).values())]
        known = [size for size in sizes if not isinstance(size, Expr)]
        return sum(known) if len(known) == len(sizes) else None


def gpus_per_node(gpu_types: Sequence[GpuType]) -> dict[str, int]:
    """The number of GPUs per node, by the GPU's name in Anyscale."""
    return {name: GPUS[name].per_node for name in gpu_types}


def default_node_pool(nodes: NodesConfig) -> dict[str, Any]:
    """Returns the arguments of the pool for system pods."""
    return {
        "name": "default",
        "vm_size": nodes.default_vm_size,
        "auto_scaling_enabled": True,
        "min_count": 1,
        "max_count": nodes.max_count,
        "temporary_name_for_rotation": "defaulttmp",
    }


def node_pools(nodes: NodesConfig) -> dict[str, dict[str, Any]]:
    """Returns the arguments of the workloads' pools, by pool name: at most 12 lower-case letters and digits."""
    pools = {}
    for own_name, group in {**nodes.own_groups, **nodes.groups}.items():
        for market in map(_MARKETS.__getitem__, group.markets):
            name = _name(own_name, market.taint)
            pools[name] = {
                "mode": "User",
                "auto_scaling_enabled": True,
                "min_count": group.min_size,
                "max_count": nodes.max_count if group.max_size is None else group.max_size,
                "os_disk_size_gb": nodes.os_disk_size_gb if group.disk_size_gb is None else group.disk_size_gb,
                "os_disk_type": group.disk_type,
                **market.arguments,
                "name": name,
                "vm_size": group.vm_size,
                "zones": group.zones or None,
                "capacity_reservation_group_id": group.capacity_reservation and group.capacity_reservation.group_id,
                "node_labels": (_labels(group) | market.labels) or None,
                "node_taints": [*_taints(market.taint, group), *market.taints],
                # A change of the VM size moves the nodes to this pool in the meantime, and is refused without it.
                "temporary_name_for_rotation": _temporary_name(name),
            }
    return dict(sorted(pools.items()))


def _name(name: str, market: Market) -> str:
    return name + _MARKETS[market].suffix


def _temporary_name(name: str) -> str:
    if len(name) + len("tmp") <= _LONGEST_NAME:
        return f"{name}tmp"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"tmp{digest[: _LONGEST_NAME - len('tmp')]}"


def _labels(group: NodeGroupConfig) -> dict[str, str]:
    if group.gpu_type is None:
        return group.labels
    return group.labels | {"nvidia.com/gpu.product": str(group.product), "nvidia.com/gpu.count": str(group.gpu_count)}


def _taints(market: Market, group: NodeGroupConfig) -> list[str]:
    taints = node_taints(market, gpu=group.gpu_type is not None).items()
    more = (f"{taint.key}={taint.value}:{taint.effect}" for taint in group.taints)
    return [*(f"{key}={value}:NoSchedule" for key, value in taints), *more]
