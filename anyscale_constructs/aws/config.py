"""An AWS cloud's configuration: its sections, and what all kinds of AWS clouds have in common."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws.eks import ClusterName
from anyscale_constructs.aws.iam import ExistingRoles
from anyscale_constructs.aws.nodes import NodesConfig
from anyscale_constructs.aws.provider import AwsProviderConfig
from anyscale_constructs.aws.s3 import ExistingBucket
from anyscale_constructs.aws.subnets import Places
from anyscale_constructs.aws.types import (
    AvailabilityZone,
    AwsRegion,
    BucketName,
    KmsKeyArn,
    PolicyArn,
    RoleArn,
    SecretArn,
    TagKey,
)
from anyscale_constructs.aws.vpc import ExistingVpc
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import ExistingIf, Model, refuse
from anyscale_constructs.config.types import Cidr, InternetCidr, Known, OrExpr, TagValue
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.terraform.config import CloudConfig, IngressConfig, known_keys

Tags = dict[TagKey, TagValue]
PolicyDocument = dict[str, Any]


class VpcConfig(Model):
    """A new VPC."""

    name: str | None = Field(default=None, description="Default: the stack's name.")
    cidr_block: Cidr = "10.0.0.0/16"
    availability_zone_count: Known[int | None] = Field(default=None, ge=2, le=8, description="Default: 2.")
    availability_zones: list[AvailabilityZone] = Field(default_factory=list, description="Default: the region's first.")
    subnet_places: Known[Places | None] = Field(
        default=None,
        description="For how many zones the plan of the subnets has room. Zones can be added up to that number without "
        "moving a subnet; with 8 each subnet has half the size. Set it when the VPC is made: changing it later moves "
        "every subnet. Default: 4 for up to four zones, 8 for more, so the fifth zone moves every subnet.",
    )
    public_subnets: OrExpr[list[Cidr] | None] = Field(default=None, description="Default: planned inside cidr_block.")
    private_subnets: OrExpr[list[Cidr] | None] = Field(
        default=None, description="Default: planned, with networking_mode PRIVATE and on EKS."
    )
    flow_logs: OrExpr[bool] = Field(default=False, description="Whether CloudWatch gets the VPC's flow logs.")
    tags: OrExpr[Tags] = Field(default_factory=dict)


class IngressRule(Model):
    """One rule for traffic into the nodes."""

    cidr_blocks: OrExpr[list[Cidr]]
    rule: str | None = Field(
        default=None, description="A rule that upstream knows, e.g. https-443-tcp. Default: the ports."
    )
    from_port: OrExpr[int | None] = Field(default=None, ge=-1, le=65535)
    to_port: OrExpr[int | None] = Field(default=None, ge=-1, le=65535)
    protocol: OrExpr[Literal["tcp", "udp", "icmp", "icmpv6", "-1"] | None] = None
    description: str | None = None


class SecurityGroupConfig(IngressConfig):
    """A new security group for the nodes."""

    ingress_rules: list[IngressRule] = Field(default_factory=list, description="These replace the two above.")
    machine_pool_cidr_ranges: OrExpr[list[Cidr]] = Field(default_factory=list, max_length=2)
    tags: OrExpr[Tags] = Field(default_factory=dict)


class PlainBucketConfig(Model):
    """A new bucket of a Kubernetes cloud, which its own pods use."""

    name: BucketName | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    force_destroy: OrExpr[bool] = Field(
        default=False, description="Whether destroying the cloud deletes what is in the bucket."
    )
    object_versioning: OrExpr[bool] = False
    lifecycle_rules: OrExpr[list[OrExpr[dict[str, Any]]]] = Field(default_factory=list)
    tags: OrExpr[Tags] = Field(default_factory=dict)


class BucketConfig(PlainBucketConfig):
    """A new bucket, with a policy for the control plane's role and the nodes'."""

    custom_policy: OrExpr[PolicyDocument | None] = Field(
        default=None,
        description="Statements to add to the bucket's policy, whose Sids must not be AllowSSLRequestsOnly or "
        "AllowAnyscaleResources. Default: none; the policy always demands TLS and lets both roles use the bucket.",
    )


# What only a new role can take, by the key that names an existing one.
_FOR_NEW_ROLES = {
    "control_plane_role_arn": ("control_plane_role_name",),
    "cluster_node_role_arn": (
        "cluster_node_role_name",
        "cluster_node_cloudwatch_policy",
        "cluster_node_managed_policy_arns",
        "cluster_node_custom_policy",
        "cluster_node_secret_arns",
        "cluster_node_secret_kms_key_arn",
    ),
}


class IamConfig(ExistingRoles):
    """The roles: new ones, unless their ARNs are given."""

    control_plane_role_name: str | None = Field(default=None, description="Default: a unique one.")
    cluster_node_role_name: str | None = Field(default=None, description="Default: a unique one.")
    permissions_boundary_arn: PolicyArn | None = None
    cluster_node_cloudwatch_policy: OrExpr[bool] = Field(
        default=False, description="Whether nodes may write logs and metrics."
    )
    cluster_node_managed_policy_arns: OrExpr[list[PolicyArn]] = Field(default_factory=list)
    cluster_node_custom_policy: OrExpr[PolicyDocument | None] = None
    cluster_node_secret_arns: OrExpr[list[SecretArn]] = Field(
        default_factory=list, description="Secrets for images of your own."
    )
    cluster_node_secret_kms_key_arn: KmsKeyArn | None = None
    tags: OrExpr[Tags] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        roles = set(_FOR_NEW_ROLES)
        existing = {role for role in roles if getattr(self, role) is not None}
        idle = {name: role for role in existing for name in _FOR_NEW_ROLES[role]}
        if existing == roles:
            idle |= dict.fromkeys(("permissions_boundary_arn", "tags"), "cluster_node_role_arn")
        for name, role in idle.items():
            if not is_one_of(getattr(self, name), None, False, [], {}):
                raise refuse(f"{name} is for a new role, but {role} names an existing one", f"leave out {name}")
        if self.cluster_node_instance_profile_arn is not None and self.cluster_node_role_arn is None:
            raise refuse(
                "cluster_node_instance_profile_arn is given without its role", "give cluster_node_role_arn as well"
            )
        return self


class EfsConfig(Model):
    """A shared file system."""

    name: str | None = Field(default=None, description="Default: the stack's name.")
    access_points: OrExpr[dict[str, Any]] = Field(default_factory=dict)
    tags: OrExpr[Tags] = Field(default_factory=dict)


class MemoryDbUser(Model):
    """A user of MemoryDB; the passwords come from the sensitive variable memorydb_passwords."""

    access_string: str = "on ~* &* +@all"


class MemoryDbConfig(Model):
    """A Redis for Anyscale services."""

    name: str | None = Field(default=None, description="Default: a unique one.")
    node_type: str | None = Field(default=None, description="Default: db.t4g.small.")
    num_shards: OrExpr[int | None] = Field(default=None, ge=1, description="Ray works with one shard only. Default: 1.")
    num_replicas_per_shard: OrExpr[int | None] = Field(default=None, ge=0, le=5, description="At least 1. Default: 2.")
    snapshot_retention_limit: OrExpr[int | None] = Field(
        default=None, ge=0, le=35, description="Days. Default: no snapshots."
    )
    users: dict[str, MemoryDbUser] = Field(default_factory=dict, description="Default: open access inside the group.")
    tags: OrExpr[Tags] = Field(default_factory=dict)


class ClusterConfig(Model):
    """A new EKS cluster."""

    name: ClusterName | None = Field(default=None, description="Default: the stack's name.")
    kubernetes_version: str = "1.36"
    public_access_cidrs: list[InternetCidr] = Field(
        default_factory=list,
        description="Who may reach the cluster's API from the internet. Default: nobody; Terraform then has to run "
        "in one of private_access_cidrs.",
    )
    private_access_cidrs: OrExpr[list[Cidr] | None] = Field(
        default=None,
        description="Who may reach it inside the VPC or in a network that is connected with it. "
        "Default: all of a new VPC, nobody but the nodes of an existing one.",
    )
    administrator_arns: list[RoleArn] = Field(
        default_factory=list,
        description="Roles that may do anything, and nobody else: whoever applies both stacks must have one of them. "
        "Default: whoever applies this stack.",
    )
    nodes: NodesConfig = Field(default_factory=NodesConfig)
    tags: OrExpr[Tags] = Field(default_factory=dict)

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return self.nodes.gpus


class AwsCloudConfig(CloudConfig):
    """What all kinds of AWS clouds have in common."""

    region: AwsRegion
    name_prefix: str = Field(default="anyscale-", description="What the names of new resources begin with.")
    tags: OrExpr[Tags] = Field(default_factory=dict, description="For every resource.")
    kms_key_arn: KmsKeyArn | None = Field(
        default=None,
        description="For a new bucket, EFS, MemoryDB and Kubernetes secrets. New roles may use it; docs/encryption.md "
        "says what its own policy must allow. Default: AWS's own keys.",
    )
    vpc: Annotated[VpcConfig | ExistingVpc, ExistingIf("vpc_id")] = Field(default_factory=VpcConfig)
    bucket: Annotated[PlainBucketConfig | ExistingBucket, ExistingIf("bucket_name")] = Field(
        default_factory=PlainBucketConfig
    )
    efs: EfsConfig | None = Field(default=None, description="Default: no shared file system; {} makes one.")
    memorydb: MemoryDbConfig | None = Field(default=None, description="Default: no MemoryDB; {} makes one.")
    provider: AwsProviderConfig = Field(
        default_factory=AwsProviderConfig,
        description="Settings of Terraform's provider aws. Default: those of the environment.",
    )

    @model_validator(mode="after")
    def _tags_of_the_provider_are_not_the_clouds(self) -> Self:
        self.refuse_standard_tags("provider.default_tags", self.provider.default_tags)
        spelled: dict[str, str] = {}
        for name in [*known_keys(self.tags), *known_keys(self.provider.default_tags)]:
            if (other := spelled.setdefault(name.lower(), name)) != name and self.provider.default_tags:
                raise refuse(
                    f"provider.default_tags has {name} beside {other}, which IAM takes for one key",
                    "write both in the same case",
                )
        for name in self.provider.ignored(self.tag_keys()):
            raise refuse(
                f"provider.ignore_tags ignores {name}, which the cloud sets: every plan would change it again",
                "leave it out, or name longer prefixes",
            )
        return self

    def tag_keys(self) -> set[str]:
        """The keys of the tags that the cloud, its modules or its configuration set, as far as they are known."""
        return {*self.standard_tags(""), *_tag_keys(self), "Name"}

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        places = [("vpc's availability zone", zone, zone) for zone in self.vpc.availability_zones]
        if self.kms_key_arn is not None and not is_unresolved(self.kms_key_arn):
            places.append(("kms_key_arn", self.kms_key_arn, self.kms_key_arn.split(":")[3]))
        for what, value, place in places:
            if not regions.is_in(self.region, place):
                raise refuse(
                    f"{what} {value} is not in the cloud's region, {self.region}", f"take one in {self.region}"
                )
        return self


def _tag_keys(section: Model) -> Iterator[str]:
    for name, value in section:
        if isinstance(value, Model):
            yield from _tag_keys(value)
        elif name in ("tags", "default_tags"):
            yield from known_keys(value)
