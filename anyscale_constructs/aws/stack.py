"""What the stacks of all kinds of AWS clouds make in the same way."""

from typing import Any

from anyscale_constructs.aws.config import AwsCloudConfig, EfsConfig, MemoryDbConfig, PlainBucketConfig, Tags
from anyscale_constructs.aws.efs import Efs
from anyscale_constructs.aws.memorydb import MemoryDb
from anyscale_constructs.aws.s3 import S3, ExistingBucket
from anyscale_constructs.aws.securitygroups import ExistingSecurityGroup, SecurityGroups
from anyscale_constructs.aws.vpc import ExistingVpc, Vpc
from anyscale_constructs.core import regions
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.core.types import NetworkingMode
from anyscale_constructs.engine import Annotations, Construct
from anyscale_constructs.expressions import Expr, merge, unless


class AwsStack(CloudStack):
    """The base of AWS clouds.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: What it is made of.
    """

    def __init__(self, scope: Construct, name: str, config: AwsCloudConfig) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.config = config
        self.cloud_id: str | None = config.cloud_id
        self.add_provider("aws", region=config.region)
        self.warn_of_region(config.region, regions.AWS)
        self.efs: Efs | None = None
        self.memorydb: MemoryDb | None = None

    def _make_vpc(
        self,
        networking_mode: NetworkingMode,
        public_subnet_tags: Tags | None = None,
        private_subnet_tags: Tags | None = None,
    ) -> Vpc | ExistingVpc:
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            if vpc.warning:
                Annotations.of(self).add_warning(str(vpc.warning))
            return vpc
        return Vpc(
            self,
            networking_mode=networking_mode,
            availability_zone_count=vpc.availability_zone_count,
            subnet_places=vpc.subnet_places,
            anyscale_cloud_id=self.cloud_id,
            anyscale_vpc_name=self.name if vpc.name is None else vpc.name,
            cidr_block=vpc.cidr_block,
            availability_zones=vpc.availability_zones or None,
            public_subnets=vpc.public_subnets,
            private_subnets=vpc.private_subnets,
            enable_vpc_flow_logs=unless(vpc.flow_logs, False),
            tags=self._tags(vpc.tags),
            public_subnet_tags=public_subnet_tags,
            private_subnet_tags=private_subnet_tags,
        )

    def _make_bucket(self, bucket: PlainBucketConfig | ExistingBucket) -> S3 | ExistingBucket:
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
            tags=self._tags(bucket.tags),
        )

    def _make_stores(self, vpc: Vpc | ExistingVpc, group: SecurityGroups | ExistingSecurityGroup) -> None:
        """Makes the shared file system and the Redis, if they are wanted."""
        self.efs = self._efs(self.config.efs, vpc, group) if self.config.efs else None
        self.memorydb = self._memorydb(self.config.memorydb, vpc, group) if self.config.memorydb else None

    def _efs(self, efs: EfsConfig, vpc: Vpc | ExistingVpc, group: SecurityGroups | ExistingSecurityGroup) -> Efs:
        return Efs(
            self,
            vpc=vpc,
            security_group=group,
            anyscale_cloud_id=self.cloud_id,
            anyscale_efs_name=self.name if efs.name is None else efs.name,
            kms_key_arn=self.config.kms_key_arn,
            access_points=unless(efs.access_points, {}),
            tags=self._tags(efs.tags),
        )

    def _memorydb(
        self, memorydb: MemoryDbConfig, vpc: Vpc | ExistingVpc, group: SecurityGroups | ExistingSecurityGroup
    ) -> MemoryDb:
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
            vpc=vpc,
            security_group=group,
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
            tags=self._tags(memorydb.tags),
        )

    def _tags(self, own: Tags | Expr) -> Tags | Expr:
        return merge(self.config.standard_tags(self.cloud_id), self.config.tags, own)

    def _common_outputs(self, vpc: Vpc | ExistingVpc, bucket: S3 | ExistingBucket) -> dict[str, Any]:
        """Upstream's own root output names; inputs stand in where something existed."""
        outputs: dict[str, Any] = {
            "anyscale_org_id": self.config.org_id,
            "anyscale_vpc_id": vpc.vpc_id,
            "anyscale_s3_bucket_id": bucket.s3_bucket_id,
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
