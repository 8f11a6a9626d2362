"""The base of all kinds of clouds on Google Cloud."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, model_validator

from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import ExistingIf, Model, refuse, refuse_all
from anyscale_constructs.config.types import Known, OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, lower, merge, unless
from anyscale_constructs.findings import Key
from anyscale_constructs.google.cloudapis import CloudApis
from anyscale_constructs.google.cloudstorage import BucketConfig, CloudStorage, ExistingBucket
from anyscale_constructs.google.filestore import ExistingFilestore, Filestore, FilestoreConfig
from anyscale_constructs.google.iam import ExistingServiceAccounts, Iam
from anyscale_constructs.google.memorystore import ExistingMemorystore, Memorystore, MemorystoreConfig
from anyscale_constructs.google.operator_account import OperatorAccount
from anyscale_constructs.google.project import ExistingProject, Project, ProjectConfig
from anyscale_constructs.google.provider import GoogleProviderConfig
from anyscale_constructs.google.regions import REGIONS
from anyscale_constructs.google.types import GcpRegion, Labels, NamePrefix
from anyscale_constructs.google.vpc import ExistingVpc, Vpc
from anyscale_constructs.modules.google.cloudstorage import CloudStorageLifecycleRules
from anyscale_constructs.terraform.config import UPSTREAM_NAMES, CloudConfig
from anyscale_constructs.terraform.values import texts

# The outputs that upstream's root module passes on from a new VPC under the same names.
_VPC_OUTPUTS = (
    "vpc_selflink",
    *(f"{kind}_subnet_{part}" for kind in ("public", "private") for part in ("name", "id", "cidr", "region")),
)


class GoogleCloudConfig(CloudConfig):
    """The base of the configurations of clouds on Google Cloud."""

    upstream_names = UPSTREAM_NAMES | {
        "anyscale_google_region": "region",
        "anyscale_google_zone": "region",
        "existing_project_id": "project.project_id",
        "billing_account_id": "project.billing_account_id",
        "customer_ingress_cidr_ranges": "firewall.ingress_cidr_blocks",
        "anyscale_vpc_firewall_allow_access_from_cidrs": "firewall.ingress_cidr_blocks",
        "security_group_enable_ssh_access": "firewall.enable_ssh_access",
        "ingress_from_machine_pool_cidr_ranges": "firewall.machine_pool_cidr_ranges",
        "existing_vpc_id": "vpc.vpc_id",
        "existing_vpc_name": "vpc.vpc_id",
        "existing_vpc_subnet_name": "vpc.subnet_name",
        "existing_cloudstorage_bucket_name": "bucket.bucket_name",
        "existing_filestore_instance_name": "filestore.instance_name",
        "existing_memorystore_instance_name": "memorystore.instance_name",
        "enable_google_apis": "enable_apis",
        "enable_anyscale_filestore": "filestore",
        "enable_anyscale_memorystore": "memorystore",
        "enable_anyscale_loggingsink": "logging_sink",
    }

    region: GcpRegion
    name_prefix: NamePrefix = Field(default="anyscale-", description="The prefix of the names of new resources.")
    labels: OrExpr[Labels] = Field(
        default_factory=empty_map,
        description="Labels of every resource that supports them. Default: no additional ones.",
    )
    project: Annotated[ProjectConfig | ExistingProject, ExistingIf("project_id")] = Field(
        description="The project, new or existing."
    )
    provider: GoogleProviderConfig = Field(
        default_factory=GoogleProviderConfig,
        description="Settings of Terraform's provider google. Default: taken from the environment.",
    )
    enable_apis: Known[bool] = Field(default=True, description="Whether Terraform enables the APIs in the project.")
    bucket: Annotated[BucketConfig | ExistingBucket, ExistingIf("bucket_name")] = Field(
        default_factory=BucketConfig, description="The bucket, new or existing. Default: a new one."
    )
    filestore: Annotated[FilestoreConfig | ExistingFilestore, ExistingIf("instance_name")] | None = Field(
        default=None, description="The Filestore instance. Default: none; {} creates one."
    )
    memorystore: Annotated[MemorystoreConfig | ExistingMemorystore, ExistingIf("instance_name")] | None = Field(
        default=None, description="The Memorystore instance. Default: none; {} creates one."
    )

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        location = self.filestore.location if isinstance(self.filestore, FilestoreConfig) else None
        self.refuse_elsewhere({} if location is None else {("filestore", "location"): location})
        return self

    @model_validator(mode="after")
    def _default_labels_are_not_the_clouds(self) -> Self:
        self.refuse_standard_tags("provider.default_labels", self.provider.default_labels)
        return self

    @model_validator(mode="after")
    def _a_new_project_has_its_services(self) -> Self:
        if not (self.enable_apis or isinstance(self.project, ExistingProject)):
            raise refuse("is false, but the project is new and has no APIs enabled", "remove it", key="enable_apis")
        return self

    def refuse_elsewhere(self, places: Mapping[Key, str]) -> None:
        """Refuses zones and regions outside of the cloud's region; for validators of subclasses.

        Args:
            places: The zones and regions, by their keys.
        """
        found = [
            regions.elsewhere(key, place, f"{self.region} or a zone of it")
            for key, place in places.items()
            if not regions.is_in(self.region, place)
        ]
        if found:
            raise refuse_all(found)

    def refuse_what_does_not_fit(self, vpc: ExistingVpc | Model, idle: Mapping[str, str]) -> None:
        """Refuses what cannot be in the cloud's VPC, and VPC keys without effect; for validators of subclasses.

        Args:
            vpc: The VPC; each kind of cloud has its own type for it.
            idle: What the cloud does not create, by the key of an existing VPC that applies to it.
        """
        new = not isinstance(vpc, ExistingVpc)
        stores = {
            "filestore": (self.filestore, ExistingFilestore),
            "memorystore": (self.memorystore, ExistingMemorystore),
        }
        for key, (store, existing) in stores.items():
            if new and isinstance(store, existing):
                raise refuse(
                    "is an existing instance, which is connected to an existing VPC, but vpc is new",
                    "set vpc to the instance's VPC: {vpc_id: ..., subnet_name: ..., subnet_cidr: ...}",
                    key=f"{key}.instance_name",
                )
        if not (new or isinstance(self.project, ExistingProject)):
            raise refuse(
                "is an existing VPC, which cannot be in a new project or shared with it",
                "remove vpc, or use an existing project: {project_id: ...}",
                key="vpc.vpc_id",
            )
        if not any(store and not isinstance(store, existing) for store, existing in stores.values()):
            idle = {**idle, "connect_mode": "a new Filestore or Memorystore"}
        for key, what in idle.items():
            if getattr(vpc, key, None) is not None and not new:
                raise refuse(
                    f"has no effect, because it applies to {what}, which the cloud does not have",
                    "remove it",
                    key=f"vpc.{key}",
                )


C = TypeVar("C", bound=GoogleCloudConfig)


class GoogleCloud(Cloud[C]):
    """An Anyscale cloud on Google Cloud.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    provider = "GCP"
    project: Project | ExistingProject
    ready: Sequence[Construct] = ()
    """The constructs that all others wait for: Google's APIs, if the cloud enables them."""
    vpc: Vpc | ExistingVpc
    bucket: CloudStorage | ExistingBucket
    filestore: Filestore | ExistingFilestore | None = None
    memorystore: Memorystore | ExistingMemorystore | None = None

    def add_providers(self) -> None:
        """Configures the provider google."""
        project = self.config.project
        existing = project.project_id if isinstance(project, ExistingProject) else None
        self.add_provider("google", project=existing, region=self.config.region, **self.config.provider.arguments())
        self.warn_of_region(self.config.region, REGIONS)

    def add_project(self) -> Project | ExistingProject:
        """Adds the project, unless it exists."""
        project = self.config.project
        if isinstance(project, ExistingProject):
            return project
        with self.configured_by(
            "project",
            anyscale_project_id="project.id",
            anyscale_project_name=("project.name", "project.id"),
            anyscale_project_name_prefix="name_prefix",
            labels=("project.labels", "labels"),
        ):
            return Project(
                self,
                billing_account_id=project.billing_account_id,
                anyscale_project_id=project.id,
                anyscale_project_name=project.id if project.name is None else project.name,
                anyscale_project_name_prefix=self.config.name_prefix,
                folder_id=project.folder_id,
                organization_id=project.organization_id,
                labels=self.labels(project.labels),
            )

    def add_apis(self) -> Sequence[Construct]:
        """Enables Google's APIs, unless enable_apis is false; returns the constructs to wait for."""
        if not self.config.enable_apis:
            return ()
        redis = ["redis.googleapis.com"] if isinstance(self.config.memorystore, MemorystoreConfig) else []
        with self.configured_by("enable_apis"):
            return [
                CloudApis(
                    self, project=self.project, anyscale_activate_optional_apis=[*redis, *self.optional_apis()] or None
                )
            ]

    def optional_apis(self) -> list[str]:
        """Returns the APIs that this kind of cloud needs in addition to those that every cloud needs."""
        return []

    @abstractmethod
    def bucket_users(self) -> Iam | ExistingServiceAccounts | OperatorAccount:
        """Returns the service accounts that use the bucket."""

    def add_bucket(self) -> CloudStorage | ExistingBucket:
        """Adds the bucket, unless the configuration names an existing one."""
        bucket = self.config.bucket
        if isinstance(bucket, ExistingBucket):
            return bucket
        rules: list[CloudStorageLifecycleRules] = [
            {"action": texts(rule.action), "condition": texts(rule.condition)} for rule in bucket.lifecycle_rules
        ]
        with self.configured_by(
            "bucket",
            anyscale_bucket_name="bucket.name",
            anyscale_bucket_name_prefix="name_prefix",
            bucket_location="bucket.location",
            bucket_storage_class="bucket.storage_class",
            bucket_encryption_key_name="bucket.kms_key_name",
            bucket_force_destroy="bucket.force_destroy",
            bucket_versioning="bucket.object_versioning",
            labels=("bucket.labels", "labels"),
        ):
            return CloudStorage(
                self,
                project=self.project,
                region=self.config.region,
                iam=self.bucket_users(),
                anyscale_bucket_name=bucket.name,
                anyscale_bucket_name_prefix=self.config.name_prefix,
                bucket_location=bucket.location,
                bucket_storage_class=bucket.storage_class,
                bucket_encryption_key_name=bucket.kms_key_name,
                bucket_force_destroy=unless(bucket.force_destroy, False),
                bucket_versioning=unless(bucket.object_versioning, False),
                lifecycle_rules=rules or None,
                labels=self.labels(bucket.labels),
                depends_on=self.ready,
            )

    def add_filestore(self) -> Filestore | ExistingFilestore | None:
        """Adds the shared file system, if configured, unless it exists."""
        filestore = self.config.filestore
        if not isinstance(filestore, FilestoreConfig):
            return filestore
        with self.configured_by(
            "filestore",
            anyscale_filestore_name="filestore.name",
            anyscale_filestore_name_prefix="name_prefix",
            filestore_tier="filestore.tier",
            anyscale_filestore_fileshare_capacity_gb="filestore.capacity_gb",
            filestore_location="filestore.location",
            filestore_network_conect_mode="vpc.connect_mode",
            filestore_vpc_name="vpc.vpc_id",
            labels=("filestore.labels", "labels"),
        ):
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
                labels=self.labels(filestore.labels),
                depends_on=self.ready,
            )

    def add_memorystore(self) -> Memorystore | ExistingMemorystore | None:
        """Adds Memorystore for head node fault tolerance, if configured, unless it exists."""
        memorystore = self.config.memorystore
        if not isinstance(memorystore, MemorystoreConfig):
            return memorystore
        with self.configured_by(
            "memorystore",
            anyscale_memorystore_name="memorystore.name",
            anyscale_memorystore_name_prefix="name_prefix",
            memorystore_memory_size_gb="memorystore.memory_size_gb",
            memorystore_replica_count="memorystore.replica_count",
            memorystore_redis_version="memorystore.redis_version",
            memorystore_connect_mode="vpc.connect_mode",
            memorystore_vpc_name="vpc.vpc_id",
            google_region="region",
            labels=("memorystore.labels", "labels"),
        ):
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
                labels=self.labels(memorystore.labels),
                depends_on=self.ready,
            )

    def labels(self, own: Labels | Expr | None = None) -> Labels | Expr:
        """Returns the labels of a resource: Anyscale's, the cloud's, and its own."""
        # Ids may contain upper-case letters, labels may not.
        standard = {key: lower(value) for key, value in self.config.standard_tags(self.cloud_id).items()}
        return merge(standard, self.config.labels, {} if own is None else own)

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the names of upstream's root module; configured values for what exists already."""
        vpc, bucket = self.vpc, self.bucket
        outputs: dict[str, Any] = {
            "anyscale_org_id": self.config.org_id,
            "project_id": self.project.project_id,
            "vpc_name": vpc.vpc_name,
            "vpc_id": vpc.vpc_id,
            "cloudstorage_bucket_name": bucket.bucket_name,
            "cloudstorage_bucket_url": bucket.bucket_url,
        }
        if isinstance(self.project, Project):
            outputs["project_name"] = self.project.project_name
        if isinstance(vpc, Vpc):
            outputs |= {name: vpc.output(name) for name in _VPC_OUTPUTS}
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
        return outputs
