"""Registration in a stack: first the empty cloud, its ID in the modules, its resource last."""

from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.aws.efs import EfsConfig
from anyscale_constructs.clouds import Ec2Config, Ec2Stack, EksConfig, EksStack, GceConfig, GceStack
from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.google import ExistingProject
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.arguments import check_arguments
from anyscale_constructs.terraform.stack import CloudStack
from tests.contract.standins import RECORDED, check_lifecycle

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]
CLOUD_ID = "${anyscale_cloud.cloud.id}"


@pytest.fixture
def ec2(synth: Synth) -> dict[str, Any]:
    config = Ec2Config(region="us-east-2", org_id="org_1", registration="terraform", networking_mode="PRIVATE")
    return synth(lambda app: Ec2Stack(app, "prod", config))


def test_the_provider_is_pinned_exactly(ec2: dict[str, Any]) -> None:
    assert ec2["terraform"]["required_providers"]["anyscale"] == {"source": "anyscale/anyscale", "version": "0.25.1"}
    assert ec2["terraform"]["required_version"] == ">= 1.10.0"
    assert ec2["provider"]["anyscale"] == [{}]


def test_the_empty_cloud_has_provider_and_region(ec2: dict[str, Any]) -> None:
    cloud = {key: value for key, value in ec2["resource"]["anyscale_cloud"]["cloud"].items() if key != "//"}
    assert cloud == {"name": "prod", "cloud_provider": "AWS", "region": "us-east-2", "is_private_cloud": True}


def test_its_id_scopes_every_module(ec2: dict[str, Any]) -> None:
    assert ec2["module"]["iam"]["anyscale_cloud_id"] == CLOUD_ID
    assert ec2["module"]["iam"]["tags"]["anyscale-cloud-id"] == CLOUD_ID


def test_its_resource_waits_for_all_modules(ec2: dict[str, Any]) -> None:
    resource = ec2["resource"]["anyscale_cloud_resource"]["cloud_resource"]
    assert resource["cloud_id"] == CLOUD_ID
    assert {f"module.{name}" for name in ec2["module"]} < set(resource["depends_on"])
    assert "aws_iam_role_policy.iam_control_plane" in resource["depends_on"]
    assert resource["aws_config"]["subnet_ids"] == "${module.vpc.private_subnet_ids}"
    assert resource["aws_config"]["external_id"] == "org_1-prod"


def test_the_ids_are_outputs(ec2: dict[str, Any]) -> None:
    assert ec2["output"]["anyscale_cloud_id"]["value"] == CLOUD_ID
    resource_id = "${anyscale_cloud_resource.cloud_resource.cloud_resource_id}"
    assert ec2["output"]["anyscale_cloud_resource_id"]["value"] == resource_id


def test_a_gce_cloud_fits_the_provider_too(synth: Synth) -> None:
    project = ExistingProject(project_id="acme-ml")
    config = GceConfig(region="us-central1", org_id="org_1", registration="terraform", project=project)
    gce = synth(lambda app: GceStack(app, "prod", config))
    resource = gce["resource"]["anyscale_cloud_resource"]["cloud_resource"]
    del resource["//"], resource["depends_on"]
    check_arguments(resource, RECORDED["resource"]["anyscale_cloud_resource"]["arguments"], "anyscale_cloud_resource")
    assert resource["gcp_config"]["controlplane_service_account_email"].startswith("${module.iam.")
    labels = gce["module"]["cloudstorage"]["labels"]
    assert labels["anyscale-cloud-id"] == "${lower(anyscale_cloud.cloud.id)}"


def test_terraform_keeps_the_registered_mount_targets_of_efs(synth: Synth) -> None:
    config = EksConfig(region="us-east-2", org_id="org_1", registration="terraform", efs=EfsConfig())
    eks = synth(lambda app: EksStack(app, "prod", config))
    resource = eks["resource"]["anyscale_cloud_resource"]["cloud_resource"]
    assert resource["lifecycle"] == {"ignore_changes": ["file_storage.mount_targets"]}
    assert [target["zone"] for target in resource["file_storage"]["mount_targets"]] == [
        f"${{module.efs.efs_mount_target_availability_zone_names[{index}]}}" for index in range(2)
    ]
    check_lifecycle(resource["lifecycle"], {*RECORDED["resource"]["anyscale_cloud_resource"]["arguments"]}, "r")


def test_fails_with_a_configured_cloud_id() -> None:
    with pytest.raises(ConfigError, match="remove cloud_id, or set registration: command"):
        Ec2Config(region="us-east-2", org_id="org_1", registration="terraform", cloud_id="cld_1")


def test_fails_on_an_argument_that_the_provider_lacks() -> None:
    with pytest.raises(InputError, match=r"r\.aws_config: unknown argument 'vpc': did you mean 'vpc_id'"):
        check_arguments({"aws_config": {"vpc": "x"}}, RECORDED["resource"]["anyscale_cloud_resource"]["arguments"], "r")
