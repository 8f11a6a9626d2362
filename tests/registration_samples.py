"""One complete resource file of each kind."""

import copy
from typing import Any

ORG_ID = "org_e2e1234"

AWS_VM: dict[str, Any] = {
    "name": "vm-aws-us-east-2",
    "provider": "AWS",
    "compute_stack": "VM",
    "region": "us-east-2",
    "networking_mode": "PUBLIC",
    "object_storage": {"bucket_name": "s3://acme-anyscale-prod", "region": "us-east-2"},
    "file_storage": {"file_storage_id": "fs-0123456789abcdef0"},
    "aws_config": {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "security_group_ids": ["sg-0123456789abcdef0"],
        "anyscale_iam_role_id": "arn:aws:iam::111122223333:role/anyscale-access",
        "external_id": f"{ORG_ID}-prod",
        "cluster_iam_role_id": "arn:aws:iam::111122223333:role/anyscale-node",
        "cluster_instance_profile_id": "arn:aws:iam::111122223333:instance-profile/anyscale-node",
        "memorydb_cluster_name": "anyscale-prod",
    },
}

AWS_K8S: dict[str, Any] = {
    "name": "k8s-aws-us-east-2",
    "provider": "AWS",
    "compute_stack": "K8S",
    "region": "us-east-2",
    "object_storage": {"bucket_name": "s3://acme-anyscale-eks"},
    "kubernetes_config": {
        "anyscale_operator_iam_identity": "arn:aws:iam::111122223333:role/anyscale-operator",
        "zones": ["us-east-2a", "us-east-2b"],
        "redis_endpoint": "redis.ray-system.svc.cluster.local:6379",
    },
}

GCP_VM: dict[str, Any] = {
    "name": "vm-gcp-us-central1",
    "provider": "GCP",
    "compute_stack": "VM",
    "region": "us-central1",
    "networking_mode": "PRIVATE",
    "object_storage": {"bucket_name": "gs://acme-anyscale-prod"},
    "file_storage": {"file_storage_id": "projects/acme-ml/locations/us-central1-a/instances/anyscale"},
    "gcp_config": {
        "project_id": "acme-ml",
        "host_project_id": "acme-network",
        "provider_name": "projects/123456/locations/global/workloadIdentityPools/anyscale/providers/anyscale",
        "vpc_name": "anyscale",
        "subnet_names": ["anyscale-us-central1"],
        "firewall_policy_names": ["anyscale"],
        "anyscale_service_account_email": "access@acme-ml.iam.gserviceaccount.com",
        "cluster_service_account_email": "node@acme-ml.iam.gserviceaccount.com",
        "memorystore_instance_name": "projects/acme-ml/locations/us-central1/instances/anyscale",
    },
}

GCP_K8S: dict[str, Any] = {
    "name": "k8s-gcp-us-central1",
    "provider": "GCP",
    "compute_stack": "K8S",
    "region": "us-central1",
    "object_storage": {"bucket_name": "gs://acme-anyscale-gke"},
    "gcp_config": {"project_id": "acme-ml"},
    "kubernetes_config": {
        "anyscale_operator_iam_identity": "operator@acme-ml.iam.gserviceaccount.com",
        "zones": ["us-central1-a"],
    },
}

AZURE_K8S: dict[str, Any] = {
    "name": "k8s-azure-eastus2",
    "provider": "AZURE",
    "compute_stack": "K8S",
    "region": "eastus2",
    "object_storage": {"bucket_name": "abfss://anyscale@acmeprod.dfs.core.windows.net"},
    "file_storage": {"persistent_volume_claim": "anyscale"},
    "azure_config": {"tenant_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890"},
    "kubernetes_config": {
        "anyscale_operator_iam_identity": "11111111-2222-3333-4444-555555555555",
        "zones": ["1", "2"],
    },
}

GENERIC_K8S: dict[str, Any] = {
    "name": "on-premises",
    "provider": "GENERIC",
    "compute_stack": "K8S",
    "region": "default",
    "object_storage": {
        "bucket_name": "s3://anyscale",
        "endpoint": "https://minio.acme.example:9000",
        "s3_addressing_style": "PATH_STYLE",
    },
    "file_storage": {"mount_targets": [{"address": "10.0.0.5", "zone": "rack-1"}], "mount_path": "/anyscale"},
    "kubernetes_config": {"custom_image_registry": "registry.acme.example"},
}

ALL = {
    "aws-vm": AWS_VM,
    "aws-k8s": AWS_K8S,
    "gcp-vm": GCP_VM,
    "gcp-k8s": GCP_K8S,
    "azure-k8s": AZURE_K8S,
    "generic-k8s": GENERIC_K8S,
}

MISSING = object()


def changed(sample: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Returns a copy with other values; `aws_config__vpc_id=MISSING` removes one."""
    copied = copy.deepcopy(sample)
    for path, value in values.items():
        *sections, key = path.split("__")
        target = copied
        for section in sections:
            target = target.setdefault(section, {})
        if value is MISSING:
            del target[key]
        else:
            target[key] = value
    return copied
