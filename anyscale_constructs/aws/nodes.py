"""The node groups of an EKS cluster: one for the cluster's own pods, and pairs for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator tolerates them for the pods that asked for such
a node. Labels tell it which GPU a node has.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known, OrExpr
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved, minimum
from anyscale_constructs.findings import Finding
from anyscale_constructs.modules.aws.eks import (
    EksEksManagedNodeGroups,
    EksEksManagedNodeGroupsBlockDeviceMappings,
    EksEksManagedNodeGroupsBlockDeviceMappingsEbs,
    EksEksManagedNodeGroupsTaints,
)
from anyscale_constructs.terraform.guards import Inputs, guard

_CPU_IMAGE = "AL2023_x86_64_STANDARD"
_GPU_IMAGE = "AL2023_x86_64_NVIDIA"
_DEFAULT_DISK_GB = 50
_NODES_BY_DEFAULT = 450
_LONGEST_NAME = 63 - len("-") - 26
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
    nodes: NodesConfig,
    policies: dict[str, str],
    permissions_boundary_arn: str | None = None,
    kms_key_arn: str | None = None,
) -> dict[str, EksEksManagedNodeGroups]:
    """The node groups, by name.

    Args:
        nodes: What they are made of.
        policies: IAM policies of the nodes' roles, by a name of your own.
        permissions_boundary_arn: Of the nodes' roles.
        kms_key_arn: The KMS key that encrypts the nodes' volumes. Default: the account's default for EBS.
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
            "block_device_mappings": _disk(_DEFAULT_DISK_GB, kms_key_arn),
            **role,
        }
    }
    workload: EksEksManagedNodeGroups = {
        "min_size": 0,
        "max_size": nodes.max_size,
        "desired_size": 0,
        "block_device_mappings": _disk(nodes.disk_size_gb, kms_key_arn),
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


def _disk(size_gb: int | Expr, kms_key_arn: str | None) -> dict[str, EksEksManagedNodeGroupsBlockDeviceMappings]:
    disk: EksEksManagedNodeGroupsBlockDeviceMappingsEbs = {
        "volume_size": size_gb,
        "volume_type": "gp3",
        "encrypted": True,
        "delete_on_termination": True,
    }
    if kms_key_arn is not None:
        disk["kms_key_id"] = kms_key_arn
    return {"root": {"device_name": "/dev/xvda", "ebs": disk}}


def _taints(market: Market, *, gpu: bool) -> dict[str, EksEksManagedNodeGroupsTaints]:
    return {
        key.rpartition("/")[2].replace("-", "_"): {"key": key, "value": value, "effect": "NO_SCHEDULE"}
        for key, value in node_taints(market, gpu=gpu).items()
    }


@guard("node-group-name", "eks_managed_node_groups")
def names_of_node_groups_leave_room(i: Inputs) -> Finding | None:
    """Upstream and Terraform append 27 characters to the name, and EKS accepts 63, so planning fails."""
    for key, group in groups_of(i):
        name = group.get("name") or key
        if not is_unresolved(name) and group.get("use_name_prefix") is not False and len(name) > _LONGEST_NAME:
            return Finding(
                f"eks_managed_node_groups: the name of {key} is too long",
                "shorten it, or name_prefix",
                name,
                f"at most {_LONGEST_NAME} characters",
            )
    return None


@guard("node-group-size", "eks_managed_node_groups")
def node_groups_have_room_for_their_nodes(i: Inputs) -> Finding | None:
    """AWS refuses sizes that contradict each other, after the cluster has been created."""
    for name, group in groups_of(i):
        sizes = [group.get(key) for key in ("min_size", "desired_size", "max_size")]
        known = [size for size in sizes if size is not None and not is_unresolved(size)]
        if known != sorted(known):
            return Finding(
                f"eks_managed_node_groups: {name} has sizes that contradict each other",
                "set sizes with min_size <= desired_size <= max_size",
                dict(zip(("min_size", "desired_size", "max_size"), sizes, strict=True)),
            )
    return None


@guard(
    "node-group-quota",
    "eks_managed_node_groups",
    severity="warning",
    source="https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
)
def node_groups_are_within_the_quota(i: Inputs) -> Finding | None:
    """AWS refuses larger node groups when Terraform applies, unless the account has a higher quota."""
    for name, group in groups_of(i):
        most = group.get("max_size")
        if most is not None and not is_unresolved(most) and most > _NODES_BY_DEFAULT:
            return Finding(
                f"eks_managed_node_groups: {name} may have more nodes than EKS's default quota",
                "set a lower max_size, or have the quota of nodes per managed node group raised first",
                most,
                f"at most {_NODES_BY_DEFAULT}",
            )
    return None


@guard("node-disk-size", "eks_managed_node_groups")
def disk_sizes_reach_the_disk(i: Inputs) -> Finding | None:
    """Upstream ignores disk_size unless it is told to create no launch template."""
    for name, group in groups_of(i):
        if group.get("disk_size") is not None and group.get("use_custom_launch_template") is not False:
            return Finding(
                f"eks_managed_node_groups: disk_size of {name} is ignored beside a launch template",
                "use block_device_mappings instead, or set use_custom_launch_template to false",
                group["disk_size"],
            )
    return None


@guard("node-disk-device", "eks_managed_node_groups")
def disks_are_those_that_hold_images(i: Inputs) -> Finding | None:
    """Container images are on /dev/xvdb with Bottlerocket, and on /dev/xvda with other operating systems."""
    for name, group in groups_of(i):
        image, disks = group.get("ami_type"), group.get("block_device_mappings")
        if is_unresolved(image) or not isinstance(disks, Mapping):
            continue
        device = "/dev/xvdb" if str(image).startswith("BOTTLEROCKET") else "/dev/xvda"
        devices = [disk.get("device_name") for disk in disks.values() if isinstance(disk, Mapping)]
        if len(devices) == len(disks) and not any(is_one_of(each, device) or is_unresolved(each) for each in devices):
            return Finding(
                f"eks_managed_node_groups: block_device_mappings of {name} lacks the disk that holds images",
                f"add a mapping with device_name {device}",
                devices,
                device,
            )
    return None


@guard("imds-hop-limit", "eks_managed_node_groups", severity="warning")
def pods_have_no_nodes_role(i: Inputs) -> Finding | None:
    """With a hop limit above 1, every pod can get the credentials of the node's role from the instance metadata."""
    for name, group in groups_of(i):
        options = group.get("metadata_options")
        hops = options.get("http_put_response_hop_limit") if isinstance(options, Mapping) else None
        if hops is not None and not is_unresolved(hops) and hops > 1:
            return Finding(
                f"eks_managed_node_groups: http_put_response_hop_limit of {name} gives every pod the node's role",
                "set it to 1, or remove it; pods get roles of their own by EKS Pod Identity",
                hops,
                "1",
            )
    return None


def groups_of(i: Inputs) -> list[tuple[str, Mapping[str, Any]]]:
    """The managed node groups that are known now, by name."""
    groups = i["eks_managed_node_groups"]
    if not isinstance(groups, Mapping):
        return []
    return [(name, group) for name, group in groups.items() if isinstance(group, Mapping)]
