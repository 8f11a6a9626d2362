"""The base of the configurations of clouds on AWS."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws.efs import EfsConfig, ExistingEfs
from anyscale_constructs.aws.kms import KmsKeyConfig
from anyscale_constructs.aws.memorydb import ExistingMemoryDb, MemoryDbConfig
from anyscale_constructs.aws.provider import AwsProviderConfig
from anyscale_constructs.aws.s3 import ExistingBucket, PlainBucketConfig
from anyscale_constructs.aws.types import AwsRegion, KmsKeyArn, Tags
from anyscale_constructs.aws.vpc import ExistingVpc, VpcConfig
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import CONFLICTING, ExistingIf, Model, refuse, refuse_all
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.config import UPSTREAM_NAMES, NamedCloudConfig, known_keys

TAG_CASE = Rule(
    "tag-case", "error", "IAM treats tag keys that differ only in case as duplicates, and rejects a role that has both."
)
IGNORED_TAG = Rule(
    "ignored-tag", "error", "Terraform ignores the tag when it reads the resource, so every plan would set it again."
)


class AwsCloudConfig(NamedCloudConfig):
    """The base of the configurations of clouds on AWS."""

    upstream_names = UPSTREAM_NAMES | {
        "aws_region": "region",
        "anyscale_external_id": "external_id",
        "customer_ingress_cidr_ranges": "security_group.ingress_cidr_blocks",
        "security_group_ingress_allow_access_from_cidr_range": "security_group.ingress_cidr_blocks",
        "security_group_enable_ssh_access": "security_group.enable_ssh_access",
        "anyscale_machine_pool_ingress_cidr_ranges": "security_group.machine_pool_cidr_ranges",
        "existing_vpc_id": "vpc.vpc_id",
        "existing_vpc_subnet_ids": "vpc.subnet_ids_to_az",
        "existing_subnet_ids": "vpc.subnet_ids_to_az",
        "existing_vpc_public_route_table_ids": "vpc.s3_endpoint_route_table_ids",
        "existing_vpc_private_route_table_ids": "vpc.s3_endpoint_route_table_ids",
        "anyscale_vpc_name": "vpc.name",
        "anyscale_vpc_cidr_block": "vpc.cidr_block",
        "anyscale_vpc_public_subnets": "vpc.public_subnets",
        "anyscale_vpc_private_subnets": "vpc.private_subnets",
        "anyscale_s3_bucket_name": "bucket.name",
        "anyscale_iam_access_role_name": "iam.control_plane_role_name",
        "anyscale_iam_cluster_node_role_name": "iam.cluster_node_role_name",
        "anyscale_cluster_node_byod_secret_arns": "iam.cluster_node_secret_arns",
        "anyscale_cluster_node_byod_secret_kms_arn": "iam.cluster_node_secret_kms_key_arn",
        "create_efs_resources": "efs",
        "create_memorydb_resources": "memorydb",
    }

    region: AwsRegion
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of every resource. Default: no additional ones."
    )
    kms_key_arn: KmsKeyArn | None = Field(
        default=None,
        description="The KMS key of a new bucket, EFS, MemoryDB and Kubernetes secrets. New roles get permission to "
        "use it; docs/how-to/kms-key.md shows what its key policy must allow. Default: the services' default keys.",
    )
    kms_key: KmsKeyConfig | None = Field(
        default=None,
        description="A new KMS key for a new bucket, EFS, MemoryDB, Kubernetes secrets and volumes of EKS nodes, "
        "instead of kms_key_arn; {} creates one. Set it before the first apply: setting it later replaces EFS and "
        "MemoryDB. Default: no new key.",
    )
    vpc: Annotated[VpcConfig | ExistingVpc, ExistingIf("vpc_id")] = Field(
        default_factory=VpcConfig, description="The VPC, new or existing. Default: a new one."
    )
    bucket: Annotated[PlainBucketConfig | ExistingBucket, ExistingIf("bucket_name")] = Field(
        default_factory=PlainBucketConfig, description="The bucket, new or existing. Default: a new one."
    )
    efs: Annotated[EfsConfig | ExistingEfs, ExistingIf("efs_id")] | None = Field(
        default=None,
        description="The EFS file system. Default: none; {} creates one, and efs_id names an existing one.",
    )
    memorydb: Annotated[MemoryDbConfig | ExistingMemoryDb, ExistingIf("cluster_name")] | None = Field(
        default=None,
        description="The MemoryDB cluster. Default: none; {} creates one, and cluster_name names an existing one.",
    )
    provider: AwsProviderConfig = Field(
        default_factory=AwsProviderConfig,
        description="Settings of Terraform's provider aws. Default: taken from the environment.",
    )

    @model_validator(mode="after")
    def _tags_of_the_provider_are_not_the_clouds(self) -> Self:
        self.refuse_standard_tags("provider.default_tags", self.provider.default_tags)
        spelled: dict[str, str] = {}
        for name in [*known_keys(self.tags), *known_keys(self.provider.default_tags)]:
            if (other := spelled.setdefault(name.lower(), name)) != name and self.provider.default_tags:
                raise refuse(
                    f"{name} and {other} differ only in case, and IAM treats them as the same key",
                    "use the same case for both",
                    key="provider.default_tags",
                    rule=TAG_CASE,
                )
        for name in self.provider.ignored(self.tag_keys()) if self.provider.ignore_tags else ():
            raise refuse(
                f"the provider ignores the tag {name}, but the cloud sets it",
                "remove it, or use longer prefixes",
                key="provider.ignore_tags",
                rule=IGNORED_TAG,
            )
        return self

    @model_validator(mode="after")
    def _a_new_key_is_the_only_one(self) -> Self:
        if self.kms_key is not None and self.kms_key_arn is not None:
            raise refuse("creates a key, but kms_key_arn names an existing one", "remove one of them", key="kms_key")
        if self.kms_key is not None and not self.has_what_keys_encrypt():
            raise refuse(
                "has no effect, because the cloud creates nothing that it could encrypt",
                "remove it",
                key="kms_key",
            )
        return self

    def has_what_keys_encrypt(self) -> bool:
        """Whether the cloud creates a resource that a KMS key encrypts."""
        new = (PlainBucketConfig, EfsConfig, MemoryDbConfig)
        return any(isinstance(store, new) for store in (self.bucket, self.efs, self.memorydb))

    @model_validator(mode="after")
    def _existing_stores_are_in_an_existing_vpc(self) -> Self:
        named = {
            ("efs", "efs_id"): isinstance(self.efs, ExistingEfs),
            ("memorydb", "cluster_name"): isinstance(self.memorydb, ExistingMemoryDb),
        }
        found = [
            Finding(
                "is in an existing VPC, but vpc is new",
                "set vpc to that VPC: {vpc_id: ..., subnet_ids_to_az: ...}",
                rule=CONFLICTING,
                key=key,
            )
            for key, exists in named.items()
            if exists and isinstance(self.vpc, VpcConfig)
        ]
        if found:
            raise refuse_all(found)
        return self

    def tag_keys(self) -> set[str]:
        """The known keys of the tags that the cloud, its modules and its configuration set."""
        return {*self.standard_tags(""), *_tag_keys(self), "Name"}

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        zones = "vpc.availability_zones" if isinstance(self.vpc, VpcConfig) else "vpc.subnet_ids_to_az"
        places = [(zones, zone, zone) for zone in self.vpc.availability_zones]
        if self.kms_key_arn is not None and not is_unresolved(self.kms_key_arn):
            places.append(("kms_key_arn", self.kms_key_arn, self.kms_key_arn.split(":")[3]))
        found = [
            regions.elsewhere(
                tuple(key.split(".")), value, f"{'a zone of' if value == place else 'an ARN in'} {self.region}"
            )
            for key, value, place in places
            if not regions.is_in(self.region, place)
        ]
        if found:
            raise refuse_all(found)
        return self


def _tag_keys(section: Model) -> Iterator[str]:
    for name, value in section:
        if isinstance(value, Model):
            yield from _tag_keys(value)
        elif name in ("tags", "default_tags"):
            yield from known_keys(value)
