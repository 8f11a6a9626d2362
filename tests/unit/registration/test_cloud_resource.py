import subprocess
import sys
from typing import Any

import pytest
import yaml

from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.expressions import expr
from anyscale_constructs.registration.command import resource_file
from anyscale_constructs.registration.resource import (
    AwsConfig,
    CloudResource,
    FileStorage,
    GcpConfig,
    MountTarget,
    ObjectStorage,
)
from anyscale_constructs.terraform.values import to_terraform
from tests import spelled
from tests.registration_samples import ALL, AWS_K8S, AWS_VM, changed


def output(name: str, type: str = "string") -> Any:
    return expr(f"module.{name}", type)


@pytest.mark.parametrize("sample", ALL.values(), ids=ALL)
def test_every_kind_is_read_and_written_unchanged(sample: dict[str, Any]) -> None:
    written = yaml.safe_load(resource_file(CloudResource.read(sample)))
    expected = sample if sample is not AWS_K8S else {**sample, "aws_config": {"zones": []}}
    assert written == expected


def test_the_file_keeps_the_order_of_the_documentation() -> None:
    assert resource_file(CloudResource.read(AWS_VM)).splitlines()[:4] == [
        "name: vm-aws-us-east-2",
        "provider: AWS",
        "compute_stack: VM",
        "region: us-east-2",
    ]


def test_a_stack_builds_it_from_expressions() -> None:
    resource = CloudResource(
        provider="AWS",
        compute_stack="VM",
        region="us-east-2",
        object_storage=ObjectStorage(bucket_name=f"s3://{output('s3.s3_bucket_id')}"),
        file_storage=FileStorage(
            file_storage_id=output("efs.efs_id"),
            mount_targets=[MountTarget(address=output("efs.ip"), zone=output("efs.zone"))],
        ),
        aws_config=AwsConfig(
            vpc_id=output("vpc.vpc_id"),
            subnet_ids=output("vpc.public_subnet_ids", "list(string)"),
            security_group_ids=[output("securitygroups.security_group_id")],
            anyscale_iam_role_id=output("iam.access"),
            external_id=output("iam.external_id"),
            cluster_iam_role_id=output("iam.node"),
            memorydb_cluster_endpoint="rediss://" + output("memorydb.address") + ":6379",
        ),
    )
    assert spelled(to_terraform(resource)) == {
        "provider": "AWS",
        "compute_stack": "VM",
        "region": "us-east-2",
        "object_storage": {"bucket_name": "s3://${module.s3.s3_bucket_id}"},
        "file_storage": {
            "file_storage_id": "${module.efs.efs_id}",
            "mount_targets": [{"address": "${module.efs.ip}", "zone": "${module.efs.zone}"}],
        },
        "aws_config": {
            "vpc_id": "${module.vpc.vpc_id}",
            "subnet_ids": "${module.vpc.public_subnet_ids}",
            "security_group_ids": ["${module.securitygroups.security_group_id}"],
            "anyscale_iam_role_id": "${module.iam.access}",
            "external_id": "${module.iam.external_id}",
            "cluster_iam_role_id": "${module.iam.node}",
            "memorydb_cluster_endpoint": "rediss://${module.memorydb.address}:6379",
        },
    }


def test_a_region_can_be_an_expression_too() -> None:
    resource = CloudResource(
        provider="GCP",
        compute_stack="VM",
        region=output("project.region"),
        object_storage=ObjectStorage(bucket_name=output("cloudstorage.url")),
        gcp_config=GcpConfig(
            project_id=output("project.id"),
            provider_name=output("iam.provider"),
            vpc_name=output("vpc.name"),
            subnet_names=[output("vpc.subnet")],
            firewall_policy_names=output("firewall.names", "list(string)"),
            anyscale_service_account_email=output("iam.access"),
            cluster_service_account_email=output("iam.node"),
        ),
    )
    assert spelled(resource.resource_name) == "vm-gcp-${module.project.region}"


def test_fails_on_a_literal_mistake_among_expressions() -> None:
    with pytest.raises(RegistrationError, match=r"object_storage\.bucket_name: must be s3://"):
        CloudResource.read(
            changed(
                AWS_VM, aws_config__subnet_ids=output("vpc.ids", "list(string)"), object_storage__bucket_name="acme"
            )
        )


def test_fails_on_a_string_expression_in_place_of_a_list() -> None:
    with pytest.raises(RegistrationError, match=r"subnet_ids: must be a Terraform list"):
        CloudResource.read(changed(AWS_VM, aws_config__subnet_ids=output("vpc.vpc_id")))


def test_nulls_and_empty_strings_mean_not_created() -> None:
    sample = changed(
        AWS_VM,
        file_storage={"file_storage_id": "", "mount_targets": None},
        gcp_config=None,
        kubernetes_config={},
        aws_config__memorydb_cluster_name="",
        aws_config__memorydb_cluster_arn=None,
    )
    mapping = CloudResource.read(sample).mapping()
    assert "file_storage" not in mapping
    assert "kubernetes_config" not in mapping
    assert mapping["aws_config"].keys() & {"memorydb_cluster_name", "memorydb_cluster_arn"} == set()


def test_the_default_name_is_that_of_the_program() -> None:
    assert CloudResource.read({**AWS_K8S, "name": None}).mapping()["name"] == "k8s-aws-us-east-2"


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(RegistrationError) as error:
        CloudResource.read({"provider": "AWS", "compute_stack": "VM", "region": "us-east-2a"})
    text = str(error.value)
    assert text.startswith("object_storage.bucket_name: is required for AWS VM clouds\n")
    assert text.count(" is required for AWS VM clouds") == 7
    assert "region: must be a region of the commercial AWS partition" in text
    assert "such as us-east-2; got 'us-east-2a'" in text


def test_it_starts_neither_the_engine_nor_node() -> None:
    code = (
        "import sys, anyscale_constructs.registration.runner, anyscale_constructs.registration.terraform, "
        "anyscale_constructs.registration.command, anyscale_constructs.cli.register\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('cdktf', 'cdktn', 'jsii', 'constructs')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
