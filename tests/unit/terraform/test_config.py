"""A configuration: its defaults, its values, and its errors in Python."""

from typing import Any

import pytest

from anyscale_constructs.config.model import Model
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.terraform.backend import Gcs, Local
from anyscale_constructs.terraform.sources import GITHUB, ModuleOverride
from tests.unit.terraform.parts import Config, NewVpc, OldVpc


def parse(**keys: Any) -> Config:
    return Config.model_validate({"org_id": "org_1", **keys})


def test_defaults_are_the_same_everywhere() -> None:
    config = parse()
    assert config.backend == Local()
    assert config.vpc == NewVpc(cidr_block="10.0.0.0/16")
    assert config.sources.base == GITHUB
    assert config.sources.overrides == {}


def test_all_keys_are_applied() -> None:
    config = parse(
        cloud_id="cld_1",
        deploy_environment="dev",
        backend={"type": "gcs", "bucket": "b"},
        mirror="https://git.example.com/m",
        modules={"s3": {"ref": "v0.38.0", "inputs": {"tags": {"a": "b"}}}},
    )
    assert (config.cloud_id, config.deploy_environment, config.backend) == ("cld_1", "dev", Gcs(type="gcs", bucket="b"))
    assert config.sources.base == "https://git.example.com/m"
    assert config.sources.override("s3") == ModuleOverride(ref="v0.38.0", inputs={"tags": {"a": "b"}})


@pytest.mark.parametrize(
    ("keys", "vpc"),
    [
        ({"cidr_block": "10.1.0.0/16"}, NewVpc(cidr_block="10.1.0.0/16")),
        ({}, NewVpc()),
        ({"vpc_id": "vpc-12345678"}, OldVpc(vpc_id="vpc-12345678")),
    ],
)
def test_new_and_existing_vpcs_are_distinguished(keys: dict[str, str], vpc: Model) -> None:
    assert parse(vpc=keys).vpc == vpc


def test_models_of_new_and_existing_vpcs_are_distinguished() -> None:
    assert Config(org_id="org_1", vpc=OldVpc(vpc_id="vpc-12345678")).vpc == OldVpc(vpc_id="vpc-12345678")


def test_fails_in_python_with_the_same_message() -> None:
    """Pydantic's own error has several lines per problem, and no fix."""
    with pytest.raises(ConfigError) as error:
        Config(org_id="acme", vpcs={}, vpc={"cidr_blok": 1}, registration="Terraform")  # type: ignore[arg-type,call-arg]
    assert str(error.value).splitlines() == [
        "Config.vpcs: unknown key 'vpcs': did you mean 'vpc'?",
        "Config.org_id: must be an Anyscale organization ID, such as org_1234abcd; got 'acme'",
        "Config.registration: must be 'command' or 'terraform'; got 'Terraform'. Fix: use 'terraform'",
        "Config.vpc.cidr_blok: unknown key 'cidr_blok': did you mean 'cidr_block'?",
    ]
    assert (error.value.__cause__, error.value.__suppress_context__) == (None, True)
