"""The bucket for logs and shared files: new, or an existing one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.anyscale import CONSOLE_ORIGIN
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google.guards import (
    exact_names,
    globally_unique,
    labels_are_ones_google_accepts,
    name_is_refused,
    the_module_is_enabled,
    the_random_suffix_has_a_length,
)
from anyscale_constructs.google.iam import IBucketUsers
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import (
    BucketLocation,
    CryptoKeyName,
    ExistingGcsBucketName,
    GcpRegion,
    GcsBucketName,
    Labels,
)
from anyscale_constructs.modules.google.cloudstorage import CloudStorageInputs, CloudStorageModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused
from anyscale_constructs.terraform.resource import Resource

_NAME: TypeAdapter[str] = TypeAdapter(GcsBucketName)
_KEY: TypeAdapter[str | None] = TypeAdapter(CryptoKeyName | None)
_READ_CONDITIONS = (
    "age",
    "created_before",
    "with_state",
    "is_live",
    "matches_storage_class",
    "matches_prefix",
    "matches_suffix",
    "num_newer_versions",
    "custom_time_before",
    "days_since_custom_time",
    "days_since_noncurrent_time",
    "noncurrent_time_before",
)
# Each of these sets of roles satisfies `anyscale cloud verify`.
_ENOUGH_ROLES = ({"roles/storage.admin"}, {"roles/storage.objectAdmin", "roles/storage.legacyBucketReader"})


class LifecycleAction(Model):
    """The action of a lifecycle rule."""

    type: OrExpr[Literal["Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"]] = Field(
        description="The type of the action."
    )
    storage_class: OrExpr[Literal["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"] | None] = Field(
        default=None, description="The new storage class, for SetStorageClass. Default: none."
    )


class LifecycleCondition(Model):
    """The conditions of a lifecycle rule, all of which must be true. Dates have the form "2026-12-31"."""

    age: OrExpr[int | None] = Field(
        default=None, ge=0, description="Objects that were created at least this many days ago. Default: any age."
    )
    created_before: str | None = Field(
        default=None, description="Objects that were created before this date. Default: any date."
    )
    with_state: OrExpr[Literal["LIVE", "ARCHIVED", "ANY"] | None] = Field(
        default=None, description="LIVE: current versions. ARCHIVED: older versions. ANY: both. Default: both."
    )
    matches_storage_class: OrExpr[list[str] | None] = Field(
        default=None, description="Objects of one of these storage classes. Default: any class."
    )
    matches_prefix: OrExpr[list[str] | None] = Field(
        default=None, description="Objects whose names begin with one of these. Default: any name."
    )
    matches_suffix: OrExpr[list[str] | None] = Field(
        default=None, description="Objects whose names end with one of these. Default: any name."
    )
    num_newer_versions: OrExpr[int | None] = Field(
        default=None, description="Versions with at least this many newer versions. Default: any number."
    )
    custom_time_before: str | None = Field(
        default=None, description="Objects whose custom time is before this date. Default: any custom time, or none."
    )
    days_since_custom_time: OrExpr[int | None] = Field(
        default=None,
        description="Objects whose custom time is at least this many days ago. Default: any custom time, or none.",
    )
    days_since_noncurrent_time: OrExpr[int | None] = Field(
        default=None, description="Versions that were replaced at least this many days ago. Default: any time."
    )
    noncurrent_time_before: str | None = Field(
        default=None, description="Versions that were replaced before this date. Default: any date."
    )


class LifecycleRule(Model):
    """A lifecycle rule for objects."""

    action: LifecycleAction = Field(description="The rule's action.")
    condition: LifecycleCondition = Field(description="The objects to which the rule applies.")


class BucketConfig(Model):
    """A new bucket."""

    name: GcsBucketName | None = Field(
        default=None, description="The bucket's name. Default: a unique name that begins with name_prefix."
    )
    location: BucketLocation | None = Field(
        default=None, description="The bucket's location. Default: the cloud's region."
    )
    storage_class: OrExpr[
        Literal["STANDARD", "MULTI_REGIONAL", "REGIONAL", "NEARLINE", "COLDLINE", "ARCHIVE"] | None
    ] = Field(default=None, description="The bucket's storage class. Default: STANDARD.")
    kms_key_name: CryptoKeyName | None = Field(
        default=None,
        description="A KMS key in the bucket's location. The project's Cloud Storage service agent must have access to "
        "it; a warning shows how to grant it. Default: Google's keys.",
    )
    force_destroy: OrExpr[bool] = Field(
        default=False, description="Whether destroying the cloud deletes the objects in the bucket."
    )
    object_versioning: OrExpr[bool] = Field(
        default=False, description="Whether the bucket keeps old versions of objects."
    )
    lifecycle_rules: list[LifecycleRule] = Field(
        default_factory=empty_list, description="Rules that move or delete objects as they age. Default: none."
    )
    labels: OrExpr[Labels] = Field(
        default_factory=empty_map, description="Labels of the bucket, in addition to the cloud's. Default: none."
    )


class ExistingBucket(Model):
    """An existing bucket with its own CORS rules. Both service accounts must have access to its objects."""

    bucket_name: ExistingGcsBucketName

    @property
    def bucket_url(self) -> str:
        """The bucket's URL for registration."""
        return f"gs://{self.bucket_name}"


@guard("gcs-bucket-name", "anyscale_bucket_name")
def bucket_name_is_one_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid bucket names at apply, after part of the cloud has been created."""
    return name_is_refused(i, _NAME, "anyscale_bucket_name", "anyscale_bucket_name_prefix")


@guard("gcs-storage-class", "bucket_storage_class", "bucket_location")
def the_storage_class_fits_the_location(i: Inputs) -> Finding | None:
    """Google accepts REGIONAL in regions only, and MULTI_REGIONAL in multi-regions only."""
    location, class_ = i["bucket_location"], i["bucket_storage_class"]
    if is_unresolved(location) or not is_one_of(class_, "REGIONAL", "MULTI_REGIONAL"):
        return None
    if ("-" not in location) != (class_ == "MULTI_REGIONAL"):
        return Finding(f"bucket_storage_class does not fit the location {location}", "use STANDARD", class_, "STANDARD")
    return None


@guard("gcs-key-location", "bucket_encryption_key_name", "bucket_location")
def gcs_key_location(i: Inputs) -> Finding | None:
    """Cloud Storage accepts only keys in the bucket's location, by their full names."""
    key, location = i["bucket_encryption_key_name"], i["bucket_location"]
    found = value_is_refused(_KEY, key, "bucket_encryption_key_name", "use the key's full name")
    if found or key is None or is_unresolved(key) or is_unresolved(location):
        return found
    have = key.split("/")[3]
    if have != location.lower():
        return Finding(
            "bucket_encryption_key_name is not in the bucket's location",
            "use another key, or change the location",
            have,
            location.lower(),
        )
    return None


@guard("gcs-key-access", "bucket_encryption_key_name", severity="warning")
def the_storage_agent_may_use_the_key(i: Inputs) -> Finding | None:
    """Google cannot create the bucket unless the project's Cloud Storage service agent has access to the key."""
    key, project = i["bucket_encryption_key_name"], i["anyscale_project_id"]
    if key is None:
        return None
    new = project is None or is_unresolved(project)
    command = f"--project={'PROJECT' if new else project} --authorize-cmek={'KEY' if is_unresolved(key) else key}"
    return Finding(
        "the project's Cloud Storage service agent must have access to the key in bucket_encryption_key_name",
        f"run gcloud storage service-agent {command}, unless it has access already"
        + (" (in a new project: after the first apply has created it; then apply again)" if new else ""),
    )


@guard("gcs-bucket-access", "bucket_iam_member_roles", "bucket_iam_members", "bucket_iam_member_additional_roles")
def both_accounts_may_use_the_bucket(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails unless both service accounts can read the bucket and write objects to it."""
    if i["bucket_iam_members"] == []:
        return Finding(
            "bucket_iam_members is empty, so neither Anyscale nor the nodes can use the bucket",
            "remove it",
            on=["bucket_iam_members"],
        )
    lists = ("bucket_iam_member_roles", "bucket_iam_member_additional_roles")
    roles = {role for name in lists if i.known(name) for role in i[name]}
    if i.known(*lists) and not any(enough <= roles for enough in _ENOUGH_ROLES):
        return Finding(
            "bucket_iam_member_roles lacks roles that Anyscale needs",
            "remove it, and list more roles in bucket_iam_member_additional_roles",
            sorted(roles),
            ", or ".join(" and ".join(sorted(enough)) for enough in _ENOUGH_ROLES),
        )
    return None


@guard("gcs-public-access", "bucket_uniform_level_access", "bucket_public_access_prevention", severity="warning")
def the_bucket_stays_private(i: Inputs) -> Finding | None:
    """Objects with access control lists may be public, and so may a bucket without public access prevention."""
    if i["bucket_uniform_level_access"] is False:
        return Finding(
            "bucket_uniform_level_access is false, so individual objects can be public",
            "remove it",
            on=["bucket_uniform_level_access"],
        )
    if is_one_of(i["bucket_public_access_prevention"], "inherited"):
        return Finding(
            "bucket_public_access_prevention is inherited, so the bucket can be made public",
            "remove it",
            on=["bucket_public_access_prevention"],
        )
    return None


@guard("gcs-cors-console", "cors_rules", severity="warning")
def cors_rules_let_the_console_read_logs(i: Inputs) -> Finding | None:
    """The console reads logs from the bucket in the browser. `anyscale cloud verify` checks the CORS rule for it."""
    rules = i["cors_rules"]
    if is_unresolved(rules) or any(is_unresolved(value) for rule in rules for value in rule.values()):
        return None
    wanted = {"origins": CONSOLE_ORIGIN, "methods": "GET", "response_headers": "*"}
    if not any(all(value in (rule[key] or ()) for key, value in wanted.items()) for rule in rules):
        return Finding(
            "cors_rules has no rule that lets the Anyscale console read logs",
            "add the rule, or remove cors_rules",
            allowed=f"a rule with {' and '.join(f'{value} in {name}' for name, value in wanted.items())}",
        )
    return None


@guard("gcs-lifecycle-condition", "lifecycle_rules")
def lifecycle_rules_have_the_conditions_upstream_reads(i: Inputs) -> Finding | None:
    """Upstream ignores unknown conditions, such as send_age_if_zero, so the rule would apply to more objects."""
    rules = [] if is_unresolved(i["lifecycle_rules"]) else i["lifecycle_rules"]
    for condition in (rule["condition"] for rule in rules if isinstance(rule["condition"], Mapping)):
        strange = [name for name in condition if name not in _READ_CONDITIONS]
        if strange or not condition:
            what = f"conditions that upstream ignores: {', '.join(strange)}" if strange else "no condition"
            allowed = f"one or more of {', '.join(_READ_CONDITIONS)}"
            return Finding(f"lifecycle_rules has a rule with {what}", "correct the rule", condition, allowed)
    return None


RETENTION = Rule(
    "gcs-retention",
    "warning",
    "Anyscale overwrites and deletes files in the bucket. A locked policy can never be removed.",
)


@guard("gcs-retention-period", "retention_policy")
def gcs_retention_period(i: Inputs) -> Finding | None:
    """The provider requires the period of a retention policy."""
    policy = i["retention_policy"]
    if not isinstance(policy, Mapping) or not policy:
        return None
    if "retention_period" not in policy:
        return Finding("retention_policy lacks retention_period", "set it, in seconds", policy)
    locked = ", and cannot be removed once it is locked" if is_one_of(policy.get("is_locked"), "true") else ""
    return Finding(
        f"retention_policy prevents Anyscale from changing and deleting its files{locked}", "remove it", rule=RETENTION
    )


@guard("gcs-log-bucket", "bucket_logging")
def logging_names_its_bucket(i: Inputs) -> Finding | None:
    """Google rejects logging settings without a log bucket."""
    logging = i["bucket_logging"]
    if isinstance(logging, Mapping) and logging and "log_bucket" not in logging:
        return Finding("bucket_logging lacks log_bucket", "set it to the bucket for access logs", logging)
    return None


class CloudStorage(CloudStorageModule):
    """A private bucket in the cloud's region, with access for both service accounts, and for the console to read logs.

    Names are used unchanged; prefixes get a random suffix.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `cloudstorage`.
        project: The project in which it is created.
        region: The bucket's location, unless `bucket_location` is set.
        iam: The service accounts that get access to the bucket.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; the project's Cloud Storage service agent must have
            access to the key in `bucket_encryption_key_name`.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_random_suffix_has_a_length,
        labels_are_ones_google_accepts,
        bucket_name_is_one_google_accepts,
        the_storage_class_fits_the_location,
        gcs_key_location,
        the_storage_agent_may_use_the_key,
        both_accounts_may_use_the_bucket,
        the_bucket_stays_private,
        cors_rules_let_the_console_read_logs,
        lifecycle_rules_have_the_conditions_upstream_reads,
        gcs_retention_period,
        logging_names_its_bucket,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "cloudstorage",
        *,
        project: IProject,
        region: GcpRegion,
        iam: IBucketUsers,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[CloudStorageInputs],
    ) -> None:
        self._project = project
        self._region = region
        self._iam = iam
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the bucket's location, and gives both accounts access."""
        given = {
            "anyscale_project_id": self._project.project_id,
            "bucket_location": self._region,
            "bucket_iam_members": self._iam.bucket_members,
        } | given
        return exact_names(globally_unique(given), "anyscale_bucket_name")

    @property
    def bucket_name(self) -> str:
        """The bucket's name."""
        return self.cloudstorage_bucket_name

    @property
    def bucket_url(self) -> str:
        """The bucket's URL for registration. Unlike upstream's name, it is known only after the bucket is created."""
        return self.cloudstorage_bucket_url


def let_into_bucket(scope: Construct, bucket: "CloudStorage | ExistingBucket", members: Mapping[str, str]) -> None:
    """Grants new service accounts access to a bucket; upstream cannot, or identifies members by their index.

    Args:
        scope: The stack.
        bucket: The bucket.
        members: The accounts, as members of an IAM policy, by an ID for each grant.
    """
    for role in sorted(_ENOUGH_ROLES[1]):
        for account, member in members.items():
            name = f"bucket_{account}_{role.rpartition('.')[2]}"
            grant = {"bucket": bucket.bucket_name, "role": role, "member": member}
            Resource(scope, "google_storage_bucket_iam_member", name, grant)
