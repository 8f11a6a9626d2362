"""An Anyscale cloud on EC2: read it from top to bottom, copy it, change it."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Tag, model_validator

from anyscale_constructs.aws import (
    S3,
    Efs,
    ExistingBucket,
    ExistingRoles,
    ExistingSecurityGroup,
    ExistingVpc,
    Iam,
    MemoryDb,
    NetworkingMode,
    S3Policy,
    SecurityGroups,
    Vpc,
)
from anyscale_constructs.aws.config import (
    BucketConfig,
    EfsConfig,
    IamConfig,
    MemoryDbConfig,
    PolicyDocument,
    SecurityGroupConfig,
    Tags,
    VpcConfig,
)
from anyscale_constructs.core.config import CloudConfig
from anyscale_constructs.core.expressions import is_unresolved
from anyscale_constructs.core.model import existing_if, refuse
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.core.types import AwsRegion, ExternalId, KmsKeyArn
from anyscale_constructs.engine import Construct
from anyscale_constructs.registration.in_stack import TerraformRegistration
from anyscale_constructs.registration.resource import AwsConfig, CloudResource, FileStorage, ObjectStorage


class Ec2Config(CloudConfig):
    """An Anyscale cloud on EC2."""

    stack: Literal["ec2"] = "ec2"
    region: AwsRegion
    external_id: ExternalId | None = Field(default=None, description="Default: <org_id>-<stack name>.")
    networking_mode: NetworkingMode = Field(
        default="PUBLIC", description="PUBLIC: nodes in public subnets. PRIVATE: nodes in private subnets behind NAT."
    )
    name_prefix: str = Field(default="anyscale-", description="What the names of new resources begin with.")
    tags: Tags = Field(default_factory=dict, description="For every resource.")
    kms_key_arn: KmsKeyArn | None = Field(
        default=None, description="For the bucket, EFS and MemoryDB. Default: AWS's own keys."
    )
    vpc: Annotated[
        Annotated[VpcConfig, Tag("new")] | Annotated[ExistingVpc, Tag("existing")], existing_if("vpc_id", VpcConfig)
    ] = Field(default_factory=VpcConfig)
    security_group: Annotated[
        Annotated[SecurityGroupConfig, Tag("new")] | Annotated[ExistingSecurityGroup, Tag("existing")],
        existing_if("security_group_id", SecurityGroupConfig),
    ] = Field(default_factory=SecurityGroupConfig)
    bucket: Annotated[
        Annotated[BucketConfig, Tag("new")] | Annotated[ExistingBucket, Tag("existing")],
        existing_if("bucket_name", BucketConfig),
    ] = Field(default_factory=BucketConfig)
    iam: IamConfig = Field(default_factory=IamConfig)
    efs: EfsConfig | None = Field(default=None, description="Default: no shared file system; {} makes one.")
    memorydb: MemoryDbConfig | None = Field(default=None, description="Default: no MemoryDB; {} makes one.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if isinstance(self.vpc, VpcConfig) and self.vpc.private_subnets and self.networking_mode == "PUBLIC":
            raise refuse(
                "networking_mode is PUBLIC, but vpc.private_subnets are given, where the nodes would be",
                "set networking_mode: PRIVATE, or leave vpc.private_subnets out",
            )
        if (
            self.external_id
            and not is_unresolved(self.external_id)
            and not self.external_id.startswith(f"{self.org_id}-")
        ):
            raise refuse(
                f"external_id is {self.external_id}, of another organization than org_id, {self.org_id}",
                f"begin it with {self.org_id}-",
            )
        return self


class Ec2Stack(CloudStack):
    """An Anyscale cloud on EC2: its Terraform, with the outputs that registration needs.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: What it is made of.
    """

    config_type = Ec2Config

    def __init__(self, scope: Construct, name: str, config: Ec2Config) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.config = config
        self.external_id = config.external_id or f"{config.org_id}-{name}"
        self.add_provider("aws", region=config.region)
        self.registration = self._registration() if config.registration == "terraform" else None
        self.cloud_id = self.registration.cloud_id if self.registration else config.cloud_id

        self.vpc = self._vpc()
        self.security_group = self._security_group()
        self.bucket = self._bucket()
        self.iam = self._iam()
        if isinstance(config.bucket, BucketConfig):
            S3Policy(self, bucket=self.bucket, iam=self.iam, custom_s3_policy=config.bucket.custom_policy)
        self.efs = self._efs(config.efs) if config.efs else None
        self.memorydb = self._memorydb(config.memorydb) if config.memorydb else None

        self._add_outputs()

    def _registration(self) -> TerraformRegistration:
        config = self.config
        return TerraformRegistration(self, provider="AWS", region=config.region, networking_mode=config.networking_mode)

    def _vpc(self) -> Vpc | ExistingVpc:
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            return vpc
        return Vpc(
            self,
            networking_mode=self.config.networking_mode,
            availability_zone_count=vpc.availability_zone_count,
            anyscale_cloud_id=self.cloud_id,
            anyscale_vpc_name=vpc.name or self.name,
            cidr_block=vpc.cidr_block,
            availability_zones=vpc.availability_zones or None,
            public_subnets=vpc.public_subnets,
            private_subnets=vpc.private_subnets,
            enable_vpc_flow_logs=vpc.flow_logs or None,
            tags=self._tags(vpc.tags),
        )

    def _security_group(self) -> SecurityGroups | ExistingSecurityGroup:
        group = self.config.security_group
        if isinstance(group, ExistingSecurityGroup):
            return group
        rules = [
            {k: str(v) for k, v in rule.model_dump(exclude_none=True).items()}
            | {"cidr_blocks": ",".join(rule.cidr_blocks)}
            for rule in group.ingress_rules
        ]
        return SecurityGroups(
            self,
            vpc=self.vpc,
            ingress_cidr_blocks=group.ingress_cidr_blocks,
            enable_ssh_access=group.enable_ssh_access,
            ingress_from_cidr_map=rules or None,
            anyscale_cloud_id=self.cloud_id,
            security_group_name_prefix=f"{self.config.name_prefix}nodes-",
            machine_pool_cidr_ranges=group.machine_pool_cidr_ranges or None,
            machine_pool_security_group_name_prefix=f"{self.config.name_prefix}machine-pool-"
            if group.machine_pool_cidr_ranges
            else None,
            tags=self._tags(group.tags),
        )

    def _bucket(self) -> S3 | ExistingBucket:
        bucket = self.config.bucket
        if isinstance(bucket, ExistingBucket):
            return bucket
        return S3(
            self,
            kms_key_arn=self.config.kms_key_arn,
            anyscale_cloud_id=self.cloud_id,
            anyscale_bucket_name=bucket.name,
            anyscale_bucket_prefix=None if bucket.name else self.config.name_prefix,
            force_destroy=bucket.force_destroy or None,
            object_versioning=bucket.object_versioning or None,
            lifecycle_rule=bucket.lifecycle_rules or None,
            tags=self._tags(bucket.tags),
        )

    def _iam(self) -> Iam | ExistingRoles:
        iam, prefix = self.config.iam, self.config.name_prefix
        if iam.control_plane_role_arn and iam.cluster_node_role_arn:
            return iam
        return Iam(
            self,
            bucket=self.bucket,
            existing=iam,
            anyscale_cloud_id=self.cloud_id,
            anyscale_org_id=self.config.org_id,
            anyscale_external_id=self.external_id,
            role_permissions_boundary_arn=iam.permissions_boundary_arn,
            anyscale_access_role_name=iam.control_plane_role_name,
            anyscale_access_role_name_prefix=f"{prefix}control-plane-",
            anyscale_cluster_node_role_name=iam.cluster_node_role_name,
            anyscale_cluster_node_role_name_prefix=f"{prefix}node-",
            create_cluster_node_cloudwatch_policy=iam.cluster_node_cloudwatch_policy or None,
            anyscale_cluster_node_managed_policy_arns=iam.cluster_node_managed_policy_arns or None,
            anyscale_cluster_node_custom_policy=_json(iam.cluster_node_custom_policy),
            anyscale_cluster_node_byod_secret_arns=iam.cluster_node_secret_arns or None,
            anyscale_cluster_node_byod_secret_kms_arn=iam.cluster_node_secret_kms_key_arn,
            tags=self._tags(iam.tags),
        )

    def _efs(self, efs: EfsConfig) -> Efs:
        return Efs(
            self,
            vpc=self.vpc,
            security_group=self.security_group,
            anyscale_cloud_id=self.cloud_id,
            anyscale_efs_name=efs.name or self.name,
            kms_key_arn=self.config.kms_key_arn,
            access_points=efs.access_points or None,
            tags=self._tags(efs.tags),
        )

    def _memorydb(self, memorydb: MemoryDbConfig) -> MemoryDb:
        users = None
        if memorydb.users:
            passwords = self.add_secret(
                "memorydb_passwords",
                "map(list(string))",
                "Passwords of MemoryDB's users, one or two each, by user name.",
            )
            users = {
                name: {"user_name": name, "access_string": user.access_string, "passwords": passwords[name]}
                for name, user in memorydb.users.items()
            }
        return MemoryDb(
            self,
            vpc=self.vpc,
            security_group=self.security_group,
            anyscale_cloud_id=self.cloud_id,
            anyscale_memorydb_name=memorydb.name,
            memorydb_kms_key_arn=self.config.kms_key_arn,
            memorydb_node_type=memorydb.node_type,
            memorydb_num_shards=memorydb.num_shards,
            memorydb_num_replicas_per_shard=memorydb.num_replicas_per_shard,
            memorydb_snapshot_retention_limit=memorydb.snapshot_retention_limit,
            create_memorydb_users=True if users else None,
            memorydb_users=users,
            create_memorydb_acl=True if users else None,
            existing_memorydb_acl_name=None if users else "open-access",
            tags=self._tags(memorydb.tags),
        )

    def _tags(self, own: Tags) -> Tags:
        return self.config.standard_tags(self.cloud_id) | self.config.tags | own

    def _add_outputs(self) -> None:
        """Upstream's own root output names, and the resource file; inputs stand in where something existed."""
        vpc, bucket, iam, efs, memorydb = self.vpc, self.bucket, self.iam, self.efs, self.memorydb
        outputs: dict[str, Any] = {
            "anyscale_org_id": self.config.org_id,
            "anyscale_vpc_id": vpc.vpc_id,
            "anyscale_s3_bucket_id": bucket.s3_bucket_id,
            "anyscale_security_group_id": self.security_group.security_group_id,
            "anyscale_iam_role_arn": iam.control_plane_role_arn,
            "anyscale_iam_role_external_id": self.external_id,
            "anyscale_iam_role_cluster_node_arn": iam.cluster_node_role_arn,
            "anyscale_iam_instance_profile_role_arn": iam.cluster_node_instance_profile_arn,
        }
        if isinstance(vpc, Vpc):
            outputs |= {
                "anyscale_vpc_public_routetable_ids": vpc.public_route_table_ids,
                "anyscale_vpc_public_subnet_ids": vpc.public_subnet_ids,
                "anyscale_vpc_public_subnet_ids_az_map": vpc.public_subnet_ids_az_map,
                "anyscale_vpc_private_routetable_ids": vpc.private_route_table_ids,
                "anyscale_vpc_private_subnet_ids": vpc.private_subnet_ids,
                "anyscale_vpc_private_subnet_ids_az_map": vpc.private_subnet_ids_az_map,
            }
        if efs:
            outputs |= {
                "anyscale_efs_id": efs.efs_id,
                "anyscale_efs_arn": efs.efs_arn,
                "anyscale_efs_mount_target_ids": efs.efs_mount_target_ids,
                "anyscale_efs_mount_target_ips": efs.efs_mount_target_ips,
            }
        if memorydb:
            outputs |= {
                "anyscale_memorydb_cluster_id": memorydb.memorydb_cluster_id,
                "anyscale_memorydb_cluster_arn": memorydb.memorydb_cluster_arn,
                "anyscale_memorydb_cluster_endpoint_address": memorydb.memorydb_cluster_endpoint_address,
                "anyscale_memorydb_cluster_endpoint_port": memorydb.memorydb_cluster_endpoint_port,
            }
        resource = self._resource()
        self.add_cloud_outputs(outputs, resource)
        if self.registration:
            self.registration.add_resource(resource)

    def _resource(self) -> CloudResource:
        config = self.config
        bucket_region = config.bucket.region if isinstance(config.bucket, ExistingBucket) else None
        return CloudResource(
            name=f"vm-aws-{config.region}",
            provider="AWS",
            compute_stack="VM",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(
                bucket_name="s3://" + self.bucket.s3_bucket_id, region=bucket_region or config.region
            ),
            file_storage=FileStorage(file_storage_id=self.efs.efs_id) if self.efs else None,
            aws_config=AwsConfig(
                vpc_id=self.vpc.vpc_id,
                subnet_ids=self.vpc.node_subnet_ids,
                security_group_ids=[self.security_group.security_group_id],
                anyscale_iam_role_id=self.iam.control_plane_role_arn,
                external_id=self.external_id,
                cluster_iam_role_id=self.iam.cluster_node_role_arn,
                cluster_instance_profile_id=self.iam.cluster_node_instance_profile_arn,
                memorydb_cluster_name=self.memorydb.name if self.memorydb else None,
            ),
        )


def _json(document: PolicyDocument | None) -> str | None:
    return None if document is None else json.dumps(document, sort_keys=True)
