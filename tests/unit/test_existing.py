"""Existing resources are accepted even if this library would name new ones differently."""

from typing import Any

import pytest

from anyscale_constructs import aws, azure, google
from anyscale_constructs.config.model import Model
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform import backend
from tests.registration_samples import AWS_VM, GCP_VM, changed

SUBNET = "/SUBSCRIPTIONS/A1B2C3D4-E5F6-7890-ABCD-EF1234567890/resourcegroups/net/providers/microsoft.network"
ZONES = {"subnet-00000001": "us-west-2-lax-1a", "subnet-00000002": "us-west-2-wl1-las-wlz-1"}
OIDC = "arn:aws:iam::111122223333:oidc-provider/oidc-eks.us-east-2.api.aws/id/0123456789ABCDEF"

EXISTING: list[tuple[type[Model], dict[str, Any]]] = [
    (aws.ExistingVpc, {"vpc_id": "vpc-12345678", "subnet_ids_to_az": ZONES}),
    (aws.ExistingBucket, {"bucket_name": "Acme_Legacy"}),
    (aws.ExistingRoles, {"control_plane_role_arn": "arn:aws:iam::111122223333:role/team:ml/anyscale"}),
    (aws.ExistingCluster, {"cluster_name": "ml", "oidc_provider_arn": OIDC}),
    (backend.S3, {"type": "s3", "bucket": "Acme_State", "region": "us-east-1"}),
    (google.ExistingBucket, {"bucket_name": "logs.acme.com"}),
    (google.ExistingCluster, {"cluster_name": "ml", "location": "us-south1-ai1b"}),
    (azure.ExistingVnet, {"subnet_id": f"{SUBNET}/virtualnetworks/shared/SUBNETS/nodes"}),
    (
        azure.ExistingContainer,
        {"storage_account_name": "acme", "container_name": "$web", "resource_group_name": "Acme-(ML)"},
    ),
]


@pytest.mark.parametrize(("model", "keys"), EXISTING, ids=lambda each: getattr(each, "__qualname__", ""))
def test_existing_resources_are_accepted(model: type[Model], keys: dict[str, Any]) -> None:
    model(**keys)


@pytest.mark.parametrize(
    ("model", "keys"),
    [
        (aws.VpcConfig, {"availability_zones": ["us-west-2a", "us-west-2-lax-1a"]}),
        (aws.BucketConfig, {"name": "Acme_Legacy"}),
        (google.BucketConfig, {"name": "logs.acme.com"}),
        (azure.BucketConfig, {"container_name": "$web"}),
    ],
)
def test_new_resources_are_checked(model: type[Model], keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        model(**keys)


@pytest.mark.parametrize(
    "resource",
    [
        changed(AWS_VM, object_storage__bucket_name="s3://Acme_Legacy"),
        changed(GCP_VM, object_storage__bucket_name="gs://my-google.acme.com"),
    ],
)
def test_buckets_that_exist_can_be_registered(resource: dict[str, Any]) -> None:
    CloudResource.read(resource)
