"""The node pools of a GKE cluster: one for the cluster's own pods, and pairs for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator tolerates them for the pods that asked for such
a node. GKE labels nodes with their GPU, and installs drivers and device plugin by itself.
"""

from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.config.model import INVALID_VALUE, Model, refuse
from anyscale_constructs.config.types import Known, OrExpr
from anyscale_constructs.expressions import is_one_of, join, maximum
from anyscale_constructs.google.types import GcpZones, MachineType
from anyscale_constructs.modules.google.gke import GkeNodePoolsTaints

_MARKETS: dict[str, Market] = {"ondemand": "ON_DEMAND", "spot": "SPOT"}


class Gpu(NamedTuple):
    """A type of GPU: what Google calls it, the machines that have it, how many each has, and their local disks."""

    accelerator_type: str
    machine_type: str
    per_node: int
    local_ssds: int = 0


# By the name that Anyscale's compute configurations have for it; the operator selects nodes by Google's.
GPUS = {
    "T4": Gpu("nvidia-tesla-t4", "n1-standard-16", 1),
    "L4": Gpu("nvidia-l4", "g2-standard-16", 1),
    "A100-40G": Gpu("nvidia-tesla-a100", "a2-highgpu-1g", 1),
    "A100-80G": Gpu("nvidia-a100-80gb", "a2-ultragpu-1g", 1),
    "H100": Gpu("nvidia-h100-80gb", "a3-highgpu-8g", 8, 16),
    "H100-MEGA": Gpu("nvidia-h100-mega-80gb", "a3-megagpu-8g", 8, 16),
}
GpuType = Literal["T4", "L4", "A100-40G", "A100-80G", "H100", "H100-MEGA"]


class NodesConfig(Model):
    """The node pools of a new cluster."""

    default_machine_type: MachineType = Field(
        default="e2-standard-4", description="For the cluster's own pods, the operator among them."
    )
    cpu_machine_type: MachineType = Field(default="n2-standard-16", description="For workloads without GPUs.")
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="A pair of node pools for each: on-demand and spot."
    )
    gpu_zones: dict[GpuType, OrExpr[GcpZones]] = Field(
        default_factory=dict,
        description="The zones of a type's nodes, by type. Default: the cluster's, all of which must have that GPU.",
    )
    max_size: OrExpr[int] = Field(
        default=10,
        ge=1,
        description="Nodes in each pool at most, in all zones. All but the default begin at 0.",
    )
    disk_size_gb: OrExpr[int] = Field(default=500, ge=20, description="Of each workload node.")

    @model_validator(mode="after")
    def _zones_are_of_types_that_are_there(self) -> Self:
        for name, zones in self.gpu_zones.items():
            if name not in self.gpu_types:
                raise refuse(
                    "is not one of gpu_types",
                    "add it to gpu_types, or remove it here",
                    key=f"gpu_zones.{name}",
                    value=name,
                    allowed=" or ".join(self.gpu_types) or "none",
                )
            if is_one_of(zones, []):
                raise refuse("has no zones", "add one, or remove it", key=f"gpu_zones.{name}", rule=INVALID_VALUE)
        return self

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return {name: GPUS[name].per_node for name in self.gpu_types}


def node_pools(nodes: NodesConfig, zone_count: int = 3) -> list[dict[str, Any]]:
    """The node pools, by upstream's keys, all of which Terraform knows when it plans.

    Args:
        nodes: What they are made of.
        zone_count: The number of the cluster's zones.
    """
    pools: list[dict[str, Any]] = [
        {
            "name": "default",
            "machine_type": nodes.default_machine_type,
            "disk_type": "pd-balanced",
            # In each zone, whatever max_size says: a cluster begins with that many.
            "initial_node_count": 1,
            "total_min_count": 1,
            "total_max_count": maximum(nodes.max_size, zone_count),
        }
    ]
    for market in _MARKETS:
        workload: dict[str, Any] = {
            "disk_size_gb": nodes.disk_size_gb,
            "disk_type": "pd-balanced",
            "initial_node_count": 0,
            "total_min_count": 0,
            "total_max_count": nodes.max_size,
            # Whichever zone has room: capacity is scarce, balance is worth nothing here.
            "location_policy": "ANY",
            "spot": market == "spot",
        }
        pools.append({"name": f"{market}-cpu", "machine_type": nodes.cpu_machine_type, **workload})
        for name in nodes.gpu_types:
            gpu = GPUS[name]
            pool = {
                "name": f"{market}-gpu-{name.lower()}",
                "machine_type": gpu.machine_type,
                "accelerator_type": gpu.accelerator_type,
                "accelerator_count": gpu.per_node,
                "gpu_driver_version": "LATEST",
                **workload,
            }
            if gpu.local_ssds:
                # They come with the machine; unsaid, they would be a change in every plan, which replaces the pool.
                pool["local_ssd_ephemeral_storage_count"] = gpu.local_ssds
            if name in nodes.gpu_zones:
                pool["node_locations"] = join(nodes.gpu_zones[name])
            pools.append(pool)
    return pools


def node_pool_taints(nodes: NodesConfig) -> dict[str, list[GkeNodePoolsTaints]]:
    """The taints of the pools, by their names."""
    taints: dict[str, list[GkeNodePoolsTaints]] = {}
    for prefix, market in _MARKETS.items():
        taints[f"{prefix}-cpu"] = _taints(market, gpu=False)
        taints |= {f"{prefix}-gpu-{name.lower()}": _taints(market, gpu=True) for name in nodes.gpu_types}
    return taints


def _taints(market: Market, *, gpu: bool) -> list[GkeNodePoolsTaints]:
    taints = node_taints(market, gpu=gpu).items()
    return [{"key": key, "value": value, "effect": "NO_SCHEDULE"} for key, value in taints]
