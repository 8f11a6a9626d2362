"""The node groups of an EKS cluster: one for the cluster's own pods, and pairs for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator tolerates them for the pods that asked for such
a node. Labels tell it which GPU a node has.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known, OrExpr
from anyscale_constructs.expressions import Expr, minimum
from anyscale_constructs.modules.aws.eks import (
    EksEksManagedNodeGroups,
    EksEksManagedNodeGroupsBlockDeviceMappings,
    EksEksManagedNodeGroupsBlockDeviceMappingsEbs,
    EksEksManagedNodeGroupsTaints,
)

_CPU_IMAGE = "AL2023_x86_64_STANDARD"
_GPU_IMAGE = "AL2023_x86_64_NVIDIA"
_DEFAULT_DISK_GB = 50
_MARKETS: Sequence[Market] = ("ON_DEMAND", "SPOT")


class Gpu(NamedTuple):
    """A type of GPU: what NVIDIA calls it, the instances that have it, and how many each has."""

    product: str
    instance_types: Sequence[str]
    per_node: int


# By the name that Anyscale's compute configurations have for it. The product is what the operator selects nodes by.
GPUS = {
    "T4": Gpu("Tesla-T4", ("g4dn.4xlarge",), 1),
    "L4": Gpu("NVIDIA-L4", ("g6.4xlarge",), 1),
    "A10G": Gpu("NVIDIA-A10G", ("g5.4xlarge",), 1),
    "L40S": Gpu("NVIDIA-L40S", ("g6e.4xlarge",), 1),
    "A100-40G": Gpu("NVIDIA-A100-SXM4-40GB", ("p4d.24xlarge",), 8),
    "A100-80G": Gpu("NVIDIA-A100-SXM4-80GB", ("p4de.24xlarge",), 8),
    "H100": Gpu("NVIDIA-H100-80GB-HBM3", ("p5.48xlarge",), 8),
}
GpuType = Literal["T4", "L4", "A10G", "L40S", "A100-40G", "A100-80G", "H100"]


InstanceType = Annotated[
    str,
    Checked(
        "an EC2 instance type of a size that AWS has, with x86 processors, as the nodes' image is for",
        # Graviton's families have a g behind their generation.
        r"(?!a1\.|[a-z]+\d+[a-z]*g[a-z]*\.)[a-z][a-z0-9-]*\."
        r"(?:nano|micro|small|medium|large|(?:[2-9]|[1-9]\d+)?xlarge|metal(?:-[1-9]\d*xl)?)",
        "m5.4xlarge",
    ),
]


class NodesConfig(Model):
    """The node groups of a new cluster."""

    default_instance_types: OrExpr[list[InstanceType]] = Field(
        default=["t3.medium"], min_length=1, description="For the cluster's own pods, the operator among them."
    )
    cpu_instance_types: OrExpr[list[InstanceType]] = Field(
        default=["m5.8xlarge", "m5.4xlarge"], min_length=1, description="For workloads without GPUs."
    )
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="A pair of node groups for each: on-demand and spot."
    )
    max_size: OrExpr[int] = Field(
        default=10, ge=1, description="Nodes in each group at most. All but the default begin at 0."
    )
    disk_size_gb: OrExpr[int] = Field(default=500, ge=20, le=65536, description="Of each workload node.")

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return {name: GPUS[name].per_node for name in self.gpu_types}


def node_groups(
    nodes: NodesConfig, policies: dict[str, str], permissions_boundary_arn: str | None = None
) -> dict[str, EksEksManagedNodeGroups]:
    """The node groups, by name.

    Args:
        nodes: What they are made of.
        policies: IAM policies of the nodes' roles, by a name of your own.
        permissions_boundary_arn: Of the nodes' roles.
    """
    role: EksEksManagedNodeGroups = {"iam_role_additional_policies": policies}
    if permissions_boundary_arn is not None:
        role["iam_role_permissions_boundary"] = permissions_boundary_arn
    groups: dict[str, EksEksManagedNodeGroups] = {
        "default": {
            "ami_type": _CPU_IMAGE,
            "instance_types": nodes.default_instance_types,
            "min_size": 1,
            "max_size": nodes.max_size,
            "desired_size": minimum(2, nodes.max_size),
            "block_device_mappings": _disk(_DEFAULT_DISK_GB),
            **role,
        }
    }
    workload: EksEksManagedNodeGroups = {
        "min_size": 0,
        "max_size": nodes.max_size,
        "desired_size": 0,
        "block_device_mappings": _disk(nodes.disk_size_gb),
        **role,
    }
    for market in _MARKETS:
        prefix = market.replace("_", "").lower()
        groups[f"{prefix}_cpu"] = {
            **workload,
            "ami_type": _CPU_IMAGE,
            "instance_types": nodes.cpu_instance_types,
            "capacity_type": market,
            "taints": _taints(market, gpu=False),
        }
        for name in nodes.gpu_types:
            gpu = GPUS[name]
            groups[f"{prefix}_gpu_{name.lower()}"] = {
                **workload,
                "ami_type": _GPU_IMAGE,
                "instance_types": list(gpu.instance_types),
                "capacity_type": market,
                "labels": {
                    "nvidia.com/gpu.product": gpu.product,
                    "nvidia.com/gpu.count": str(gpu.per_node),
                    # By this the autoscaler knows that a new node's GPUs are still to come, and buys no more meanwhile.
                    "k8s.amazonaws.com/accelerator": f"nvidia-{name.lower()}",
                },
                "taints": _taints(market, gpu=True),
            }
    return dict(sorted(groups.items()))


def _disk(size_gb: int | Expr) -> dict[str, EksEksManagedNodeGroupsBlockDeviceMappings]:
    disk: EksEksManagedNodeGroupsBlockDeviceMappingsEbs = {
        "volume_size": size_gb,
        "volume_type": "gp3",
        "encrypted": True,
        "delete_on_termination": True,
    }
    return {"root": {"device_name": "/dev/xvda", "ebs": disk}}


def _taints(market: Market, *, gpu: bool) -> dict[str, EksEksManagedNodeGroupsTaints]:
    return {
        key.rpartition("/")[2].replace("-", "_"): {"key": key, "value": value, "effect": "NO_SCHEDULE"}
        for key, value in node_taints(market, gpu=gpu).items()
    }
