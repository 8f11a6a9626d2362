"""An Anyscale cloud on EC2: read it from top to bottom, copy it, change it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws import ExistingBucket, ExistingRoles, ExistingSecurityGroup, Iam, S3Policy, SecurityGroups
from anyscale_constructs.aws.config import (
    AwsCloudConfig,
    BucketConfig,
    IamConfig,
    SecurityGroupConfig,
    VpcConfig,
)
from anyscale_constructs.aws.iam import document_text
from anyscale_constructs.aws.stack import AwsStack
from anyscale_constructs.core.model import ExistingIf, refuse
from anyscale_constructs.core.types import ExternalId, Known, NetworkingMode
from anyscale_constructs.core.values import texts
from anyscale_constructs.engine import Annotations, Construct
from anyscale_constructs.expressions import is_one_of, is_unresolved, unless
from anyscale_constructs.registration.in_stack import StackRegistration
from anyscale_constructs.registration.resource import AwsConfig, CloudResource, FileStorage, ObjectStorage


class Ec2Config(AwsCloudConfig):
    """An Anyscale cloud on EC2."""

    stack: Known[Literal["ec2"]] = "ec2"
    external_id: ExternalId | None = Field(default=None, description="Default: <org_id>-<stack name>.")
    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC", description="PUBLIC: nodes in public subnets. PRIVATE: nodes in private subnets behind NAT."
    )
    security_group: Annotated[SecurityGroupConfig | ExistingSecurityGroup, ExistingIf("security_group_id")] = Field(
        default_factory=SecurityGroupConfig
    )
    bucket: Annotated[BucketConfig | ExistingBucket, ExistingIf("bucket_name")] = Field(default_factory=BucketConfig)
    iam: IamConfig = Field(default_factory=IamConfig)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = isinstance(self.vpc, VpcConfig) and not is_one_of(self.vpc.private_subnets, None, [])
        if given and self.networking_mode == "PUBLIC":
            raise refuse(
                "networking_mode is PUBLIC, but vpc.private_subnets are given, where the nodes would be",
                "set networking_mode: PRIVATE, or leave vpc.private_subnets out",
            )
        external_id = self.external_id
        known = not is_unresolved([external_id, self.org_id])
        if external_id is not None and known and not external_id.startswith(f"{self.org_id}-"):
            raise refuse(
                f"external_id is {self.external_id}, of another organization than org_id, {self.org_id}",
                f"begin it with {self.org_id}-",
            )
        unused = isinstance(self.bucket, ExistingBucket) and not (self.efs or self.memorydb)
        if self.kms_key_arn is not None and unused:
            raise refuse(
                "kms_key_arn is for a new bucket, EFS or MemoryDB, and there is none of them",
                "leave it out; name the key of the existing bucket in bucket.kms_key_arn",
            )
        return self


class Ec2Stack(AwsStack):
    """An Anyscale cloud on EC2: its Terraform, with the outputs that registration needs.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: What it is made of.
    """

    config_type = Ec2Config
    config: Ec2Config

    def __init__(self, scope: Construct, name: str, config: Ec2Config) -> None:
        super().__init__(scope, name, config)
        self.external_id = f"{config.org_id}-{name}" if config.external_id is None else config.external_id
        self.registration = StackRegistration(self, config, "AWS")
        self.cloud_id = self.registration.cloud_id

        self.vpc = self._make_vpc(config.networking_mode)
        self.security_group = self._security_group()
        self.bucket = self._make_bucket(config.bucket)
        self.iam = self._iam()
        if isinstance(config.bucket, BucketConfig):
            S3Policy(self, bucket=self.bucket, iam=self.iam, custom_s3_policy=config.bucket.custom_policy)
        self._make_stores(self.vpc, self.security_group)

        self._add_outputs()

    def _security_group(self) -> SecurityGroups | ExistingSecurityGroup:
        group = self.config.security_group
        if isinstance(group, ExistingSecurityGroup):
            return group
        pool = unless(group.machine_pool_cidr_ranges, [])
        return SecurityGroups(
            self,
            vpc=self.vpc,
            ingress_cidr_blocks=group.ingress_cidr_blocks,
            enable_ssh_access=group.enable_ssh_access,
            ingress_from_cidr_map=[texts(rule) for rule in group.ingress_rules] or None,
            anyscale_cloud_id=self.cloud_id,
            security_group_name_prefix=f"{self.config.name_prefix}nodes-",
            machine_pool_cidr_ranges=pool,
            machine_pool_security_group_name_prefix=None if pool is None else f"{self.config.name_prefix}machine-pool-",
            tags=self._tags(group.tags),
        )

    def _iam(self) -> Iam | ExistingRoles:
        iam, prefix = self.config.iam, self.config.name_prefix
        if iam.control_plane_role_arn is not None and iam.cluster_node_role_arn is not None:
            for warning in iam.must_use_keys(self.config.kms_key_arn, self.bucket.kms_key_arn):
                Annotations.of(self).add_warning(str(warning))
            return iam
        return Iam(
            self,
            bucket=self.bucket,
            existing=iam,
            kms_key_arn=self.config.kms_key_arn,
            anyscale_cloud_id=self.cloud_id,
            anyscale_org_id=self.config.org_id,
            anyscale_external_id=self.external_id,
            role_permissions_boundary_arn=iam.permissions_boundary_arn,
            anyscale_access_role_name=iam.control_plane_role_name,
            anyscale_access_role_name_prefix=f"{prefix}control-plane-",
            anyscale_cluster_node_role_name=iam.cluster_node_role_name,
            anyscale_cluster_node_role_name_prefix=f"{prefix}node-",
            create_cluster_node_cloudwatch_policy=unless(iam.cluster_node_cloudwatch_policy, False),
            anyscale_cluster_node_managed_policy_arns=unless(iam.cluster_node_managed_policy_arns, []),
            anyscale_cluster_node_custom_policy=document_text(iam.cluster_node_custom_policy),
            anyscale_cluster_node_byod_secret_arns=unless(iam.cluster_node_secret_arns, []),
            anyscale_cluster_node_byod_secret_kms_arn=iam.cluster_node_secret_kms_key_arn,
            tags=self._tags(iam.tags),
        )

    def _add_outputs(self) -> None:
        """Upstream's own root output names, and the resource file; inputs stand in where something existed."""
        iam = self.iam
        outputs = self._common_outputs(self.vpc, self.bucket) | {
            "anyscale_security_group_id": self.security_group.security_group_id,
            "anyscale_iam_role_arn": iam.control_plane_role_arn,
            "anyscale_iam_role_external_id": self.external_id,
            "anyscale_iam_role_cluster_node_arn": iam.cluster_node_role_arn,
            "anyscale_iam_instance_profile_role_arn": iam.cluster_node_instance_profile_arn,
        }
        self.registration.finish(outputs, self._resource())

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
                bucket_name="s3://" + self.bucket.s3_bucket_id,
                region=config.region if bucket_region is None else bucket_region,
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
