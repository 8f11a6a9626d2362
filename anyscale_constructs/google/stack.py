"""What the stacks of all kinds of Google clouds make in the same way."""

from collections.abc import Mapping, Sequence
from typing import Any

from anyscale_constructs.core import regions
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.core.values import texts
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
from anyscale_constructs.google.types import Labels
from anyscale_constructs.google.vpc import ExistingVpc, Vpc
from anyscale_constructs.modules.google.cloudstorage import CloudStorageLifecycleRules

# What upstream's root module passes on from a new VPC under its own names.
_VPC_OUTPUTS = (
    "vpc_selflink",
    *(f"{kind}_subnet_{part}" for kind in ("public", "private") for part in ("name", "id", "cidr", "region")),
)


class GoogleStack(CloudStack):
    """The base of Google clouds.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: What it is made of.
    """

    def __init__(self, scope: Construct, name: str, config: GoogleCloudConfig) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.config = config
        self.cloud_id: str | None = config.cloud_id
        existing = config.project.project_id if isinstance(config.project, ExistingProject) else None
        self.add_provider("google", project=existing, region=config.region)
        self.warn_of_region(config.region, regions.GOOGLE)
        self.project: Project | ExistingProject
        self.ready: Sequence[Construct] = []
        self.filestore: Filestore | ExistingFilestore | None = None
        self.memorystore: Memorystore | ExistingMemorystore | None = None

    def _make_project(self, services: Mapping[str, bool]) -> None:
        """Makes the project, with the services that all else waits for.

        Args:
            services: Those that not every cloud has, and whether this one does.
        """
        self.project = self._project()
        redis = {"redis.googleapis.com": isinstance(self.config.memorystore, MemorystoreConfig)}
        wanted = [service for service, needed in {**redis, **services}.items() if needed]
        if self.config.enable_apis:
            self.ready = [CloudApis(self, project=self.project, anyscale_activate_optional_apis=wanted or None)]

    def _project(self) -> Project | ExistingProject:
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
            labels=self._labels(project.labels),
        )

    def _make_bucket(self, users: Iam | ExistingServiceAccounts | OperatorAccount) -> CloudStorage | ExistingBucket:
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
            iam=users,
            anyscale_bucket_name=bucket.name,
            anyscale_bucket_name_prefix=self.config.name_prefix,
            bucket_location=bucket.location,
            bucket_storage_class=bucket.storage_class,
            bucket_encryption_key_name=bucket.kms_key_name,
            bucket_force_destroy=unless(bucket.force_destroy, False),
            bucket_versioning=unless(bucket.object_versioning, False),
            lifecycle_rules=rules or None,
            labels=self._labels(bucket.labels),
            depends_on=self.ready,
        )

    def _make_stores(self, vpc: Vpc | ExistingVpc) -> None:
        """Makes the shared file system and the Redis, if they are wanted."""
        self.filestore = self._filestore(vpc)
        self.memorystore = self._memorystore(vpc)

    def _filestore(self, vpc: Vpc | ExistingVpc) -> Filestore | ExistingFilestore | None:
        filestore = self.config.filestore
        if not isinstance(filestore, FilestoreConfig):
            return filestore
        return Filestore(
            self,
            project=self.project,
            region=self.config.region,
            vpc=vpc,
            anyscale_cloud_id=self.cloud_id,
            anyscale_filestore_name=filestore.name,
            anyscale_filestore_name_prefix=self.config.name_prefix,
            filestore_tier=filestore.tier,
            anyscale_filestore_fileshare_capacity_gb=filestore.capacity_gb,
            filestore_location=filestore.location,
            labels=self._labels(filestore.labels),
            depends_on=self.ready,
        )

    def _memorystore(self, vpc: Vpc | ExistingVpc) -> Memorystore | ExistingMemorystore | None:
        memorystore = self.config.memorystore
        if not isinstance(memorystore, MemorystoreConfig):
            return memorystore
        return Memorystore(
            self,
            project=self.project,
            region=self.config.region,
            vpc=vpc,
            anyscale_memorystore_name=memorystore.name,
            anyscale_memorystore_name_prefix=self.config.name_prefix,
            memorystore_memory_size_gb=memorystore.memory_size_gb,
            memorystore_replica_count=memorystore.replica_count,
            memorystore_redis_version=memorystore.redis_version,
            labels=self._labels(memorystore.labels),
            depends_on=self.ready,
        )

    def _labels(self, own: Labels | Expr) -> Labels | Expr:
        # Ids may hold capital letters, labels may not.
        standard = {key: lower(value) for key, value in self.config.standard_tags(self.cloud_id).items()}
        return merge(standard, self.config.labels, own)

    def _common_outputs(self, vpc: Vpc | ExistingVpc, bucket: CloudStorage | ExistingBucket) -> dict[str, Any]:
        """Upstream's own root output names; inputs stand in where something existed."""
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
