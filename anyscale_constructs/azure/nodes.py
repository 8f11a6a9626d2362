"""The node pools of an AKS cluster: one for the cluster's own pods, and pairs for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator tolerates them for the pods that asked for such
a node. Labels tell it which GPU a node has.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.azure.types import VmSize
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Known, OrExpr
from anyscale_constructs.expressions import Expr

SPOT_TAINT = "kubernetes.azure.com/scalesetpriority"
"""The taint, and the label, that AKS has on spot nodes."""


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


class _Market(NamedTuple):
    taint: Market
    suffix: str
    arguments: dict[str, Any]
    labels: dict[str, str]
    taints: list[str]


_MARKETS = (
    _Market("ON_DEMAND", "", {}, {}, []),
    _Market(
        "SPOT",
        "spot",
        # At most the price on demand: what takes a node away is a lack of capacity, never its price.
        {"priority": "Spot", "eviction_policy": "Delete", "spot_max_price": -1},
        # AKS has them there anyway; unsaid, they would be a change in every plan.
        {SPOT_TAINT: "spot"},
        [f"{SPOT_TAINT}=spot:NoSchedule"],
    ),
)


class NodesConfig(Model):
    """The node pools of a new cluster."""

    default_vm_size: VmSize = Field(
        default="Standard_D4s_v5", description="For the cluster's own pods, the operator among them."
    )
    cpu_vm_size: VmSize = Field(default="Standard_D16s_v5", description="For workloads without GPUs.")
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="A pair of node pools for each: on-demand and spot."
    )
    max_count: OrExpr[int] = Field(
        default=10, ge=1, le=1000, description="Nodes in each pool at most. All but the default begin at 0."
    )
    os_disk_size_gb: OrExpr[int] = Field(default=500, ge=30, le=2048, description="Of each workload node.")

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return gpus_per_node(self.gpu_types)

    @property
    def most(self) -> int | None:
        """How many nodes all pools may have together; None if only Terraform knows."""
        return None if isinstance(self.max_count, Expr) else self.max_count * (1 + len(node_pools(self)))


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
    workload: dict[str, Any] = {
        "mode": "User",
        "auto_scaling_enabled": True,
        "min_count": 0,
        "max_count": nodes.max_count,
        "os_disk_size_gb": nodes.os_disk_size_gb,
    }
    kinds: dict[str, tuple[str, dict[str, str]]] = {"cpu": (nodes.cpu_vm_size, {})}
    for gpu_type in nodes.gpu_types:
        gpu = GPUS[gpu_type]
        labels = {"nvidia.com/gpu.product": gpu.product, "nvidia.com/gpu.count": str(gpu.per_node)}
        kinds[gpu_type.lower()] = (gpu.vm_size, labels)
    pools = {}
    for kind, (vm_size, labels) in kinds.items():
        for market in _MARKETS:
            name = kind + market.suffix
            taints = node_taints(market.taint, gpu=bool(labels))
            pools[name] = {
                **workload,
                **market.arguments,
                "name": name,
                "vm_size": vm_size,
                "node_labels": (labels | market.labels) or None,
                "node_taints": [*(f"{key}={value}:NoSchedule" for key, value in taints.items()), *market.taints],
                # Where a change of the machines puts the nodes meanwhile; without it the change is refused.
                "temporary_name_for_rotation": f"{name}tmp",
            }
    return dict(sorted(pools.items()))
