import json
from typing import Any

import hcl2
import pytest

from anyscale_constructs.errors import RegistrationError
from anyscale_constructs.registration import terraform
from anyscale_constructs.registration.outputs import Registration
from anyscale_constructs.registration.resource import CloudResource
from tests.registration_samples import ALL, AWS_K8S, AWS_VM, GCP_VM, GENERIC_K8S, changed


def render(sample: dict[str, Any], *, name: str = "prod", auto_add_user: bool = False) -> str:
    return terraform.render(Registration(name, CloudResource.read(sample)), auto_add_user=auto_add_user)


def section(text: str, name: str) -> list[str]:
    return [line.strip() for line in text.partition(f"  {name} {{\n")[2].partition("\n  }")[0].splitlines()]


def test_an_ec2_cloud() -> None:
    assert (
        render(AWS_VM)
        == """\
terraform {
  required_version = ">= 1.10"

  required_providers {
    anyscale = {
      source  = "anyscale/anyscale"
      version = "0.25.1"
    }
  }
}

resource "anyscale_cloud" "this" {
  name           = "prod"
  cloud_provider = "AWS"
  region         = "us-east-2"
}

resource "anyscale_cloud_resource" "this" {
  cloud_id       = anyscale_cloud.this.id
  name           = "vm-aws-us-east-2"
  cloud_provider = "AWS"
  region         = "us-east-2"
  compute_stack  = "VM"

  object_storage {
    bucket_name = "s3://acme-anyscale-prod"
    region      = "us-east-2"
  }

  file_storage {
    file_storage_id = "fs-0123456789abcdef0"
  }

  aws_config {
    vpc_id                      = "vpc-0123456789abcdef0"
    subnet_ids                  = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    security_group_ids          = ["sg-0123456789abcdef0"]
    controlplane_iam_role_arn   = "arn:aws:iam::111122223333:role/anyscale-access"
    external_id                 = "org_e2e1234-prod"
    dataplane_iam_role_arn      = "arn:aws:iam::111122223333:role/anyscale-node"
    cluster_instance_profile_id = "arn:aws:iam::111122223333:instance-profile/anyscale-node"
    memorydb_cluster_name       = "anyscale-prod"
  }
}"""
    )


@pytest.mark.parametrize("name", [name for name in ALL if name != "generic-k8s"])
def test_every_kind_is_hcl(name: str) -> None:
    assert [*hcl2.loads(render(ALL[name]) + "\n")][:2] == ["terraform", "resource"]


def test_zones_are_in_the_order_of_their_subnets() -> None:
    text = render(changed(AWS_VM, aws_config__zones=["us-east-2a", "us-east-2b"]))
    assert section(text, "aws_config")[-4:] == [
        "subnet_ids_to_az = {",
        '"subnet-0123456789abcdef0" = "us-east-2a"',
        '"subnet-0123456789abcdef1" = "us-east-2b"',
        "}",
    ]


def test_kubernetes_on_aws_has_no_aws_section() -> None:
    assert "aws_config" not in render(AWS_K8S)


def test_a_private_cloud_is_private_in_both_places() -> None:
    text = render(GCP_VM, auto_add_user=True)
    assert "  is_private_cloud = true\n  auto_add_user    = true\n" in text
    assert "  is_private     = true\n" in text


def test_mount_targets_are_a_list_of_objects() -> None:
    text = render(changed(AWS_VM, file_storage__mount_targets=[{"address": "10.0.0.5", "zone": "us-east-2a"}]))
    assert section(text, "file_storage")[1:] == [
        "mount_targets = [{",
        'address = "10.0.0.5"',
        'zone    = "us-east-2a"',
        "}]",
    ]


def test_strings_are_escaped() -> None:
    name = 'a"b ${path.module} %{if true}'
    text = render(AWS_VM, name=name)
    (line,) = [line for line in text.splitlines() if "path.module" in line]
    written = json.loads(line.partition(" = ")[2])
    assert written == 'a"b $${path.module} %%{if true}'


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        (GENERIC_K8S, "kubernetes_config.custom_image_registry, object_storage.s3_addressing_style, provider GENERIC"),
        (changed(AWS_K8S, kubernetes_config__custom_image_registry="registry.acme.example"), "custom_image_registry"),
    ],
)
def test_fails_on_fields_without_an_argument_of_the_provider(sample: dict[str, Any], says: str) -> None:
    with pytest.raises(RegistrationError, match=says):
        render(sample)
