"""The sections of a Google cloud's configuration."""

from typing import Literal

from pydantic import Field

from anyscale_constructs.core.model import Model
from anyscale_constructs.core.types import Cidr, GcpResourceName
from anyscale_constructs.google.types import (
    BillingAccountId,
    CryptoKeyName,
    FolderId,
    GcsBucketName,
    InstanceId,
    Labels,
    OrganizationNumber,
    ProjectId,
    ProjectName,
    Role,
    ServiceAccountName,
)
from anyscale_constructs.google.workload_identity import ExistingIdentityProvider


class ProjectConfig(Model):
    """A new project."""

    billing_account_id: BillingAccountId = Field(description="Who pays.")
    id: ProjectId | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    name: ProjectName | None = Field(default=None, description="Default: the id.")
    folder_id: FolderId | None = Field(default=None, description="The folder it is in, or organization_id.")
    organization_id: OrganizationNumber | None = Field(default=None, description="The organization it is in.")
    labels: Labels = Field(default_factory=dict)


class VpcConfig(Model):
    """A new VPC."""

    name: GcpResourceName | None = Field(
        default=None, description="Default: a unique one that begins with name_prefix."
    )
    subnet_cidr: Cidr = Field(
        default="10.0.0.0/16", description="The nodes' subnet, public or private as networking_mode says."
    )
    proxy_subnet_cidr: Cidr | None = Field(
        default=None, description="For the load balancers of private services, e.g. a /23. Default: none."
    )
    flow_logs: bool | None = Field(
        default=None,
        description="Whether Cloud Logging gets the subnet's flow logs. Default: of a private subnet only.",
    )


class IngressRule(Model):
    """One rule for traffic into the nodes, over TCP."""

    cidr_blocks: list[Cidr]
    rule: str | None = Field(
        default=None, description="A rule that upstream knows, e.g. https-443-tcp. Default: the ports."
    )
    ports: str | None = Field(default=None, description="E.g. 8443, or 8000-8010,9000.")
    priority: int | None = Field(
        default=None,
        ge=0,
        le=2147483547,
        description="Default: the known rule's port, or the rule's place in the list.",
    )


class FirewallConfig(Model):
    """A new firewall policy; a VPC can have one only."""

    name: GcpResourceName | None = Field(default=None, description="Default: the VPC's name.")
    ingress_cidr_blocks: list[Cidr] = Field(default_factory=list, description="Who may reach 443. Default: nobody.")
    enable_ssh_access: bool = Field(default=False, description="Whether the same ranges may reach port 22.")
    ingress_rules: list[IngressRule] = Field(default_factory=list, description="These replace the two above.")
    machine_pool_cidr_ranges: list[Cidr] = Field(default_factory=list)
    rule_logging: bool = Field(default=True, description="Whether Cloud Logging gets the connections that are let in.")


class LifecycleAction(Model):
    """What is done with objects."""

    type: Literal["Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"]
    storage_class: Literal["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"] | None = Field(
        default=None, description="For SetStorageClass."
    )


class LifecycleCondition(Model):
    """Which objects; all that is given must be true. Dates are written like "2026-12-31"."""

    age: int | None = Field(default=None, ge=0, description="Days.")
    created_before: str | None = None
    with_state: Literal["LIVE", "ARCHIVED", "ANY"] | None = None
    matches_storage_class: list[str] | None = None
    matches_prefix: list[str] | None = None
    matches_suffix: list[str] | None = None
    num_newer_versions: int | None = None
    custom_time_before: str | None = None
    days_since_custom_time: int | None = None
    days_since_noncurrent_time: int | None = None
    noncurrent_time_before: str | None = None


class LifecycleRule(Model):
    """One rule for objects that have grown old."""

    action: LifecycleAction
    condition: LifecycleCondition


class BucketConfig(Model):
    """A new bucket."""

    name: GcsBucketName | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    location: str | None = Field(default=None, description="A region or a multi-region. Default: the cloud's region.")
    storage_class: Literal["STANDARD", "MULTI_REGIONAL", "REGIONAL", "NEARLINE", "COLDLINE", "ARCHIVE"] | None = Field(
        default=None, description="Default: STANDARD."
    )
    kms_key_name: CryptoKeyName | None = Field(
        default=None,
        description="A key in the bucket's location that Google's storage agent of the project may use. "
        "Default: Google's own keys.",
    )
    force_destroy: bool = Field(
        default=False, description="Whether destroying the cloud deletes what is in the bucket."
    )
    object_versioning: bool = False
    lifecycle_rules: list[LifecycleRule] = Field(default_factory=list)
    labels: Labels = Field(default_factory=dict)


class IamConfig(Model):
    """New service accounts."""

    anyscale_service_account_name: ServiceAccountName | None = Field(
        default=None, description="The control plane's account. Default: a unique one; give both names or neither."
    )
    cluster_service_account_name: ServiceAccountName | None = Field(
        default=None, description="The nodes' account. Default: a unique one."
    )
    cluster_node_logging: bool = Field(default=False, description="Whether nodes may write logs and metrics.")
    cluster_node_roles: list[Role] = Field(
        default_factory=list, description="More roles in the project for the nodes; they may read images anyway."
    )
    identity_provider: ExistingIdentityProvider | None = Field(
        default=None, description="What lets Anyscale's control plane in. Default: a new one that trusts Anyscale only."
    )


class FilestoreConfig(Model):
    """A shared file system."""

    name: GcpResourceName | None = Field(
        default=None, description="Default: a unique one that begins with name_prefix."
    )
    tier: (
        Literal["STANDARD", "PREMIUM", "BASIC_HDD", "BASIC_SSD", "HIGH_SCALE_SSD", "ENTERPRISE", "ZONAL", "REGIONAL"]
        | None
    ) = Field(default=None, description="Default: STANDARD.")
    capacity_gb: int | None = Field(default=None, description="Default: 2560.")
    location: str | None = Field(
        default=None, description="A zone, or a region for ENTERPRISE and REGIONAL. Default: the region, or its zone b."
    )
    labels: Labels = Field(default_factory=dict)


class MemorystoreConfig(Model):
    """A Redis for Anyscale services."""

    name: InstanceId | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    memory_size_gb: int | None = Field(default=None, ge=5, le=300, description="Default: 5.")
    replica_count: int | None = Field(default=None, ge=1, le=5, description="Default: 1.")
    redis_version: Literal["REDIS_5_0", "REDIS_6_X", "REDIS_7_0"] | None = Field(
        default=None, description="Default: REDIS_7_0."
    )
    labels: Labels = Field(default_factory=dict)


class LoggingSinkConfig(Model):
    """The project's default log sink; a project has one."""

    exclusion_filter: str | None = Field(default=None, description="What is left out. Default: the nodes' syslog.")
