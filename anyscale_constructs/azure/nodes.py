"""The node pools of an AKS cluster: one for the cluster's own pods, and those for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator tolerates them for the pods that asked for such
a node. Labels tell it which GPU a node has.
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
from anyscale_constructs.config.types import Checked, Known, OrExpr
from anyscale_constructs.expressions import Expr

SPOT_TAINT = "kubernetes.azure.com/scalesetpriority"
"""The taint, and the label, that AKS has on spot nodes."""
_LONGEST_NAME = 12


class Gpu(NamedTuple):
    """A type of GPU: what the operator selects its nodes by, the machines that have it, and how many each has."""

    product: str
    vm_size: str
    per_node: int


# By the name that Anyscale's compute configurations have for it.
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
        "a node group's name: 1 to 8 lower-case letters and digits, a letter first, without tmp at its end",
        r"(?!.*tmp$)[a-z][a-z0-9]{0,7}",
        "reserved",
    ),
]
AvailabilityZone = Annotated[str, Checked("an availability zone's number, as a string", r"[1-3]", "1")]


class CapacityReservation(Model):
    """Reserved capacity of Azure; the cluster's identity gets the role Contributor for the group."""

    group_id: Known[CapacityReservationGroupId] = Field(
        description="The capacity reservation group's resource id. It must have a reservation for vm_size."
    )


class NodeGroupConfig(NodeGroup):
    """Node pools of one kind, one for each of its capacity types: NAME and NAMEspot."""

    products: ClassVar = {name: gpu.product for name, gpu in GPUS.items()}
    machine_key: ClassVar = "vm_size"
    # AMD's are none of those: NVas_v4 and MI300X.
    with_gpus: ClassVar = r"Standard_(?!NV\d+as_v4)N[CDV](?!.*MI300X)"

    vm_size: VmSize = Field(description="The nodes' VM size.")
    zones: Known[list[AvailabilityZone]] = Field(
        default_factory=list, description='The nodes\' availability zones, e.g. ["1"]. Default: none is asked for.'
    )
    disk_size_gb: OrExpr[int | None] = Field(
        default=None, ge=30, le=2048, description="The OS disk of each node. Default: nodes.os_disk_size_gb."
    )
    disk_type: OrExpr[Literal["Managed", "Ephemeral"] | None] = Field(
        default=None, description="The type of the OS disk; Ephemeral is on the machine itself. Default: Managed."
    )
    capacity_reservation: CapacityReservation | None = Field(
        default=None, description="Reserved capacity, in which the nodes are. Default: none."
    )

    @property
    def is_reserved(self) -> bool:
        """Whether the nodes are in reserved capacity."""
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
        # At most the price on demand: what takes a node away is a lack of capacity, never its price.
        {"priority": "Spot", "eviction_policy": "Delete", "spot_max_price": -1},
        # AKS has them there anyway; unsaid, they would be a change in every plan.
        {SPOT_TAINT: "spot"},
        [f"{SPOT_TAINT}=spot:NoSchedule"],
    ),
}


class NodesConfig(Model):
    """The node pools of a new cluster."""

    default_vm_size: VmSize = Field(
        default="Standard_D4s_v5", description="For the cluster's own pods, the operator among them."
    )
    cpu_vm_size: VmSize = Field(default="Standard_D16s_v5", description="For workloads without GPUs.")
    cpu_limits: Limits = Field(default_factory=Limits, description=CPU_LIMITS)
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="A pair of node pools for each: on-demand and spot."
    )
    gpu_limits: dict[GpuType, Limits] = Field(default_factory=dict, description=GPU_LIMITS)
    max_count: OrExpr[int] = Field(
        default=10, ge=1, le=1000, description="Nodes in each pool at most. All but the default begin at 0."
    )
    os_disk_size_gb: OrExpr[int] = Field(default=500, ge=30, le=2048, description="Of each workload node.")

    groups: dict[GroupName, NodeGroupConfig] = Field(
        default_factory=dict, description=GROUPS.format(machines="cpu_vm_size")
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
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return gpus_per_node(self.gpu_types)

    @property
    def own_groups(self) -> dict[str, NodeGroupConfig]:
        """The node pools that cpu_vm_size and gpu_types stand for, by name."""
        made = {"cpu": NodeGroupConfig.unchecked(vm_size=self.cpu_vm_size, **dict(self.cpu_limits))}
        for name in self.gpu_types:
            gpu, limits = GPUS[name], dict(self.gpu_limits.get(name, Limits()))
            made[name.lower()] = NodeGroupConfig.unchecked(
                vm_size=gpu.vm_size, gpu_type=name, gpu_count=gpu.per_node, **limits
            )
        return made

    @property
    def most(self) -> int | None:
        """How many nodes all pools may have together; None if only Terraform knows."""
        sizes = [self.max_count, *(pool["max_count"] for pool in node_pools(self).values())]
        known = [size for size in sizes if not isinstance(size, Expr)]
        return sum(known) if len(known) == len(sizes) else None


def gpus_per_node(gpu_types: Sequence[GpuType]) -> dict[str, int]:
    """How many GPUs a node has, by the GPU's name in Anyscale."""
    return {name: GPUS[name].per_node for name in gpu_types}


def default_node_pool(nodes: NodesConfig) -> dict[str, Any]:
    """The arguments of the pool for the cluster's own pods."""
    return {
        "name": "default",
        "vm_size": nodes.default_vm_size,
        "auto_scaling_enabled": True,
        "min_count": 1,
        "max_count": nodes.max_count,
        "temporary_name_for_rotation": "defaulttmp",
    }


def node_pools(nodes: NodesConfig) -> dict[str, dict[str, Any]]:
    """The arguments of the workloads' pools, by the pool's name: at most 12 lower-case letters and digits."""
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
                # Where a change of the machines puts the nodes meanwhile; without it the change is refused.
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
