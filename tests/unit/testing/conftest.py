"""A synthesized cloud on EC2, made in Python."""

import pytest

from anyscale_constructs import engine
from anyscale_constructs.aws.securitygroups import SecurityGroupConfig
from anyscale_constructs.aws.vpc import VpcConfig
from anyscale_constructs.clouds import Ec2Config, Ec2Stack
from anyscale_constructs.testing import SynthesizedStack, synthesize


@pytest.fixture(scope="session")
def prod() -> SynthesizedStack:
    config = Ec2Config(
        region="us-east-2",
        org_id="org_1234abcd",
        vpc=VpcConfig(cidr_block="10.0.0.0/19"),
        security_group=SecurityGroupConfig(ingress_cidr_blocks=["10.0.0.0/8"]),
        tags={"team": "ml"},
    )
    stack = Ec2Stack(engine.Testing.app(), "prod", config)
    stack.allow("unrestricted-permissions", "it is not registered yet")
    return synthesize(stack)
