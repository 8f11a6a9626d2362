"""x"""

from typing import Any

from anyscale_constructs.core.model import Model


class ObjectStorage(Model):
    bucket_name: str
    region: str | None = None


class FileStorage(Model):
    file_storage_id: str


class AwsConfig(Model):
    vpc_id: str
    subnet_ids: Any
    security_group_ids: Any
    anyscale_iam_role_id: str
    external_id: str
    cluster_iam_role_id: str
    cluster_instance_profile_id: str | None
    memorydb_cluster_name: str | None = None
    memorydb_cluster_arn: str | None = None
    memorydb_cluster_endpoint: str | None = None


class CloudResource(Model):
    name: str
    provider: str
    compute_stack: str
    region: str
    networking_mode: str
    object_storage: ObjectStorage
    file_storage: FileStorage | None
    aws_config: AwsConfig
