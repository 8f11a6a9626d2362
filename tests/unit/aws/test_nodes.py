"""The node groups of an EKS cluster."""

from typing import Any

import pytest

from anyscale_constructs.aws import Eks
from anyscale_constructs.aws.nodes import GPUS, NodesConfig, node_groups
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.aws.parts import NETWORK
from tests.unit.terraform.parts import warnings

BASE: dict[str, Any] = {"vpc": NETWORK, "name": "acme", "kubernetes_version": "1.36"}


def disk(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = group["block_device_mappings"]["root"]["ebs"]
    return found


def test_workloads_have_a_pair_of_node_groups_for_cpus_and_for_each_gpu() -> None:
    groups = node_groups(NodesConfig(gpu_types=["T4", "H100"]), {})
    assert list(groups) == [
        "default",
        "ondemand_cpu",
        "ondemand_gpu_h100",
        "ondemand_gpu_t4",
        "spot_cpu",
        "spot_gpu_h100",
        "spot_gpu_t4",
    ]
    assert "taints" not in groups["default"]
    assert all(disk(group)["encrypted"] is True for group in groups.values())
    assert groups["spot_gpu_t4"] == {
        "min_size": 0,
        "max_size": 10,
        "desired_size": 0,
        "ami_type": "AL2023_x86_64_NVIDIA",
        "instance_types": ["g4dn.4xlarge"],
        "capacity_type": "SPOT",
        "block_device_mappings": {
            "root": {
                "device_name": "/dev/xvda",
                "ebs": {"volume_size": 500, "volume_type": "gp3", "encrypted": True, "delete_on_termination": True},
            }
        },
        "iam_role_additional_policies": {},
        "labels": {
            "nvidia.com/gpu.product": "Tesla-T4",
            "nvidia.com/gpu.count": "1",
            "k8s.amazonaws.com/accelerator": "nvidia-t4",
        },
        "taints": {
            "capacity_type": {"key": "node.anyscale.com/capacity-type", "value": "SPOT", "effect": "NO_SCHEDULE"},
            "accelerator_type": {"key": "node.anyscale.com/accelerator-type", "value": "GPU", "effect": "NO_SCHEDULE"},
            "gpu": {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"},
        },
    }


def test_all_node_groups_pass_the_guards(stack: CloudStack) -> None:
    groups = node_groups(NodesConfig(gpu_types=list(GPUS), max_size=1), {"s3": "arn:aws:iam::111122223333:policy/s3"})  # type: ignore[arg-type] # all of them
    assert not warnings(Eks(stack, **BASE, eks_managed_node_groups=groups))


def test_fails_on_a_gpu_that_is_not_in_the_table() -> None:
    with pytest.raises(ConfigError, match="must be 'T4', 'L4'"):
        NodesConfig(gpu_types=["K80"])  # type: ignore[list-item] # the mistake


def test_sizes_are_those_of_the_configuration() -> None:
    nodes = NodesConfig(cpu_instance_types=["m7i.8xlarge"], default_instance_types=["t3a.large"], disk_size_gb=100)
    groups = node_groups(nodes, {}, "arn:aws:iam::111122223333:policy/boundary")
    assert groups["default"]["instance_types"] == ["t3a.large"]
    assert groups["spot_cpu"]["instance_types"] == ["m7i.8xlarge"]
    assert disk(groups["spot_cpu"])["volume_size"] == 100
    boundaries = {group["iam_role_permissions_boundary"] for group in groups.values()}
    assert boundaries == {"arn:aws:iam::111122223333:policy/boundary"}


@pytest.mark.parametrize(
    "name",
    [
        *("m5.4xlarge", "g4dn.xlarge", "g6e.4xlarge", "gr6.4xlarge", "p5en.48xlarge", "u-6tb1.112xlarge", "c5n.metal"),
        *("t3.nano", "t3a.micro", "t3.small", "m7i-flex.large", "m7i.metal-48xl", "r5.12xlarge"),
    ],
)
def test_instances_have_x86_processors(name: str) -> None:
    later = expr("var.later", "string")
    assert NodesConfig(cpu_instance_types=[name, later]).cpu_instance_types == [name, later]


@pytest.mark.parametrize(
    "name",
    [
        *("m7g.large", "c7gn.large", "t4g.medium", "a1.large", "im4gn.large", "x2gd.large", "m5"),
        *("m5.4xlarg", "m5.xxlarge", "m5.1xlarge", "m5.0xlarge", "m5.huge", "m5.", "m7i.metal-xl"),
    ],
)
def test_fails_on_instances_that_aws_lacks_or_the_image_is_not_for(name: str) -> None:
    with pytest.raises(ConfigError, match="an EC2 instance type of a size that AWS has, with x86 processors"):
        NodesConfig(cpu_instance_types=[name])


def test_fails_on_a_disk_that_is_larger_than_gp3_has_them() -> None:
    assert NodesConfig(disk_size_gb=65536).disk_size_gb == 65536
    with pytest.raises(ConfigError, match="disk_size_gb: must be less than or equal to 65536"):
        NodesConfig(disk_size_gb=65537)
