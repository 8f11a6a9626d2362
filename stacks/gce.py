"""An Anyscale cloud on GCE: read it from top to bottom, copy it, change it."""

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from anyscale_constructs.core import regions
from anyscale_constructs.core.config import CloudConfig
from anyscale_constructs.core.expressions import lower_case
from anyscale_constructs.core.model import Model, existing_if
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.engine import Construct
from anyscale_constructs.google import (
    CloudApis,
    CloudStorage,
    ExistingBucket,
    ExistingFilestore,
    ExistingFirewallPolicy,
    ExistingMemorystore,
    ExistingProject,
    ExistingServiceAccounts,
    ExistingVpc,
    Filestore,
    Iam,
    LoggingSink,
    Memorystore,
    NetworkingMode,
    Project,
    Vpc,
    VpcFirewall,
)
from anyscale_constructs.google.cloudstorage import let_into_bucket
from anyscale_constructs.google.config import (
    BucketConfig,
    FilestoreConfig,
    FirewallConfig,
    IamConfig,
    LoggingSinkConfig,
    MemorystoreConfig,
    ProjectConfig,
    VpcConfig,
)
from anyscale_constructs.google.types import GcpRegion, Labels, NamePrefix
from anyscale_constructs.modules.google.cloudstorage import CloudStorageLifecycleRules
from anyscale_constructs.registration.in_stack import TerraformRegistration
from anyscale_constructs.registration.resource import CloudResource, FileStorage, GcpConfig, ObjectStorage

# what upstream's root module passes on from new parts under their own names
_VPC_OUTPUTS = (
    "vpc_selflink",
    *(f"{kind}_subnet_{part}" for kind in ("public", "private") for part in ("name", "id", "cidr", "region")),
)
_IAM_OUTPUTS = (
    *(
        f"iam_anyscale_{who}_service_acct_{part}"
        for who in ("access", "cluster_node")
        for part in ("id", "name", "unique_id")
    ),
    "iam_workload_identity_pool_id",
    "iam_workload_identity_pool_name",
    "iam_workload_identity_provider_id",
)


class GceConfig(CloudConfig):
    """An Anyscale cloud on GCE."""

    stack: Literal["gce"] = "gce"
    region: GcpRegion
    networking_mode: NetworkingMode = Field(
        default="PUBLIC", description="PUBLIC: nodes in a public subnet. PRIVATE: nodes in a private subnet behind NAT."
    )
    name_prefix: NamePrefix = Field(default="anyscale-", description="What the names of new resources begin with.")
    labels: Labels = Field(default_factory=dict, description="For every resource that takes labels.")
    project: Annotated[
        Annotated[ProjectConfig, Tag("new")] | Annotated[ExistingProject, Tag("existing")],
        existing_if("project_id", ProjectConfig),
    ]
    enable_apis: bool = Field(default=True, description="Whether the project's services are switched on here.")
    vpc: Annotated[
        Annotated[VpcConfig, Tag("new")] | Annotated[ExistingVpc, Tag("existing")], existing_if("vpc_id", VpcConfig)
    ] = Field(default_factory=VpcConfig)
    firewall: Annotated[
        Annotated[FirewallConfig, Tag("new")] | Annotated[ExistingFirewallPolicy, Tag("existing")],
        existing_if("firewall_policy_name", FirewallConfig),
    ] = Field(default_factory=FirewallConfig)
    bucket: Annotated[
        Annotated[BucketConfig, Tag("new")] | Annotated[ExistingBucket, Tag("existing")],
        existing_if("bucket_name", BucketConfig),
    ] = Field(default_factory=BucketConfig)
    iam: Annotated[
        Annotated[IamConfig, Tag("new")] | Annotated[ExistingServiceAccounts, Tag("existing")],
        existing_if("anyscale_service_account_email", IamConfig),
    ] = Field(default_factory=IamConfig)
    filestore: (
        Annotated[
            Annotated[FilestoreConfig, Tag("new")] | Annotated[ExistingFilestore, Tag("existing")],
            existing_if("instance_name", FilestoreConfig),
        ]
        | None
    ) = Field(default=None, description="Default: no shared file system; {} makes one.")
    memorystore: (
        Annotated[
            Annotated[MemorystoreConfig, Tag("new")] | Annotated[ExistingMemorystore, Tag("existing")],
            existing_if("instance_name", MemorystoreConfig),
        ]
        | None
    ) = Field(default=None, description="Default: no Memorystore; {} makes one.")
    logging_sink: LoggingSinkConfig | None = Field(
        default=None, description="Default: the project's sink stays as it is; {} keeps the nodes' syslog out of it."
    )


class GceStack(CloudStack):
    """An Anyscale cloud on GCE: its Terraform, with the outputs that registration needs.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: What it is made of.
    """

    config_type = GceConfig

    def __init__(self, scope: Construct, name: str, config: GceConfig) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.config = config
        existing = config.project.project_id if isinstance(config.project, ExistingProject) else None
        self.add_provider("google", project=existing, region=config.region)
        self.warn_of_region(config.region, regions.GOOGLE)
        self.registration = self._registration() if config.registration == "terraform" else None
        self.cloud_id = self.registration.cloud_id if self.registration else config.cloud_id

        self.project = self._project()
        self.ready = [self._apis()] if config.enable_apis else []
        self.vpc = self._vpc()
        self.firewall = self._firewall()
        self.iam = self._iam()
        self.bucket = self._bucket()
        if isinstance(self.bucket, ExistingBucket) and isinstance(self.iam, Iam):
            let_into_bucket(self, self.bucket, self.iam)
        self.filestore = self._filestore()
        self.memorystore = self._memorystore()
        if config.logging_sink:
            LoggingSink(
                self,
                project=self.project,
                sink_exclusion_filter=config.logging_sink.exclusion_filter,
                depends_on=self.ready,
            )

        self._add_outputs()

    def _registration(self) -> TerraformRegistration:
        config = self.config
        return TerraformRegistration(self, provider="GCP", region=config.region, networking_mode=config.networking_mode)

    def _project(self) -> Project | ExistingProject:
        project = self.config.project
        if isinstance(project, ExistingProject):
            return project
        return Project(
            self,
            billing_account_id=project.billing_account_id,
            anyscale_project_id=project.id,
            anyscale_project_name=project.name or project.id,
            anyscale_project_name_prefix=self.config.name_prefix,
            folder_id=project.folder_id,
            organization_id=project.organization_id,
            labels=self._labels(project.labels),
        )

    def _apis(self) -> CloudApis:
        config = self.config
        services = {
            "redis.googleapis.com": isinstance(config.memorystore, MemorystoreConfig),
            "logging.googleapis.com": config.logging_sink is not None or self._node_logging,
            "monitoring.googleapis.com": self._node_logging,
        }
        wanted = [service for service, needed in services.items() if needed]
        return CloudApis(self, project=self.project, anyscale_activate_optional_apis=wanted or None)

    def _vpc(self) -> Vpc | ExistingVpc:
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            return vpc
        flow_logs = {True: {"subnet_flow_logs_metadata": "INCLUDE_ALL_METADATA"}, False: {}, None: None}[vpc.flow_logs]
        return Vpc(
            self,
            project=self.project,
            region=self.config.region,
            networking_mode=self.config.networking_mode,
            subnet_cidr=vpc.subnet_cidr,
            anyscale_vpc_name=vpc.name,
            anyscale_vpc_name_prefix=self.config.name_prefix,
            proxy_subnet_cidr=vpc.proxy_subnet_cidr,
            public_subnet_flow_log_config=flow_logs,
            private_subnet_flow_log_config=flow_logs,
            depends_on=self.ready,
        )

    def _firewall(self) -> VpcFirewall | ExistingFirewallPolicy:
        firewall = self.config.firewall
        if isinstance(firewall, ExistingFirewallPolicy):
            return firewall
        return VpcFirewall(
            self,
            project=self.project,
            vpc=self.vpc,
            ingress_cidr_blocks=firewall.ingress_cidr_blocks,
            enable_ssh_access=firewall.enable_ssh_access,
            ingress_from_cidr_map=[_texts(rule) for rule in firewall.ingress_rules] or None,
            firewall_policy_name=firewall.name,
            ingress_from_machine_pool_cidr_ranges=firewall.machine_pool_cidr_ranges or None,
            enable_firewall_rule_logging=firewall.rule_logging,
            depends_on=[*self.ready, self.vpc] if isinstance(self.vpc, Vpc) else self.ready,
        )

    def _iam(self) -> Iam | ExistingServiceAccounts:
        iam, prefix = self.config.iam, self.config.name_prefix
        if isinstance(iam, ExistingServiceAccounts):
            return iam
        roles = ["roles/artifactregistry.reader", *iam.cluster_node_roles]
        return Iam(
            self,
            project=self.project,
            region=self.config.region,
            anyscale_org_id=self.config.org_id,
            identity_provider=iam.identity_provider,
            anyscale_cloud_id=self.cloud_id,
            anyscale_access_service_acct_name=iam.anyscale_service_account_name,
            anyscale_access_service_acct_name_prefix=f"{prefix}access-",
            anyscale_access_role_id_prefix=f"{prefix}access_".replace("-", "_"),
            anyscale_cluster_node_service_acct_name=iam.cluster_service_account_name,
            anyscale_cluster_node_service_acct_name_prefix=f"{prefix}node-",
            anyscale_cluster_node_service_acct_permissions=roles if iam.cluster_node_roles else None,
            enable_anyscale_cluster_logging_monitoring=iam.cluster_node_logging or None,
            depends_on=self.ready,
        )

    def _bucket(self) -> CloudStorage | ExistingBucket:
        bucket = self.config.bucket
        if isinstance(bucket, ExistingBucket):
            return bucket
        rules: list[CloudStorageLifecycleRules] = [
            {"action": _texts(rule.action), "condition": _texts(rule.condition)} for rule in bucket.lifecycle_rules
        ]
        return CloudStorage(
            self,
            project=self.project,
            region=self.config.region,
            iam=self.iam,
            anyscale_bucket_name=bucket.name,
            anyscale_bucket_name_prefix=self.config.name_prefix,
            bucket_location=bucket.location,
            bucket_storage_class=bucket.storage_class,
            bucket_encryption_key_name=bucket.kms_key_name,
            bucket_force_destroy=bucket.force_destroy or None,
            bucket_versioning=bucket.object_versioning or None,
            lifecycle_rules=rules or None,
            labels=self._labels(bucket.labels),
            depends_on=self.ready,
        )

    def _filestore(self) -> Filestore | ExistingFilestore | None:
        filestore = self.config.filestore
        if not isinstance(filestore, FilestoreConfig):
            return filestore
        return Filestore(
            self,
            project=self.project,
            region=self.config.region,
            vpc=self.vpc,
            anyscale_cloud_id=self.cloud_id,
            anyscale_filestore_name=filestore.name,
            anyscale_filestore_name_prefix=self.config.name_prefix,
            filestore_tier=filestore.tier,
            anyscale_filestore_fileshare_capacity_gb=filestore.capacity_gb,
            filestore_location=filestore.location,
            labels=self._labels(filestore.labels),
            depends_on=self.ready,
        )

    def _memorystore(self) -> Memorystore | ExistingMemorystore | None:
        memorystore = self.config.memorystore
        if not isinstance(memorystore, MemorystoreConfig):
            return memorystore
        return Memorystore(
            self,
            project=self.project,
            region=self.config.region,
            vpc=self.vpc,
            anyscale_memorystore_name=memorystore.name,
            anyscale_memorystore_name_prefix=self.config.name_prefix,
            memorystore_memory_size_gb=memorystore.memory_size_gb,
            memorystore_replica_count=memorystore.replica_count,
            memorystore_redis_version=memorystore.redis_version,
            labels=self._labels(memorystore.labels),
            depends_on=self.ready,
        )

    @property
    def _node_logging(self) -> bool:
        return isinstance(self.config.iam, IamConfig) and self.config.iam.cluster_node_logging

    def _labels(self, own: Labels) -> Labels:
        # Ids may hold capital letters, labels may not.
        standard = {key: lower_case(value) for key, value in self.config.standard_tags(self.cloud_id).items()}
        return standard | self.config.labels | own

    def _add_outputs(self) -> None:
        """Upstream's own root output names, and the resource file; inputs stand in where something existed."""
        project, vpc, firewall, iam, bucket = self.project, self.vpc, self.firewall, self.iam, self.bucket
        outputs: dict[str, Any] = {
            "anyscale_org_id": self.config.org_id,
            "project_id": project.project_id,
            "vpc_name": vpc.vpc_name,
            "vpc_id": vpc.vpc_id,
            "vpc_firewall_policy_name": firewall.firewall_policy_name,
            "cloudstorage_bucket_name": bucket.bucket_name,
            "cloudstorage_bucket_url": bucket.bucket_url,
            "iam_anyscale_access_service_acct_email": iam.anyscale_service_account_email,
            "iam_anyscale_cluster_node_service_acct_email": iam.cluster_service_account_email,
            "iam_workload_identity_provider_name": iam.provider_name,
        }
        if isinstance(project, Project):
            outputs["project_name"] = project.project_name
        if isinstance(vpc, Vpc):
            outputs |= {name: vpc.output(name) for name in _VPC_OUTPUTS}
        if isinstance(firewall, VpcFirewall):
            outputs |= {
                "vpc_firewall_id": firewall.vpc_firewall_policy_id,
                "vpc_firewall_selflink": firewall.vpc_firewall_policy_selflink,
            }
        if isinstance(iam, Iam):
            outputs |= {name: iam.output(name) for name in _IAM_OUTPUTS}
        if isinstance(bucket, CloudStorage):
            outputs["cloudstorage_bucket_selflink"] = bucket.cloudstorage_bucket_selflink
        if self.filestore:
            outputs["filestore_id"] = self.filestore.instance_name
        if isinstance(self.filestore, Filestore):
            outputs |= {
                "filestore_name": self.filestore.anyscale_filestore_name,
                "filestore_location": self.filestore.anyscale_filestore_location,
                "filestore_fileshare_name": self.filestore.anyscale_filestore_fileshare_name,
                "filestore_ip_addresses": self.filestore.anyscale_filestore_ip_addresses,
            }
        if self.memorystore:
            outputs["memorystore_id"] = self.memorystore.instance_name
        if isinstance(self.memorystore, Memorystore):
            outputs |= {
                "memorystore_host": self.memorystore.anyscale_memorystore_host,
                "memorystore_port": self.memorystore.anyscale_memorystore_port,
                "memorystore_region": self.memorystore.anyscale_memorystore_region,
                "memorystore_current_location_id": self.memorystore.anyscale_memorystore_current_location_id,
            }
        resource = self._resource()
        self.add_cloud_outputs(outputs, resource)
        if self.registration:
            self.registration.add_resource(resource)

    def _resource(self) -> CloudResource:
        config = self.config
        return CloudResource(
            name=f"vm-gcp-{config.region}",
            provider="GCP",
            compute_stack="VM",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(bucket_name=self.bucket.bucket_url),
            file_storage=FileStorage(file_storage_id=self.filestore.instance_name) if self.filestore else None,
            gcp_config=GcpConfig(
                project_id=self.project.project_id,
                host_project_id=self.vpc.host_project_id(self.project),
                provider_name=self.iam.provider_name,
                vpc_name=self.vpc.vpc_name,
                subnet_names=[self.vpc.node_subnet_name],
                firewall_policy_names=[self.firewall.firewall_policy_name],
                anyscale_service_account_email=self.iam.anyscale_service_account_email,
                cluster_service_account_email=self.iam.cluster_service_account_email,
                memorystore_instance_name=self.memorystore.instance_name if self.memorystore else None,
            ),
        )


def _texts(values: Model) -> dict[str, str]:
    """What upstream takes as maps of strings, with commas between elements."""
    set_ = values.model_dump(exclude_none=True).items()
    return {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in set_}
