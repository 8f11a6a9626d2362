"""The base of all kinds of clouds on AWS."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from anyscale_constructs.aws.efs import Efs, EfsData, ExistingEfs
from anyscale_constructs.aws.kms import add_kms_key, add_kms_key_policy
from anyscale_constructs.aws.memorydb import ExistingMemoryDb, MemoryDb, MemoryDbData
from anyscale_constructs.aws.policies import Statement
from anyscale_constructs.aws.regions import REGIONS
from anyscale_constructs.aws.s3 import S3, ExistingBucket
from anyscale_constructs.aws.securitygroups import ExistingSecurityGroup, SecurityGroups
from anyscale_constructs.aws.types import Tags
from anyscale_constructs.aws.vpc import ExistingVpc, Vpc
from anyscale_constructs.clouds.aws_config import AwsCloudConfig
from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.config.types import NetworkingMode
from anyscale_constructs.expressions import Expr, is_one_of, merge, unless
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.registration.resource import ObjectStorage
from anyscale_constructs.terraform.resource import Resource

FIXED_NAME = Rule(
    "fixed-name",
    "warning",
    "An upstream module sets the name and has no input for it, so an account policy that requires a prefix denies it.",
)
ANY_ACCOUNT = Rule(
    "account-not-named",
    "note",
    "Terraform uses whichever account the credentials belong to, which could be the wrong one.",
)

_NFS = 2049

C = TypeVar("C", bound=AwsCloudConfig)


class AwsCloud(Cloud[C]):
    """An Anyscale cloud on AWS.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    provider = "AWS"
    kms_key: Resource | None = None
    vpc: Vpc | ExistingVpc
    bucket: S3 | ExistingBucket
    efs: Efs | EfsData | None = None
    memorydb: MemoryDb | MemoryDbData | None = None
    security_group: SecurityGroups | ExistingSecurityGroup | None
    """The nodes' security group; None for an existing EKS cluster without one, which has no new EFS or MemoryDB."""

    def add_providers(self) -> None:
        """Configures the provider aws."""
        provider = self.config.provider
        self.add_provider("aws", region=self.config.region, **provider.arguments())
        if provider.assume_role is None and is_one_of(provider.allowed_account_ids, []):
            self.report(
                Finding(
                    "no account is set, so Terraform uses whichever account the credentials belong to",
                    "set provider.allowed_account_ids to this cloud's account",
                    rule=ANY_ACCOUNT,
                    key=("provider", "allowed_account_ids"),
                )
            )
        self.warn_of_region(self.config.region, REGIONS)

    def report_fixed_name(self, what: str, fix: str, key: str) -> None:
        """Reports a name that cannot begin with the prefix.

        Args:
            what: The resource and its name.
            fix: How to avoid the resource.
            key: The configuration key that creates the resource, with dots.
        """
        self.report(
            Finding(
                f"{what} does not begin with name_prefix",
                f"{fix}, or allow the name in the account's policies",
                rule=FIXED_NAME,
                key=tuple(key.split(".")),
            )
        )

    def add_kms_key(self) -> Resource | None:
        """Adds a KMS key for the cloud's resources, if configured."""
        key = self.config.kms_key
        if key is None:
            return None
        alias = f"alias/{self.config.name_prefix}{self.name}"
        description = f"Encrypts the Anyscale cloud {self.name}"
        return add_kms_key(self, "this", key, alias=alias, description=description, tags=self.tags(key.tags))

    def add_kms_key_policy(self, users: Mapping[str, Sequence[Statement]]) -> None:
        """Adds the policy of the cloud's own KMS key, if it has one.

        Args:
            users: The statements for each role that uses the key, by the role's ARN.
        """
        if self.kms_key is not None and self.config.kms_key is not None:
            add_kms_key_policy(
                self,
                self.kms_key,
                region=self.config.region,
                administrator_arns=self.config.kms_key.administrator_arns,
                users=users,
            )

    @property
    def own_kms_key_arn(self) -> Expr | None:
        """The ARN of the KMS key that the cloud creates; None if it creates none."""
        return None if self.kms_key is None else self.kms_key.attribute("arn")

    @property
    def kms_key_arn(self) -> str | None:
        """The ARN of the KMS key for new resources, new or existing; None for the services' default keys."""
        return self.config.kms_key_arn if self.kms_key is None else self.own_kms_key_arn

    def add_vpc(self) -> Vpc | ExistingVpc:
        """Adds the VPC, unless the configuration names an existing one."""
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            if vpc.warning:
                self.report(vpc.warning)
            if not is_one_of(vpc.s3_endpoint_route_table_ids, []):
                arguments = {
                    "vpc_id": vpc.vpc_id,
                    "service_name": f"com.amazonaws.{self.config.region}.s3",
                    "vpc_endpoint_type": "Gateway",
                    "route_table_ids": vpc.s3_endpoint_route_table_ids,
                    "tags": merge({"Name": f"{self.config.default_name(self.name)}-s3"}, self.tags()),
                }
                Resource(self, "aws_vpc_endpoint", "s3", arguments)
            return vpc
        public_subnet_tags, private_subnet_tags = self.subnet_tags()
        log_group = None
        if self.config.prefix_all_names and not is_one_of(vpc.flow_logs, False):
            log_group = f"{self.config.name_prefix}flow-logs-"
            self.report_fixed_name(
                "the name of the IAM policy for flow logs, vpc-flow-log-to-cloudwatch-*,",
                "set vpc.flow_logs to false",
                "vpc.flow_logs",
            )
        with self.configured_by("vpc", anyscale_vpc_name="vpc.name", enable_vpc_flow_logs="vpc.flow_logs"):
            made = Vpc(
                self,
                networking_mode=self.node_networking_mode(),
                availability_zone_count=vpc.availability_zone_count,
                subnet_places=vpc.subnet_places,
                anyscale_cloud_id=self.cloud_id,
                anyscale_vpc_name=self.config.default_name(self.name) if vpc.name is None else vpc.name,
                cidr_block=vpc.cidr_block,
                availability_zones=vpc.availability_zones or None,
                public_subnets=vpc.public_subnets,
                private_subnets=vpc.private_subnets,
                enable_vpc_flow_logs=unless(vpc.flow_logs, False),
                flow_log_cloudwatch_log_group_name_prefix=log_group,
                flow_log_cloudwatch_log_group_name_suffix=log_group and self.name,
                tags=self.tags(vpc.tags),
                public_subnet_tags=public_subnet_tags,
                private_subnet_tags=private_subnet_tags,
            )
        if made.inputs["existing_vpc_id"] is None:
            # AWS puts resources without a security group in this one, and by default it allows all egress.
            arguments = {"vpc_id": made.vpc_id, "ingress": [], "egress": [], "tags": self.tags(vpc.tags)}
            Resource(self, "aws_default_security_group", "this", arguments)
        return made

    @abstractmethod
    def node_networking_mode(self) -> NetworkingMode:
        """Returns PUBLIC if nodes are in public subnets, PRIVATE if they are in private subnets."""

    def subnet_tags(self) -> tuple[Tags | None, Tags | None]:
        """Returns additional tags of new public subnets and of new private subnets."""
        return None, None

    def add_bucket(self) -> S3 | ExistingBucket:
        """Adds the bucket, unless the configuration names an existing one."""
        bucket = self.config.bucket
        if isinstance(bucket, ExistingBucket):
            return bucket
        with self.configured_by(
            "bucket",
            anyscale_bucket_name="bucket.name",
            anyscale_bucket_prefix="name_prefix",
            lifecycle_rule="bucket.lifecycle_rules",
            server_side_encryption=("kms_key_arn", "kms_key"),
        ):
            return S3(
                self,
                kms_key_arn=self.kms_key_arn,
                anyscale_cloud_id=self.cloud_id,
                anyscale_bucket_name=bucket.name,
                anyscale_bucket_prefix=self.config.name_prefix if bucket.name is None else None,
                force_destroy=unless(bucket.force_destroy, False),
                object_versioning=unless(bucket.object_versioning, False),
                lifecycle_rule=unless(bucket.lifecycle_rules, []),
                tags=self.tags(bucket.tags),
            )

    def admit_nodes(self, id: str, security_group_id: str | None, port: int | Expr) -> None:
        """Lets the nodes reach an existing resource, with a rule in its security group.

        Args:
            id: The rule's ID in the stack.
            security_group_id: The resource's security group. If None, no rule is added.
            port: The TCP port.
        """
        if security_group_id is not None and self.security_group is not None:
            arguments = {
                "security_group_id": security_group_id,
                "referenced_security_group_id": self.security_group.security_group_id,
                "ip_protocol": "tcp",
                "from_port": port,
                "to_port": port,
                "description": f"Nodes of {self.name}",
                "tags": self.tags(),
            }
            Resource(self, "aws_vpc_security_group_ingress_rule", id, arguments)

    def add_efs(self) -> Efs | EfsData | None:
        """Adds the shared file system, if configured; reads an existing one."""
        efs = self.config.efs
        if isinstance(efs, ExistingEfs):
            self.admit_nodes("efs", efs.security_group_id, _NFS)
            return EfsData(self, efs_id=efs.efs_id)
        if efs is None or self.security_group is None:
            return None
        with self.configured_by("efs", anyscale_efs_name="efs.name"):
            return Efs(
                self,
                vpc=self.vpc,
                security_group=self.security_group,
                anyscale_cloud_id=self.cloud_id,
                anyscale_efs_name=self.config.default_name(self.name) if efs.name is None else efs.name,
                kms_key_arn=self.kms_key_arn,
                access_points=unless(efs.access_points, {}),
                tags=self.tags(efs.tags),
            )

    def add_memorydb(self) -> MemoryDb | MemoryDbData | None:
        """Adds MemoryDB for head node fault tolerance, if configured; reads an existing cluster."""
        memorydb = self.config.memorydb
        if isinstance(memorydb, ExistingMemoryDb):
            there = MemoryDbData(self, cluster_name=memorydb.cluster_name)
            self.admit_nodes("memorydb", memorydb.security_group_id, there.port)
            return there
        if memorydb is None or self.security_group is None:
            return None
        name = self.config.default_name(self.name) if self.config.prefix_all_names else None
        users = None
        if memorydb.users:
            passwords = self.add_secret(
                "memorydb_passwords",
                "map(list(string))",
                "Passwords of MemoryDB's users, by user name: one or two for each user.",
            )
            users = {
                name: {"user_name": name, "access_string": user.access_string, "passwords": passwords[name]}
                for name, user in memorydb.users.items()
            }
        with self.configured_by(
            "memorydb",
            anyscale_memorydb_name=("memorydb.name", "prefix_all_names"),
            memorydb_acl_name="prefix_all_names",
            memorydb_parameter_group_name="prefix_all_names",
            memorydb_subnet_group_name="prefix_all_names",
            memorydb_kms_key_arn=("kms_key_arn", "kms_key"),
            memorydb_node_type="memorydb.node_type",
            memorydb_num_shards="memorydb.num_shards",
            memorydb_num_replicas_per_shard="memorydb.num_replicas_per_shard",
            memorydb_snapshot_retention_limit="memorydb.snapshot_retention_limit",
            create_memorydb_users="memorydb.users",
            memorydb_users="memorydb.users",
            create_memorydb_acl="memorydb.users",
            existing_memorydb_acl_name="memorydb.users",
            availability_zones=("vpc.availability_zones", "vpc.availability_zone_count", "vpc.subnet_ids_to_az"),
        ):
            return MemoryDb(
                self,
                vpc=self.vpc,
                security_group=self.security_group,
                region=self.config.region,
                anyscale_cloud_id=self.cloud_id,
                anyscale_memorydb_name=name if memorydb.name is None else memorydb.name,
                memorydb_acl_name=name,
                memorydb_parameter_group_name=name,
                memorydb_subnet_group_name=name,
                memorydb_kms_key_arn=self.kms_key_arn,
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
        """Returns the tags of a resource: Anyscale's, the cloud's, and its own."""
        return merge(self.config.standard_tags(self.cloud_id), self.config.tags, {} if own is None else own)

    def object_storage(self) -> ObjectStorage:
        """Returns the bucket to register."""
        own = self.bucket.region if isinstance(self.bucket, ExistingBucket) else None
        region = self.config.region if own is None else own
        return ObjectStorage(bucket_name="s3://" + self.bucket.s3_bucket_id, region=region)

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the names of upstream's root module; configured values for what exists already."""
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
            outputs["anyscale_efs_id"] = efs.efs_id
        if isinstance(efs, Efs):
            outputs |= {
                "anyscale_efs_arn": efs.efs_arn,
                "anyscale_efs_mount_target_ids": efs.efs_mount_target_ids,
                "anyscale_efs_mount_target_ips": efs.efs_mount_target_ips,
            }
        if memorydb := self.memorydb:
            outputs["anyscale_memorydb_cluster_id"] = memorydb.name
        if isinstance(memorydb, MemoryDb):
            outputs |= {
                "anyscale_memorydb_cluster_arn": memorydb.memorydb_cluster_arn,
                "anyscale_memorydb_cluster_endpoint_address": memorydb.memorydb_cluster_endpoint_address,
                "anyscale_memorydb_cluster_endpoint_port": memorydb.memorydb_cluster_endpoint_port,
            }
        return outputs
