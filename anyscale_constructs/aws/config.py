"""The sections of an AWS cloud's configuration."""

from typing import Any

from pydantic import Field

from anyscale_constructs.aws.iam import ExistingRoles
from anyscale_constructs.core.model import Model
from anyscale_constructs.core.types import Arn, AvailabilityZone, BucketName, Cidr, KmsKeyArn, TagValue

Tags = dict[str, TagValue]
PolicyDocument = dict[str, Any]


class VpcConfig(Model):
    """A new VPC."""

    name: str | None = Field(default=None, description="Default: the stack's name.")
    cidr_block: Cidr = "10.0.0.0/16"
    availability_zone_count: int | None = Field(default=None, ge=2, le=8, description="Default: 2.")
    availability_zones: list[AvailabilityZone] = Field(default_factory=list, description="Default: the region's first.")
    public_subnets: list[Cidr] | None = Field(default=None, description="Default: planned inside cidr_block.")
    private_subnets: list[Cidr] | None = Field(
        default=None, description="Default: planned, with networking_mode PRIVATE."
    )
    flow_logs: bool = Field(default=False, description="Whether CloudWatch gets the VPC's flow logs.")
    tags: Tags = Field(default_factory=dict)


class IngressRule(Model):
    """One rule for traffic into the nodes."""

    cidr_blocks: list[Cidr]
    rule: str | None = Field(
        default=None, description="A rule that upstream knows, e.g. https-443-tcp. Default: the ports."
    )
    from_port: int | None = None
    to_port: int | None = None
    protocol: str | None = None
    description: str | None = None


class SecurityGroupConfig(Model):
    """A new security group for the nodes."""

    ingress_cidr_blocks: list[Cidr] = Field(default_factory=list, description="Who may reach 443. Default: nobody.")
    enable_ssh_access: bool = Field(default=False, description="Whether the same ranges may reach port 22.")
    ingress_rules: list[IngressRule] = Field(default_factory=list, description="These replace the two above.")
    machine_pool_cidr_ranges: list[Cidr] = Field(default_factory=list, max_length=2)
    tags: Tags = Field(default_factory=dict)


class BucketConfig(Model):
    """A new bucket."""

    name: BucketName | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    force_destroy: bool = Field(
        default=False, description="Whether destroying the cloud deletes what is in the bucket."
    )
    object_versioning: bool = False
    lifecycle_rules: list[dict[str, Any]] = Field(default_factory=list)
    custom_policy: PolicyDocument | None = Field(default=None, description="Statements to add to the bucket's policy.")
    tags: Tags = Field(default_factory=dict)


class IamConfig(ExistingRoles):
    """The roles: new ones, unless their ARNs are given."""

    control_plane_role_name: str | None = Field(default=None, description="Default: a unique one.")
    cluster_node_role_name: str | None = Field(default=None, description="Default: a unique one.")
    permissions_boundary_arn: Arn | None = None
    cluster_node_cloudwatch_policy: bool = Field(default=False, description="Whether nodes may write logs and metrics.")
    cluster_node_managed_policy_arns: list[Arn] = Field(default_factory=list)
    cluster_node_custom_policy: PolicyDocument | None = None
    cluster_node_secret_arns: list[Arn] = Field(default_factory=list, description="Secrets for images of your own.")
    cluster_node_secret_kms_key_arn: KmsKeyArn | None = None
    tags: Tags = Field(default_factory=dict)


class EfsConfig(Model):
    """A shared file system."""

    name: str | None = Field(default=None, description="Default: the stack's name.")
    access_points: dict[str, Any] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)


class MemoryDbUser(Model):
    """A user of MemoryDB; the passwords come from the sensitive variable memorydb_passwords."""

    access_string: str = "on ~* &* +@all"


class MemoryDbConfig(Model):
    """A Redis for Anyscale services."""

    name: str | None = Field(default=None, description="Default: a unique one.")
    node_type: str | None = Field(default=None, description="Default: db.t4g.small.")
    num_shards: int | None = Field(default=None, ge=1, description="Default: 1.")
    num_replicas_per_shard: int | None = Field(default=None, ge=0, le=5, description="Default: 2.")
    snapshot_retention_limit: int | None = Field(default=None, ge=0, le=35, description="Days. Default: no snapshots.")
    users: dict[str, MemoryDbUser] = Field(default_factory=dict, description="Default: open access inside the group.")
    tags: Tags = Field(default_factory=dict)
