"""The bucket for logs and shared files: new, or an existing one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.anyscale import CONSOLE_ORIGIN
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr
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
# Either role, or all roles of the other set, gives what `anyscale cloud verify` looks for.
_ENOUGH_ROLES = ({"roles/storage.admin"}, {"roles/storage.objectAdmin", "roles/storage.legacyBucketReader"})


class LifecycleAction(Model):
    """What is done with objects."""

    type: OrExpr[Literal["Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"]] = Field(
        description="What is done."
    )
    storage_class: OrExpr[Literal["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"] | None] = Field(
        default=None, description="The new class, for SetStorageClass. Default: none."
    )


class LifecycleCondition(Model):
    """Which objects; all that is given must be true. Dates are written like "2026-12-31"."""

    age: OrExpr[int | None] = Field(
        default=None, ge=0, description="Objects that were created at least so many days ago. Default: of any age."
    )
    created_before: str | None = Field(
        default=None, description="Objects that were created before this date. Default: on any date."
    )
    with_state: OrExpr[Literal["LIVE", "ARCHIVED", "ANY"] | None] = Field(
        default=None, description="LIVE: current objects. ARCHIVED: older versions. ANY: both. Default: both."
    )
    matches_storage_class: OrExpr[list[str] | None] = Field(
        default=None, description="Objects of one of these classes. Default: of any class."
    )
    matches_prefix: OrExpr[list[str] | None] = Field(
        default=None, description="Objects whose names begin with one of these. Default: with anything."
    )
    matches_suffix: OrExpr[list[str] | None] = Field(
        default=None, description="Objects whose names end with one of these. Default: with anything."
    )
    num_newer_versions: OrExpr[int | None] = Field(
        default=None, description="Older versions that at least so many newer ones follow. Default: any number."
    )
    custom_time_before: str | None = Field(
        default=None, description="Objects whose custom time is before this date. Default: on any date, or without one."
    )
    days_since_custom_time: OrExpr[int | None] = Field(
        default=None,
        description="Objects whose custom time is at least so many days ago. Default: at any time, or without one.",
    )
    days_since_noncurrent_time: OrExpr[int | None] = Field(
        default=None, description="Versions that were replaced at least so many days ago. Default: at any time."
    )
    noncurrent_time_before: str | None = Field(
        default=None, description="Versions that were replaced before this date. Default: on any date."
    )


class LifecycleRule(Model):
    """One rule for objects that have grown old."""

    action: LifecycleAction = Field(description="What is done with the objects.")
    condition: LifecycleCondition = Field(description="Which objects it is done with.")


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
    object_versioning: OrExpr[bool] = Field(
        default=False, description="Whether the bucket keeps older versions of objects."
    )
    lifecycle_rules: list[LifecycleRule] = Field(
        default_factory=list, description="Rules that move or delete objects as they age. Default: none."
    )
    labels: OrExpr[Labels] = Field(
        default_factory=dict, description="Labels of the bucket, beside the cloud's. Default: none."
    )


class ExistingBucket(Model):
    """A bucket that is there already, with its CORS rules, where both service accounts may read and write objects."""

    bucket_name: ExistingGcsBucketName

    @property
    def bucket_url(self) -> str:
        """The bucket as registration wants it."""
        return f"gs://{self.bucket_name}"


@guard("gcs-bucket-name", "anyscale_bucket_name")
def bucket_name_is_one_google_accepts(i: Inputs) -> Finding | None:
    """Google refuses invalid bucket names at apply, after part of the cloud has been created."""
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
def the_key_is_where_the_bucket_is(i: Inputs) -> Finding | None:
    """Cloud Storage uses keys in the bucket's location only, by their full names."""
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
    """Google refuses to create the bucket unless the Cloud Storage service agent of the project may use the key."""
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
    """`anyscale cloud verify` fails unless both service accounts can read the bucket and write objects in it."""
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
            "bucket_uniform_level_access is false, so single objects can be public",
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
    """The console reads logs from the bucket in the browser. `anyscale cloud verify` looks for the rule for that."""
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
def retention_is_meant(i: Inputs) -> Finding | None:
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
    """Google refuses logging settings without a log bucket."""
    logging = i["bucket_logging"]
    if isinstance(logging, Mapping) and logging and "log_bucket" not in logging:
        return Finding("bucket_logging lacks log_bucket", "set it to the bucket for the access logs", logging)
    return None


class CloudStorage(CloudStorageModule):
    """A private bucket in the cloud's region, which both service accounts may use and the console may read logs from.

    A name is taken as it stands, a prefix gets a random suffix.

    Args:
        scope: The stack.
        id: Default: `cloudstorage`.
        project: The project it is made in.
        region: Where it is kept, unless `bucket_location` says otherwise.
        iam: The service accounts that may use it.
        depends_on: Constructs that must be there first.
        **inputs: Upstream's inputs by their own names; Google's storage agent of the project must be able to use
            the key in `bucket_encryption_key_name`.

    Raises:
        InputError: An input is wrong or would spring one of upstream's traps.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_random_suffix_has_a_length,
        labels_are_ones_google_accepts,
        bucket_name_is_one_google_accepts,
        the_storage_class_fits_the_location,
        the_key_is_where_the_bucket_is,
        the_storage_agent_may_use_the_key,
        both_accounts_may_use_the_bucket,
        the_bucket_stays_private,
        cors_rules_let_the_console_read_logs,
        lifecycle_rules_have_the_conditions_upstream_reads,
        retention_is_meant,
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
        """Puts the bucket into the cloud's region, and lets both accounts in."""
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
        """The bucket as registration wants it; upstream's name is known before the bucket is there, this is not."""
        return self.cloudstorage_bucket_url


def let_into_bucket(scope: Construct, bucket: "CloudStorage | ExistingBucket", members: Mapping[str, str]) -> None:
    """Lets new service accounts use a bucket, for which upstream has nothing, or only members by their numbers.

    Args:
        scope: The stack.
        bucket: The bucket.
        members: The accounts, as Google's policies write them, by a name of your own.
    """
    for role in sorted(_ENOUGH_ROLES[1]):
        for account, member in members.items():
            name = f"bucket_{account}_{role.rpartition('.')[2]}"
            grant = {"bucket": bucket.bucket_name, "role": role, "member": member}
            Resource(scope, "google_storage_bucket_iam_member", name, grant)
