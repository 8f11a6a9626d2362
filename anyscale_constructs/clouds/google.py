"""What all kinds of clouds on Google Cloud have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, lower, merge, unless
from anyscale_constructs.google.cloudapis import CloudApis
from anyscale_constructs.google.cloudstorage import CloudStorage, ExistingBucket
from anyscale_constructs.google.config import FilestoreConfig, GoogleCloudConfig, MemorystoreConfig
from anyscale_constructs.google.filestore import ExistingFilestore, Filestore
from anyscale_constructs.google.iam import ExistingServiceAccounts, Iam
from anyscale_constructs.google.memorystore import ExistingMemorystore, Memorystore
from anyscale_constructs.google.operator_account import OperatorAccount
from anyscale_constructs.google.project import ExistingProject, Project
from anyscale_constructs.google.regions import REGIONS
from anyscale_constructs.google.types import Labels
from anyscale_constructs.google.vpc import ExistingVpc, Vpc
from anyscale_constructs.modules.google.cloudstorage import CloudStorageLifecycleRules
from anyscale_constructs.terraform.values import texts

# What upstream's root module passes on from a new VPC under its own names.
_VPC_OUTPUTS = (
    "vpc_selflink",
    *(f"{kind}_subnet_{part}" for kind in ("public", "private") for part in ("name", "id", "cidr", "region")),
)


C = TypeVar("C", bound=GoogleCloudConfig)


class GoogleCloud(Cloud[C]):
    """An Anyscale cloud on Google Cloud.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    provider = "GCP"
    project: Project | ExistingProject
    ready: Sequence[Construct] = ()
    """What all else waits for: Google's APIs, if the cloud enables them."""
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
        """Enables Google's APIs, unless the configuration says that they are enabled; gives what to wait for."""
        if not self.config.enable_apis:
            return ()
        redis = ["redis.googleapis.com"] if isinstance(self.config.memorystore, MemorystoreConfig) else []
        return [
            CloudApis(
                self, project=self.project, anyscale_activate_optional_apis=[*redis, *self.optional_apis()] or None
            )
        ]

    def optional_apis(self) -> list[str]:
        """The APIs that this cloud uses beside those that every cloud does."""
        return []

    @abstractmethod
    def bucket_users(self) -> Iam | ExistingServiceAccounts | OperatorAccount:
        """The service accounts that use the bucket."""

    def add_bucket(self) -> CloudStorage | ExistingBucket:
        """Adds the bucket, unless it exists."""
        bucket = self.config.bucket
        if isinstance(bucket, ExistingBucket):
            return bucket
        rules: list[CloudStorageLifecycleRules] = [
            {"action": texts(rule.action), "condition": texts(rule.condition)} for rule in bucket.lifecycle_rules
        ]
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
        """Adds the shared file system, if the configuration has one and it does not exist."""
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
            labels=self.labels(filestore.labels),
            depends_on=self.ready,
        )

    def add_memorystore(self) -> Memorystore | ExistingMemorystore | None:
        """Adds the Redis for head node fault tolerance, if the configuration has one and it does not exist."""
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
            labels=self.labels(memorystore.labels),
            depends_on=self.ready,
        )

    def labels(self, own: Labels | Expr | None = None) -> Labels | Expr:
        """The labels of a part: Anyscale's, the cloud's, and its own."""
        # Ids may hold capital letters, labels may not.
        standard = {key: lower(value) for key, value in self.config.standard_tags(self.cloud_id).items()}
        return merge(standard, self.config.labels, {} if own is None else own)

    def cloud_outputs(self) -> dict[str, Any]:
        """Upstream's own root output names; inputs stand in where something existed."""
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
