"""The mocks that replace clouds in an offline plan: provider settings, data sources and values with a fixed form."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

ACCOUNT = "111122223333"
"""The AWS account of an offline plan."""
_PROJECT = "mock-project"

_AWS = {
    "access_key": "mock",
    "secret_key": "mock",
    "skip_credentials_validation": True,
    "skip_metadata_api_check": "true",
    "skip_region_validation": True,
    "skip_requesting_account_id": True,
    "max_retries": 1,
}
_GOOGLE = {"access_token": "mock"}
_GOOGLE_KEPT = (
    "project",
    "region",
    "zone",
    "default_labels",
    "billing_project",
    "user_project_override",
    "add_terraform_attribution_label",
    "terraform_attribution_label_addition_strategy",
)

PROVIDERS: Mapping[str, tuple[Sequence[str], Mapping[str, Any]]] = {
    "aws": (("region", "default_tags", "ignore_tags", "s3_use_path_style"), _AWS),
    "google": (_GOOGLE_KEPT, _GOOGLE),
    "google-beta": (_GOOGLE_KEPT, _GOOGLE),
    **dict.fromkeys(("archive", "cloudinit", "local", "null", "random", "time", "tls"), ((), {})),
}
"""The providers that can plan without a cloud: the arguments that affect a plan, and those that are added.

All other providers are mocked in every run, so their resources are planned but never replaced.
"""

OFFLINE_DATA = frozenset(
    {
        "aws_arn",
        "aws_default_tags",
        "aws_iam_policy_document",
        "aws_partition",
        "aws_region",
        "aws_service_principal",
        "google_client_config",
        "google_iam_policy",
    }
)
"""The data sources that their providers compute without calling a cloud."""

CLOUD_DATA = re.compile(r"(aws|google)_|tls_certificate$")
"""The data sources whose providers would call a cloud, or a cluster's OIDC issuer."""


def arn(type: str, region: str) -> str:
    """Returns an ARN for a resource of a type."""
    service = type.split("_")[1]
    kind = type.removeprefix(f"aws_{service}_").replace("_", "-")
    place = "" if service in {"iam", "s3"} else region
    return f"arn:aws:{service}:{place}:{ACCOUNT}:{kind}/mock"


def resource_values(type: str, region: str) -> dict[str, Any]:
    """Returns the values of a mocked resource that need a fixed form: its ARN, and lists that modules index."""
    return ({"arn": arn(type, region)} if type.startswith("aws_") else {}) | _RESOURCES.get(type, {})


def data_values(type: str, region: str) -> dict[str, Any]:
    """Returns the values of a mocked data source."""
    made = _DATA.get(type)
    return {"id": f"mock-{type}"} | (made(region) if made else {})


_RESOURCES: dict[str, dict[str, Any]] = {
    "aws_eks_cluster": {
        "endpoint": "https://mock.eks.amazonaws.com",
        "certificate_authority": [{"data": "bW9jaw=="}],
        "identity": [{"oidc": [{"issuer": "https://oidc.eks.amazonaws.com/id/MOCK"}]}],
    },
    # The provider accepts only values from its own list.
    "aws_s3_bucket_lifecycle_configuration": {"transition_default_minimum_object_size": "all_storage_classes_128K"},
    "aws_iam_openid_connect_provider": {"url": "oidc.eks.amazonaws.com/id/MOCK"},
}


def _zones(region: str) -> list[str]:
    return [f"{region}{letter}" for letter in "abcdef"]


_DATA: dict[str, Callable[[str], dict[str, Any]]] = {
    "aws_availability_zones": lambda region: {
        "names": _zones(region),
        "zone_ids": [f"mock-az{number}" for number in range(1, 7)],
        "group_names": [region],
    },
    "aws_caller_identity": lambda _: {
        "account_id": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/mock",
        "user_id": "MOCK",
    },
    "aws_ec2_instance_type": lambda _: {"default_vcpus": 4, "memory_size": 16384},
    "aws_eks_addon_version": lambda _: {"version": "v1.0.0-eksbuild.1"},
    "aws_eks_cluster": lambda _: {
        "endpoint": "https://mock.eks.amazonaws.com",
        "certificate_authority": [{"data": "bW9jaw=="}],
        "identity": [{"oidc": [{"issuer": "https://oidc.eks.amazonaws.com/id/MOCK"}]}],
    },
    "aws_iam_policy_document": lambda _: {"json": '{"Statement":[],"Version":"2012-10-17"}'},
    "aws_iam_session_context": lambda _: {"issuer_arn": f"arn:aws:iam::{ACCOUNT}:user/mock"},
    "aws_partition": lambda _: {
        "partition": "aws",
        "dns_suffix": "amazonaws.com",
        "reverse_dns_prefix": "com.amazonaws",
    },
    "aws_region": lambda region: {"name": region, "description": region, "endpoint": f"ec2.{region}.amazonaws.com"},
    "aws_ssm_parameter": lambda _: {"value": "mock", "insecure_value": "mock"},
    "aws_subnet": lambda region: {"availability_zone": f"{region}a", "cidr_block": "10.0.0.0/24", "vpc_id": "vpc-mock"},
    "aws_vpc": lambda _: {"cidr_block": "10.0.0.0/16"},
    "aws_vpc_endpoint_service": lambda region: {"service_name": f"com.amazonaws.{region}.s3"},
    "google_client_config": lambda region: {"project": _PROJECT, "region": region, "access_token": "mock"},
    "google_compute_subnetwork": lambda _: {"ip_cidr_range": "10.0.0.0/20"},
    "google_compute_zones": lambda region: {"names": [f"{region}-{letter}" for letter in "abc"]},
    "google_container_engine_versions": lambda _: {
        "latest_master_version": "1.33.1-gke.1",
        "latest_node_version": "1.33.1-gke.1",
    },
    "tls_certificate": lambda _: {"certificates": [{"sha1_fingerprint": "0" * 40}]},
    "google_project": lambda _: {"number": "123456789012", "project_id": _PROJECT},
}
