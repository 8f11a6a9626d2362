"""What all kinds of clouds on AWS have in common."""

from abc import abstractmethod
from typing import Any, TypeVar

from anyscale_constructs.aws.config import AwsCloudConfig, Tags
from anyscale_constructs.aws.efs import Efs
from anyscale_constructs.aws.memorydb import MemoryDb
from anyscale_constructs.aws.regions import REGIONS
from anyscale_constructs.aws.s3 import S3, ExistingBucket
from anyscale_constructs.aws.securitygroups import ExistingSecurityGroup, SecurityGroups
from anyscale_constructs.aws.vpc import ExistingVpc, Vpc
from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.config.types import NetworkingMode
from anyscale_constructs.engine import Annotations
from anyscale_constructs.expressions import Expr, is_one_of, merge, unless

C = TypeVar("C", bound=AwsCloudConfig)


class AwsCloud(Cloud[C]):
    """An Anyscale cloud on AWS.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    provider = "AWS"
    vpc: Vpc | ExistingVpc
    bucket: S3 | ExistingBucket
    efs: Efs | None = None
    memorydb: MemoryDb | None = None
    security_group: SecurityGroups | ExistingSecurityGroup | None
    """The nodes' security group; None in an existing EKS cluster that names none, which has no EFS and no MemoryDB."""

    def add_providers(self) -> None:
        """Configures the provider aws."""
        provider = self.config.provider
        self.add_provider("aws", region=self.config.region, **provider.arguments())
        if provider.assume_role is None and is_one_of(provider.allowed_account_ids, []):
            self.add_note(
                "provider.allowed_account_ids is empty: with the credentials of another account, Terraform would work "
                "there. To mend it: set it to this cloud's account"
            )
        self.warn_of_region(self.config.region, REGIONS)

    def add_vpc(self) -> Vpc | ExistingVpc:
        """Adds the VPC, unless it exists."""
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            if vpc.warning:
                Annotations.of(self).add_warning(str(vpc.warning))
            return vpc
        public_subnet_tags, private_subnet_tags = self.subnet_tags()
        return Vpc(
            self,
            networking_mode=self.node_networking_mode(),
            availability_zone_count=vpc.availability_zone_count,
            subnet_places=vpc.subnet_places,
            anyscale_cloud_id=self.cloud_id,
            anyscale_vpc_name=self.name if vpc.name is None else vpc.name,
            cidr_block=vpc.cidr_block,
            availability_zones=vpc.availability_zones or None,
            public_subnets=vpc.public_subnets,
            private_subnets=vpc.private_subnets,
            enable_vpc_flow_logs=unless(vpc.flow_logs, False),
            tags=self.tags(vpc.tags),
            public_subnet_tags=public_subnet_tags,
            private_subnet_tags=private_subnet_tags,
        )

    @abstractmethod
    def node_networking_mode(self) -> NetworkingMode:
        """PUBLIC: nodes are in public subnets. PRIVATE: in private ones."""

    def subnet_tags(self) -> tuple[Tags | None, Tags | None]:
        """Tags of the new public and of the new private subnets, beside the cloud's."""
        return None, None

    def add_bucket(self) -> S3 | ExistingBucket:
        """Adds the bucket, unless it exists."""
        bucket = self.config.bucket
        if isinstance(bucket, ExistingBucket):
            return bucket
        return S3(
            self,
            kms_key_arn=self.config.kms_key_arn,
            anyscale_cloud_id=self.cloud_id,
            anyscale_bucket_name=bucket.name,
            anyscale_bucket_prefix=self.config.name_prefix if bucket.name is None else None,
            force_destroy=unless(bucket.force_destroy, False),
            object_versioning=unless(bucket.object_versioning, False),
            lifecycle_rule=unless(bucket.lifecycle_rules, []),
            tags=self.tags(bucket.tags),
        )

    def add_efs(self) -> Efs | None:
        """Adds the shared file system, if the configuration has one."""
        efs = self.config.efs
        if efs is None or self.security_group is None:
            return None
        return Efs(
            self,
            vpc=self.vpc,
            security_group=self.security_group,
            anyscale_cloud_id=self.cloud_id,
            anyscale_efs_name=self.name if efs.name is None else efs.name,
            kms_key_arn=self.config.kms_key_arn,
            access_points=unless(efs.access_points, {}),
            tags=self.tags(efs.tags),
        )

    def add_memorydb(self) -> MemoryDb | None:
        """Adds the Redis for head node fault tolerance, if the configuration has one."""
        memorydb = self.config.memorydb
        if memorydb is None or self.security_group is None:
            return None
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
            region=self.config.region,
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
            tags=self.tags(memorydb.tags),
        )

    def tags(self, own: Tags | Expr | None = None) -> Tags | Expr:
        """The tags of a part: Anyscale's, the cloud's, and its own."""
        return merge(self.config.standard_tags(self.cloud_id), self.config.tags, {} if own is None else own)

    def cloud_outputs(self) -> dict[str, Any]:
        """Upstream's own root output names; inputs stand in where something existed."""
        vpc = self.vpc
        outputs: dict[str, Any] = {
            "anyscale_org_id": self.config.org_id,
            "anyscale_vpc_id": vpc.vpc_id,
            "anyscale_s3_bucket_id": self.bucket.s3_bucket_id,
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
        if efs := self.efs:
            outputs |= {
                "anyscale_efs_id": efs.efs_id,
                "anyscale_efs_arn": efs.efs_arn,
                "anyscale_efs_mount_target_ids": efs.efs_mount_target_ids,
                "anyscale_efs_mount_target_ips": efs.efs_mount_target_ips,
            }
        if memorydb := self.memorydb:
            outputs |= {
                "anyscale_memorydb_cluster_id": memorydb.memorydb_cluster_id,
                "anyscale_memorydb_cluster_arn": memorydb.memorydb_cluster_arn,
                "anyscale_memorydb_cluster_endpoint_address": memorydb.memorydb_cluster_endpoint_address,
                "anyscale_memorydb_cluster_endpoint_port": memorydb.memorydb_cluster_endpoint_port,
            }
        return outputs
