"""Node groups on EKS: subnets, network adapters, and the settings of the second stack."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import EksConfig, EksStack
from anyscale_constructs.errors import ConfigError
from tests.unit.clouds import Make, maker, values
from tests.unit.test_eks import EXISTING, SUBNETS, config


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(EksStack, config, tmp_path)


GROUP = {
    "instance_types": ["p5.48xlarge"],
    "gpu_type": "H100",
    "gpu_count": 8,
    "capacity_types": ["ON_DEMAND"],
    "zones": ["us-east-2b"],
}


def grouped(*taints: dict[str, str], **group: Any) -> dict[str, Any]:
    return {"cluster": {"nodes": {"gpu_types": [], "groups": {"a": GROUP | group | {"taints": list(taints)}}}}}


def test_a_group_of_nodes_is_in_the_subnets_of_its_zones(make: Make) -> None:
    stack, _ = make(vpc={"availability_zones": ["us-east-2a", "us-east-2b"]}, **grouped())
    group = stack["module"]["eks"]["eks_managed_node_groups"]["ondemand_a"]
    assert group["subnet_ids"] == ["${module.vpc.private_subnet_ids[1]}"]


def test_a_group_of_nodes_is_in_existing_subnets_of_its_zones(make: Make) -> None:
    more = {"subnet-12345670": "us-east-2b"}
    vpc = EXISTING["vpc"] | {"subnet_ids_to_az": SUBNETS | more}
    stack, _ = make(vpc=vpc, **grouped())
    group = stack["module"]["eks"]["eks_managed_node_groups"]["ondemand_a"]
    assert group["subnet_ids"] == ["subnet-12345678", "subnet-12345670"]


@pytest.mark.parametrize(
    ("vpc", "says"),
    [
        ({}, "got 'us-east-2b'. Fix: use another zone, or add it to vpc.availability_zones"),
        ({"availability_zones": ["us-east-2a", "us-east-2c"]}, "got 'us-east-2b'; expected us-east-2a or us-east-2c"),
        (
            {
                "vpc_id": "vpc-12345678",
                "subnet_ids_to_az": {"subnet-1234567a": "us-east-2a", "subnet-1234567c": "us-east-2c"},
            },
            "got 'us-east-2b'; expected .*add it to vpc.subnet_ids_to_az",
        ),
        (
            {
                "availability_zones": ["us-east-2a", "us-east-2c", "us-east-2b"],
                "public_subnets": ["10.0.0.0/20", "10.0.16.0/20"],
                "private_subnets": ["10.0.32.0/20", "10.0.48.0/20"],
            },
            "got 'us-east-2b'; expected us-east-2a or us-east-2c",
        ),
    ],
)
def test_fails_on_zones_without_a_subnet(vpc: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=rf"cluster.nodes.groups.a.zones.0: has no known subnet for nodes.*{says}"):
        EksConfig(**{"region": "us-east-2", "org_id": "org_1", "vpc": vpc} | grouped())


def test_adapters_of_reserved_nodes_are_as_many_as_their_network_cards(make: Make) -> None:
    reserved = grouped(efa=True, capacity_reservation={"id": "cr-0123456789abcdef0", "capacity_block": True})
    stack, _ = make(vpc={"availability_zones": ["us-east-2a", "us-east-2b"]}, **reserved)
    assert stack["data"]["aws_ec2_instance_type"]["ondemand_a"]["instance_type"] == "p5.48xlarge"
    group = stack["module"]["eks"]["eks_managed_node_groups"]["ondemand_a"]
    cards = "range(data.aws_ec2_instance_type.ondemand_a.maximum_network_cards)"
    assert group["network_interfaces"].startswith(f"${{[for i in {cards} :")


def test_the_device_plugin_and_the_operator_support_node_groups(make: Make) -> None:
    zones = {"availability_zones": ["us-east-2a", "us-east-2b"]}
    _, operator = make(vpc=zones, **grouped({"key": "example.com/team", "effect": "NoExecute"}))
    tolerated = values(operator, "nvidia-device-plugin")["tolerations"]
    assert tolerated[-1] == {"key": "example.com/team", "operator": "Exists", "effect": "NoExecute"}
    types = values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]
    assert types.keys() == {"8CPU-32GB-1xH100-a", "64CPU-256GB-8xH100-a"}
