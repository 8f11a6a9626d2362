"""An existing VPC."""

from typing import Any

import pytest

from anyscale_constructs.aws import ExistingVpc
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from tests.unit.aws.parts import NETWORK, SUBNETS

EXISTING: dict[str, Any] = {"existing_vpc_id": "vpc-12345678"}


def test_an_existing_vpc_has_its_subnets_and_zones() -> None:
    assert NETWORK.node_subnet_ids == list(SUBNETS)
    assert NETWORK.subnet_ids_per_zone == list(SUBNETS)[:2]
    assert NETWORK.zone_count == 2


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (
            {"subnet_ids_to_az": {}},
            r"subnet_ids_to_az: the subnets are in fewer availability zones than registration requires; got \[\];",
        ),
        ({"subnet_ids_to_az": {"subnet-12345678": "us-east-2a"}}, r"got \['us-east-2a'\]; expected 2 zones or more"),
        (
            {"subnet_ids_to_az": {"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2a"}},
            "add a subnet in another zone",
        ),
        ({"subnet_ids_to_az": SUBNETS, "cidr_block": "10.0.0.0/25"}, "cidr_block: the VPC is too small to register"),
        ({"subnet_ids_to_az": SUBNETS, "vpc_id": "mine"}, "must be a VPC ID"),
    ],
)
def test_fails_when_an_existing_vpc_could_not_be_registered(inputs: dict[str, Any], says: str) -> None:
    """The sizing rules: 2 subnets in 2 AZs, and a VPC of a /24 or larger."""
    with pytest.raises(ConfigError, match=says):
        ExistingVpc(**({"vpc_id": "vpc-12345678"} | inputs))


def test_existing_resources_may_be_unresolved() -> None:
    vpc_id, subnet = expr("data.aws_vpc.this.id"), expr("data.aws_subnet.a.id")
    network = ExistingVpc(vpc_id=vpc_id, subnet_ids_to_az={subnet: "us-east-2a", "subnet-12345678": "us-east-2b"})
    assert network.vpc_id is vpc_id
    assert network.node_subnet_ids == [subnet, "subnet-12345678"]
