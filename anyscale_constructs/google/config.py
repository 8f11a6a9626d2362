"""The sections of a Google cloud's configuration."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.core import regions
from anyscale_constructs.core.config import CloudConfig, IngressConfig
from anyscale_constructs.core.model import ExistingIf, Model, refuse
from anyscale_constructs.core.types import Cidr, GcpResourceName, InternetCidr, Known, OrExpr
from anyscale_constructs.google.cloudstorage import ExistingBucket
from anyscale_constructs.google.filestore import ExistingFilestore
from anyscale_constructs.google.memorystore import ExistingMemorystore
from anyscale_constructs.google.node_pools import ClusterName
from anyscale_constructs.google.nodes import NodesConfig
from anyscale_constructs.google.project import ExistingProject
from anyscale_constructs.google.provider import GoogleProviderConfig
from anyscale_constructs.google.types import (
    BillingAccountId,
    BucketLocation,
    CryptoKeyName,
    FolderId,
    GcpRegion,
    GcpZones,
    GcsBucketName,
    InstanceId,
    Labels,
    NamePrefix,
    OrganizationNumber,
    ProjectId,
    ProjectName,
    Role,
    ServiceAccountName,
)
from anyscale_constructs.google.vpc import ExistingVpc
from anyscale_constructs.google.workload_identity import ExistingIdentityProvider


class ProjectConfig(Model):
    """A new project."""

    billing_account_id: BillingAccountId = Field(description="Who pays.")
    id: ProjectId | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    name: ProjectName | None = Field(default=None, description="Default: the id.")
    folder_id: FolderId | None = Field(default=None, description="The folder it is in, or organization_id.")
    organization_id: OrganizationNumber | None = Field(default=None, description="The organization it is in.")
    labels: OrExpr[Labels] = Field(default_factory=dict)


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
    flow_logs: Known[bool | None] = Field(
        default=None,
        description="Whether Cloud Logging gets the subnet's flow logs. Default: of a private subnet only.",
    )


class IngressRule(Model):
    """One rule for traffic into the nodes, over TCP."""

    cidr_blocks: OrExpr[list[Cidr]]
    rule: str | None = Field(
        default=None, description="A rule that upstream knows, e.g. https-443-tcp. Default: the ports."
    )
    ports: str | None = Field(default=None, description="E.g. 8443, or 8000-8010,9000.")
    priority: OrExpr[int | None] = Field(
        default=None,
        ge=0,
        le=2147483547,
        description="Default: the known rule's port, or the rule's place in the list.",
    )


class FirewallConfig(IngressConfig):
    """A new firewall policy; a VPC can have one only."""

    name: GcpResourceName | None = Field(default=None, description="Default: the VPC's name.")
    ingress_rules: list[IngressRule] = Field(default_factory=list, description="These replace the two above.")
    machine_pool_cidr_ranges: OrExpr[list[Cidr]] = Field(default_factory=list)
    rule_logging: OrExpr[bool] = Field(
        default=True, description="Whether Cloud Logging gets the connections that are let in."
    )


class LifecycleAction(Model):
    """What is done with objects."""

    type: OrExpr[Literal["Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"]]
    storage_class: OrExpr[Literal["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"] | None] = Field(
        default=None, description="For SetStorageClass."
    )


class LifecycleCondition(Model):
    """Which objects; all that is given must be true. Dates are written like "2026-12-31"."""

    age: OrExpr[int | None] = Field(default=None, ge=0, description="Days.")
    created_before: str | None = None
    with_state: OrExpr[Literal["LIVE", "ARCHIVED", "ANY"] | None] = None
    matches_storage_class: OrExpr[list[str] | None] = None
    matches_prefix: OrExpr[list[str] | None] = None
    matches_suffix: OrExpr[list[str] | None] = None
    num_newer_versions: OrExpr[int | None] = None
    custom_time_before: str | None = None
    days_since_custom_time: OrExpr[int | None] = None
    days_since_noncurrent_time: OrExpr[int | None] = None
    noncurrent_time_before: str | None = None


class LifecycleRule(Model):
    """One rule for objects that have grown old."""

    action: LifecycleAction
    condition: LifecycleCondition


class BucketConfig(Model):
    """A new bucket."""

    name: GcsBucketName | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    location: BucketLocation | None = Field(default=None, description="Default: the cloud's region.")
    storage_class: OrExpr[
        Literal["STANDARD", "MULTI_REGIONAL", "REGIONAL", "NEARLINE", "COLDLINE", "ARCHIVE"] | None
    ] = Field(default=None, description="Default: STANDARD.")
    kms_key_name: CryptoKeyName | None = Field(
        default=None,
        description="A key in the bucket's location that Cloud Storage's agent of the project may use; a warning says "
        "how to allow it. Default: Google's own keys.",
    )
    force_destroy: OrExpr[bool] = Field(
        default=False, description="Whether destroying the cloud deletes what is in the bucket."
    )
    object_versioning: OrExpr[bool] = False
    lifecycle_rules: list[LifecycleRule] = Field(default_factory=list)
    labels: OrExpr[Labels] = Field(default_factory=dict)


class IamConfig(Model):
    """New service accounts."""

    anyscale_service_account_name: ServiceAccountName | None = Field(
        default=None, description="The control plane's account. Default: a unique one; give both names or neither."
    )
    cluster_service_account_name: ServiceAccountName | None = Field(
        default=None, description="The nodes' account. Default: a unique one."
    )
    cluster_node_logging: Known[bool] = Field(default=False, description="Whether nodes may write logs and metrics.")
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
    tier: OrExpr[
        Literal["STANDARD", "PREMIUM", "BASIC_HDD", "BASIC_SSD", "HIGH_SCALE_SSD", "ENTERPRISE", "ZONAL", "REGIONAL"]
        | None
    ] = Field(default=None, description="Default: STANDARD.")
    capacity_gb: OrExpr[int | None] = Field(default=None, description="Default: 2560.")
    location: str | None = Field(
        default=None, description="A zone, or a region for ENTERPRISE and REGIONAL. Default: the region, or its zone b."
    )
    labels: OrExpr[Labels] = Field(default_factory=dict)


class MemorystoreConfig(Model):
    """A Redis for Anyscale services."""

    name: InstanceId | None = Field(default=None, description="Default: a unique one that begins with name_prefix.")
    memory_size_gb: OrExpr[int | None] = Field(default=None, ge=5, le=300, description="Default: 5.")
    replica_count: OrExpr[int | None] = Field(default=None, ge=1, le=5, description="Default: 1.")
    redis_version: OrExpr[Literal["REDIS_5_0", "REDIS_6_X", "REDIS_7_0"] | None] = Field(
        default=None, description="Default: REDIS_7_0."
    )
    labels: OrExpr[Labels] = Field(default_factory=dict)


class LoggingSinkConfig(Model):
    """The project's default log sink; a project has one."""

    exclusion_filter: str | None = Field(default=None, description="What is left out. Default: the nodes' syslog.")


class GkeVpcConfig(Model):
    """A new VPC for a GKE cluster: one private subnet behind NAT, with ranges for pods and services."""

    name: GcpResourceName | None = Field(
        default=None, description="Default: a unique one that begins with name_prefix."
    )
    subnet_cidr: Cidr = Field(default="10.0.0.0/16", description="The nodes' subnet.")
    pods_cidr: Cidr = Field(default="10.4.0.0/14", description="Each node takes a /24 of it.")
    services_cidr: Cidr = "10.8.0.0/20"
    flow_logs: Known[bool] = Field(default=True, description="Whether Cloud Logging gets the subnet's flow logs.")


class ClusterConfig(Model):
    """A new GKE cluster."""

    name: ClusterName | None = Field(default=None, description="Default: the stack's name.")
    zones: GcpZones = Field(
        default_factory=list,
        description="The nodes'. Default: the region's first three; required where the region is an expression.",
    )
    release_channel: OrExpr[Literal["RAPID", "REGULAR", "STABLE"] | None] = Field(
        default=None, description="How soon Google upgrades it. Default: REGULAR."
    )
    public_access_cidrs: list[InternetCidr] = Field(
        default_factory=list,
        description="Who may reach the cluster's API from the internet. Default: nobody; Terraform then has to run "
        "in the nodes' subnet or in one of private_access_cidrs.",
    )
    private_access_cidrs: list[Cidr] = Field(
        default_factory=list,
        description="Who else may reach it inside the VPC or in a network that is connected with it.",
    )
    master_ipv4_cidr_block: Cidr = Field(default="172.16.0.0/28", description="The control plane's own range, a /28.")
    kms_key_name: CryptoKeyName | None = Field(
        default=None,
        description="For Kubernetes secrets, in the cloud's region; GKE's own account of the project must be able to "
        "use it. Default: Google's own keys.",
    )
    deletion_protection: OrExpr[bool] = Field(
        default=True, description="Whether Terraform refuses to destroy it until this is off."
    )
    nodes: NodesConfig = Field(default_factory=NodesConfig)
    labels: OrExpr[Labels] = Field(default_factory=dict)

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return self.nodes.gpus


class GoogleCloudConfig(CloudConfig):
    """What all kinds of Google clouds have in common."""

    region: GcpRegion
    name_prefix: NamePrefix = Field(default="anyscale-", description="What the names of new resources begin with.")
    labels: OrExpr[Labels] = Field(default_factory=dict, description="For every resource that takes labels.")
    project: Annotated[ProjectConfig | ExistingProject, ExistingIf("project_id")]
    provider: GoogleProviderConfig = Field(
        default_factory=GoogleProviderConfig,
        description="Settings of Terraform's provider google. Default: those of the environment.",
    )
    enable_apis: Known[bool] = Field(default=True, description="Whether the project's services are switched on here.")
    bucket: Annotated[BucketConfig | ExistingBucket, ExistingIf("bucket_name")] = Field(default_factory=BucketConfig)
    filestore: Annotated[FilestoreConfig | ExistingFilestore, ExistingIf("instance_name")] | None = Field(
        default=None, description="Default: no shared file system; {} makes one."
    )
    memorystore: Annotated[MemorystoreConfig | ExistingMemorystore, ExistingIf("instance_name")] | None = Field(
        default=None, description="Default: no Memorystore; {} makes one."
    )

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        location = self.filestore.location if isinstance(self.filestore, FilestoreConfig) else None
        if location is not None and not regions.is_in(self.region, location):
            raise refuse(f"filestore.location {location} is not in the cloud's region, {self.region}", "correct it")
        return self

    @model_validator(mode="after")
    def _default_labels_are_not_the_clouds(self) -> Self:
        self.refuse_standard_tags("provider.default_labels", self.provider.default_labels)
        return self

    @model_validator(mode="after")
    def _a_new_project_has_its_services(self) -> Self:
        if not (self.enable_apis or isinstance(self.project, ExistingProject)):
            raise refuse("enable_apis is off, but the project is new and has no services", "leave out enable_apis")
        return self

    def refuse_what_is_elsewhere(self, vpc: ExistingVpc | Model, idle: Mapping[str, str]) -> None:
        """Refuses what can't be in the cloud's VPC, and what is for nothing there; for kinds of clouds' validators.

        Args:
            vpc: The VPC, of whose kind every kind of cloud has its own.
            idle: What the cloud doesn't make, by the existing VPC's key that is for it.
        """
        new = not isinstance(vpc, ExistingVpc)
        stores = {
            "filestore": (self.filestore, ExistingFilestore),
            "memorystore": (self.memorystore, ExistingMemorystore),
        }
        for key, (store, existing) in stores.items():
            if new and isinstance(store, existing):
                raise refuse(
                    f"{key}.instance_name is connected to a VPC for good, but vpc would be new",
                    "name its VPC: vpc: {vpc_id: ..., subnet_name: ..., subnet_cidr: ...}",
                )
        if not (new or isinstance(self.project, ExistingProject)):
            raise refuse(
                "vpc.vpc_id names a VPC that is there, but project is new, and no VPC is in it or shared with it yet",
                "leave out vpc, or name the project: project: {project_id: ...}",
            )
        if not any(store and not isinstance(store, existing) for store, existing in stores.values()):
            idle = {**idle, "connect_mode": "a new Filestore or Memorystore"}
        for key, what in idle.items():
            if getattr(vpc, key, None) is not None and not new:
                raise refuse(f"vpc.{key} is for {what}, and the cloud makes none", "leave it out")
