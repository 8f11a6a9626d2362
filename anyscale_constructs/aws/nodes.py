"""The node groups of an EKS cluster: one for system pods, and those for Anyscale's workloads.

Taints keep other pods off the workloads' nodes; Anyscale's operator adds the tolerations to pods that request such a
node. Labels tell it which GPU a node has.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import Market, node_taints
from anyscale_constructs.aws.types import Zone
from anyscale_constructs.config.model import CONFLICTING, Model, refuse, refuse_all
from anyscale_constructs.config.node_groups import (
    CPU_LIMITS,
    EFFECTS,
    GPU_LIMITS,
    GROUPS,
    ONE_ZONE,
    Limits,
    NodeGroup,
    refused_groups,
    refused_limits,
    refused_zones,
)
from anyscale_constructs.config.types import Checked, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.expressions import Expr, expr, is_unresolved, minimum
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.eks import (
    EksEksManagedNodeGroups,
    EksEksManagedNodeGroupsBlockDeviceMappings,
    EksEksManagedNodeGroupsBlockDeviceMappingsEbs,
    EksEksManagedNodeGroupsTaints,
)

_CPU_IMAGE = "AL2023_x86_64_STANDARD"
_GPU_IMAGE = "AL2023_x86_64_NVIDIA"
_DEFAULT_DISK_GB = 50
# For a group whose name is too long for its role's name with what upstream and Terraform append.
_LONGEST_ROLE_STEM = 38 - len("-eks-node-group-")
_AMONG_NODES = "EFA among the group's nodes"
_EFA_USER_GUIDE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html#efa-instance-types"
# Smaller sizes have no EFA. Older generations have it in families with an n; later ones in the largest sizes.
_NO_EFA = re.compile(
    r"(?!p5\.4xlarge)[a-z0-9-]+\.(?:nano|micro|small|medium|large|[2-7]?xlarge)"
    r"|(?:[cmr][3-5](?:ad?|b|d)?|p[23]|g3s?|g4ad|i3|d[23](?:en)?|h1|x1e?|z1d)\..*"
    r"|[cmr][67][a-z-]*\.(?:8|9|12|16|18|24)xlarge"
)

EFA = Rule(
    "efa-instance-type",
    "error",
    "AWS rejects EFA interfaces on an instance type without EFA, and the type determines the number of interfaces.",
    _EFA_USER_GUIDE,
)


class Gpu(NamedTuple):
    """A type of GPU: NVIDIA's name for it, the instance types that have it, and the number per instance."""

    product: str
    instance_types: Sequence[str]
    per_node: int


# By the GPU's name in Anyscale's compute configurations. The operator selects nodes by the product.
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
        "an existing EC2 instance type with x86 processors, which the nodes' image requires",
        # Graviton families have a g after the generation.
        r"(?!a1\.|[a-z]+\d+[a-z]*g[a-z]*\.)[a-z][a-z0-9-]*\."
        r"(?:nano|micro|small|medium|large|(?:[2-9]|[1-9]\d+)?xlarge|metal(?:-[1-9]\d*xl)?)",
        "m5.4xlarge",
    ),
]
GroupName = Annotated[
    str,
    Checked(
        "a node group's name: 1 to 27 letters, digits, hyphens and underscores, beginning with a letter or digit",
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,26}",
        "h100-reserved",
    ),
]
CapacityReservationId = Annotated[
    str, Checked("a capacity reservation's ID", r"cr-[0-9a-f]{8,17}", "cr-0123456789abcdef0")
]
ResourceGroupArn = Annotated[
    str,
    Checked(
        "the ARN of a resource group of capacity reservations",
        r"arn:aws:resource-groups:[a-z0-9-]+:\d{12}:group/[\w.-]{1,300}(?:/[a-z0-9]+)?",
        "arn:aws:resource-groups:us-east-2:111122223333:group/anyscale",
    ),
]


class CapacityReservation(Model):
    """Reserved EC2 capacity: an On-Demand Capacity Reservation, or a Capacity Block for ML."""

    id: CapacityReservationId | None = Field(
        default=None, description="The reservation's ID. Default: none; resource_group_arn is required."
    )
    resource_group_arn: ResourceGroupArn | None = Field(
        default=None,
        description="A resource group of reservations; nodes use any of them. Default: none; id is required.",
    )
    capacity_block: Known[bool] = Field(
        default=False,
        description="Whether it is a Capacity Block for ML. The nodes then have the capacity type CAPACITY_BLOCK, and "
        "the group has its own instance types, which select it. Default: false, an On-Demand Capacity Reservation.",
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.id is None) == (self.resource_group_arn is None):
            raise refuse("must have either id or resource_group_arn", "set one of them")
        return self


class NodeGroupConfig(NodeGroup):
    """Node groups with the same settings, one for each capacity type: ondemand_NAME and spot_NAME."""

    products: ClassVar = {"V100": "Tesla-V100-SXM2-16GB"} | {name: gpu.product for name, gpu in GPUS.items()}
    machine_key: ClassVar = "instance_types"
    with_gpus: ClassVar = r"(?!g4ad)(?:gr?|p)\d[a-z0-9-]*\."

    instance_types: OrExpr[list[InstanceType]] = Field(
        min_length=1,
        description="The instance types. A node has any of them, so all should have equal CPUs, memory and GPUs.",
    )
    zones: Known[list[Zone]] = Field(
        default_factory=empty_list,
        description="The nodes' zones, from vpc.availability_zones, which must be set, or from the existing subnets' "
        "zones. Default: all zones of the cluster.",
    )
    disk_size_gb: OrExpr[int | None] = Field(
        default=None, ge=20, le=65536, description="Each node's disk size in GB. Default: nodes.disk_size_gb."
    )
    disk_type: OrExpr[Literal["gp2", "gp3"]] = Field(default="gp3", description="The type of the EBS volume.")
    capacity_reservation: CapacityReservation | None = Field(
        default=None,
        description="Reserved capacity for all nodes of the group. Default: none; EC2 runs on-demand nodes in open "
        "reservations that match.",
    )
    efa: Known[bool] = Field(
        default=False,
        description="Whether nodes have an Elastic Fabric Adapter on each network card, a security group that lets the "
        "group's nodes reach each other, and, without a reservation, a cluster placement group. Pods need the EFA "
        "device plugin, which you must install. Default: false.",
    )

    @property
    def is_reserved(self) -> bool:
        """Whether the nodes use reserved capacity."""
        return self.capacity_reservation is not None

    @property
    def node_selector(self) -> dict[str, str]:
        """The labels by which the group's own instance types select its nodes."""
        block = self.capacity_reservation and self.capacity_reservation.capacity_block
        # This replaces the operator's selector for on-demand pods.
        return super().node_selector | ({"eks.amazonaws.com/capacityType": "CAPACITY_BLOCK"} if block else {})

    def refused(self) -> Iterator[Finding]:
        """Finds keys that conflict with each other."""
        yield from super().refused()
        reservation = self.capacity_reservation
        block = reservation is not None and reservation.capacity_block
        several = not is_unresolved(self.instance_types) and len(self.instance_types) > 1
        if self.efa and several:
            what, fix = "has several types, but EFA requires a single type", "keep one, or remove efa"
            yield Finding(what, fix, self.instance_types, rule=EFA, key=("instance_types",))
        elif block and several:
            what, fix = "has several types, but a Capacity Block has a single type", "keep the Capacity Block's type"
            yield Finding(what, fix, self.instance_types, rule=CONFLICTING, key=("instance_types",))
        for machine in self.machines if self.efa else ():
            if _NO_EFA.fullmatch(machine):
                what, fix = f"{machine} has no EFA", "use a type with EFA, or remove efa"
                yield Finding(what, fix, rule=EFA, key=("instance_types",))
        one_zone = {"efa": self.efa, "capacity_reservation": reservation is not None and reservation.id is not None}
        for key in (key for key, needs in one_zone.items() if needs and len(set(self.zones)) != 1):
            zone = "the reservation's zone" if key == "capacity_reservation" else "a single zone"
            yield Finding("requires a single zone", f"set zones to {zone}", self.zones, rule=ONE_ZONE, key=(key,))


class NodesConfig(Model):
    """The node groups of a new cluster."""

    default_instance_types: OrExpr[list[InstanceType]] = Field(
        default=["t3.medium"], min_length=1, description="The instance types for system pods, including the operator."
    )
    cpu_instance_types: OrExpr[list[InstanceType]] = Field(
        default=["m5.8xlarge", "m5.4xlarge"], min_length=1, description="The instance types for workloads without GPUs."
    )
    cpu_limits: Limits = Field(default_factory=Limits, description=CPU_LIMITS)
    gpu_types: Known[list[GpuType]] = Field(
        default=["T4"], description="The types of GPUs, with a pair of node groups for each: on-demand and spot."
    )
    gpu_zones: Known[dict[GpuType, list[Zone]]] = Field(
        default_factory=empty_map,
        description="The zones of a type's nodes, by type, from vpc.availability_zones, which must be set, or from the "
        "existing subnets' zones. Changing them replaces the type's groups. Default: all zones of the cluster.",
    )
    gpu_limits: dict[GpuType, Limits] = Field(default_factory=empty_map, description=GPU_LIMITS)
    max_size: OrExpr[int] = Field(
        default=10, ge=1, description="The most nodes in each group. All groups except default begin at 0."
    )
    disk_size_gb: OrExpr[int] = Field(
        default=500, ge=20, le=65536, description="The disk size of each workload node in GB."
    )
    groups: dict[GroupName, NodeGroupConfig] = Field(
        default_factory=empty_map, description=GROUPS.format(machines="cpu_instance_types")
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
        """The built-in node groups of cpu_instance_types and gpu_types, by name."""
        made = {"cpu": NodeGroupConfig.unchecked(instance_types=self.cpu_instance_types, **dict(self.cpu_limits))}
        for name in self.gpu_types:
            gpu, limits = GPUS[name], dict(self.gpu_limits.get(name, Limits()))
            made[f"gpu_{name.lower()}"] = NodeGroupConfig.unchecked(
                instance_types=list(gpu.instance_types),
                gpu_type=name,
                gpu_count=gpu.per_node,
                zones=self.gpu_zones.get(name, []),
                **limits,
            )
        return made


def node_groups(
    nodes: NodesConfig,
    policies: dict[str, str],
    permissions_boundary_arn: str | None = None,
    kms_key_arn: str | None = None,
    *,
    name_prefix: str = "",
    subnet_ids: Callable[[Sequence[str]], Sequence[str]] | None = None,
    network_cards: Callable[[str, str], Expr] | None = None,
) -> dict[str, EksEksManagedNodeGroups]:
    """Returns the node groups, by name.

    Args:
        nodes: The configuration of the node groups.
        policies: IAM policies of the nodes' roles, by any name.
        permissions_boundary_arn: The permissions boundary of the nodes' roles. Default: none.
        kms_key_arn: The KMS key that encrypts the nodes' volumes. Default: the account's default for EBS.
        name_prefix: The prefix of role names, for groups whose names are too long for upstream's prefix.
        subnet_ids: Returns the nodes' subnets in zones; required for groups with zones.
        network_cards: Returns the number of network cards for a group's name and an instance type; required for groups
            with EFA in a reservation.
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
    for own_name, group in {**nodes.own_groups, **nodes.groups}.items():
        for market in group.markets:
            name, size_gb = _name(own_name, market), group.disk_size_gb
            made: EksEksManagedNodeGroups = {
                "ami_type": _CPU_IMAGE if group.gpu_type is None else _GPU_IMAGE,
                "instance_types": group.instance_types,
                "capacity_type": market,
                "min_size": group.min_size,
                "max_size": nodes.max_size if group.max_size is None else group.max_size,
                "desired_size": group.min_size,
                "block_device_mappings": _disk(
                    nodes.disk_size_gb if size_gb is None else size_gb, kms_key_arn, group.disk_type
                ),
                "taints": _taints(market, group),
                **role,
            }
            if labels := _labels(group):
                made["labels"] = labels
            if len(name) > _LONGEST_ROLE_STEM:
                made["iam_role_name"] = name_prefix + name
            if group.zones and subnet_ids is not None:
                made["subnet_ids"] = [*subnet_ids(group.zones)]
            made |= _reserved(group)
            if group.efa and group.capacity_reservation is None:
                made["enable_efa_support"] = True
            elif group.efa and network_cards is not None:
                made |= _fabric(network_cards(name, group.instance_types[0]))
            groups[name] = made
    return dict(sorted(groups.items()))


def _name(name: str, market: Market) -> str:
    return f"{market.replace('_', '').lower()}_{name}"


def _disk(
    size_gb: int | Expr, kms_key_arn: str | None, disk_type: str = "gp3"
) -> dict[str, EksEksManagedNodeGroupsBlockDeviceMappings]:
    disk: EksEksManagedNodeGroupsBlockDeviceMappingsEbs = {
        "volume_size": size_gb,
        "volume_type": disk_type,
        "encrypted": True,
        "delete_on_termination": True,
    }
    if kms_key_arn is not None:
        disk["kms_key_id"] = kms_key_arn
    return {"root": {"device_name": "/dev/xvda", "ebs": disk}}


def _labels(group: NodeGroupConfig) -> dict[str, str]:
    if group.gpu_type is None:
        return group.labels
    return group.labels | {
        "nvidia.com/gpu.product": str(group.product),
        "nvidia.com/gpu.count": str(group.gpu_count),
        # This label tells the autoscaler to wait for a new node's GPUs instead of adding more nodes.
        "k8s.amazonaws.com/accelerator": f"nvidia-{group.gpu_type.lower()}",
    }


def _taints(market: Market, group: NodeGroupConfig) -> dict[str, EksEksManagedNodeGroupsTaints]:
    taints: dict[str, EksEksManagedNodeGroupsTaints] = {
        key.rpartition("/")[2].replace("-", "_"): {"key": key, "value": value, "effect": "NO_SCHEDULE"}
        for key, value in node_taints(market, gpu=group.gpu_type is not None).items()
    }
    more: dict[str, EksEksManagedNodeGroupsTaints] = {
        f"{taint.key}:{taint.effect}": {"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]}
        for taint in group.taints
    }
    return taints | more


def _reserved(group: NodeGroupConfig) -> EksEksManagedNodeGroups:
    """Returns the settings that put the nodes in their reservation."""
    reservation = group.capacity_reservation
    if reservation is None:
        return {}
    made: EksEksManagedNodeGroups = {
        "capacity_reservation_specification": {
            "capacity_reservation_target": {"capacity_reservation_id": reservation.id}
            if reservation.id is not None
            else {"capacity_reservation_resource_group_arn": reservation.resource_group_arn}
        }
    }
    if reservation.capacity_block:
        made["capacity_type"] = "CAPACITY_BLOCK"
        made["instance_market_options"] = {"market_type": "capacity-block"}
    return made


def _fabric(network_cards: Expr) -> EksEksManagedNodeGroups:
    """Returns Elastic Fabric Adapters without upstream's placement group, in which reserved nodes cannot start."""
    interface = (
        "device_index = i == 0 ? 0 : 1, network_card_index = i, "
        'interface_type = i == 0 ? "efa" : "efa-only", '
        "associate_public_ip_address = false, delete_on_termination = true"
    )
    return {
        "network_interfaces": expr(f"[for i in range({network_cards}) : {{{interface}}}]", "list(any)"),
        "security_group_ingress_rules": {"efa": {"description": _AMONG_NODES, "ip_protocol": "-1", "self": True}},
        "security_group_egress_rules": {"efa": {"description": _AMONG_NODES, "ip_protocol": "-1", "self": True}},
    }
