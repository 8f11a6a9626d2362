"""The bucket for logs and shared files: new, or an existing one."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.anyscale import CONSOLE_ORIGIN
from anyscale_constructs.aws.policies import PolicyDocument
from anyscale_constructs.aws.types import AwsRegion, BucketName, ExistingBucketName, KmsKeyArn, Tags
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr, checked, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.modules.aws.s3 import S3Inputs, S3Module
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused

_CORS = {
    "allowed_origins": (CONSOLE_ORIGIN,),
    "allowed_methods": ("DELETE", "GET", "HEAD", "POST", "PUT"),
    "expose_headers": ("Accept-Ranges", "Content-Length", "Content-Range"),
}
_BUCKET_NAME: TypeAdapter[str | None] = TypeAdapter(BucketName | None)
_KEY_ARN: TypeAdapter[str | None] = TypeAdapter(KmsKeyArn | None)
_SUFFIX = 26
"""The number of characters that Terraform appends to a prefix."""
_LONGEST_PREFIX = 63 - _SUFFIX


class PlainBucketConfig(Model):
    """A new bucket of a Kubernetes cloud."""

    name: BucketName | None = Field(
        default=None, description="The bucket's name. Default: a unique name that begins with name_prefix."
    )
    force_destroy: OrExpr[bool] = Field(
        default=False,
        description="Whether destroying the cloud deletes the objects in the bucket.",
    )
    object_versioning: OrExpr[bool] = Field(
        default=False, description="Whether the bucket keeps old versions of objects."
    )
    lifecycle_rules: OrExpr[list[OrExpr[dict[str, Any]]]] = Field(
        default_factory=empty_list,
        description="Rules that move or delete objects as they age, as in upstream's input lifecycle_rule. "
        "Default: none.",
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of the bucket, in addition to the cloud's. Default: none."
    )


class BucketConfig(PlainBucketConfig):
    """A new bucket, with a policy for the roles of the control plane and of the nodes."""

    custom_policy: OrExpr[PolicyDocument | None] = Field(
        default=None,
        description="Statements to add to the bucket policy. Their Sids must not be AllowSSLRequestsOnly or "
        "AllowAnyscaleResources. Default: none; the policy always requires TLS and lets both roles use the bucket.",
    )


class IBucket(Protocol):
    """A bucket: `S3`, `ExistingBucket`, or a class with these properties."""

    @property
    def s3_bucket_id(self) -> str:
        """The bucket's name."""
        ...

    @property
    def s3_bucket_arn(self) -> str:
        """The bucket's ARN."""
        ...

    @property
    def kms_key_arn(self) -> str | None:
        """The ARN of the KMS key that encrypts it; None for S3's default encryption."""
        ...


class ExistingBucket(Model):
    """An existing bucket, with its own policy and CORS rules."""

    bucket_name: ExistingBucketName
    region: AwsRegion | None = Field(default=None, description="The bucket's region. Default: the cloud's region.")
    kms_key_arn: KmsKeyArn | None = Field(
        default=None,
        description="The KMS key that encrypts it; new roles get permission to use it. "
        "Default: no permission for a key, which is right for a bucket with S3's default encryption.",
    )

    @property
    def s3_bucket_id(self) -> str:
        """The bucket's name."""
        return self.bucket_name

    @property
    def s3_bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.bucket_name}"


@guard("s3-bucket-name", "anyscale_bucket_name")
def bucket_name_is_one_aws_accepts(i: Inputs) -> Finding | None:
    """AWS rejects other names at apply, after other resources have been created."""
    return value_is_refused(_BUCKET_NAME, i["anyscale_bucket_name"], "anyscale_bucket_name", "choose another name")


@guard("s3-bucket-prefix", "anyscale_bucket_prefix", "anyscale_bucket_name")
def bucket_prefix_makes_a_bucket_name(i: Inputs) -> Finding | None:
    """Terraform appends 26 characters to the prefix, and AWS accepts bucket names of at most 63 characters."""
    prefix = i["anyscale_bucket_prefix"]
    if i["anyscale_bucket_name"] is not None or prefix is None or is_unresolved(prefix):
        return None
    if len(prefix) > _LONGEST_PREFIX:
        allowed = f"at most {_LONGEST_PREFIX} characters"
        return Finding("anyscale_bucket_prefix is too long", "shorten it", prefix, allowed)
    if value_is_refused(_BUCKET_NAME, prefix + "0" * _SUFFIX, "", ""):
        allowed = "the beginning of an S3 bucket name, such as anyscale-"
        return Finding("anyscale_bucket_prefix cannot begin a bucket name", "choose another prefix", prefix, allowed)
    return None


@guard("s3-regional-name", "bucket_namespace", "anyscale_bucket_name")
def s3_regional_name(i: Inputs) -> Finding | None:
    """In the account-regional namespace, AWS accepts only names that end with -<account>-<region>-an."""
    name = i["anyscale_bucket_name"]
    regional = "bucket_namespace" in i and is_one_of(i["bucket_namespace"], "account-regional")
    if regional and name is not None and not is_unresolved(name) and not name.endswith("-an"):
        return Finding(
            "anyscale_bucket_name lacks the suffix of the account-regional namespace",
            "remove bucket_namespace to use the global namespace, or append -<account>-<region>-an to the name",
            name,
        )
    return None


@guard("s3-regional-prefix", "bucket_namespace", "anyscale_bucket_prefix")
def account_regional_prefixes_leave_room(i: Inputs) -> Finding | None:
    """Terraform appends 26 characters and AWS -<account>-<region>-an, which exceeds the limit of 63 in many regions."""
    regional = "bucket_namespace" in i and is_one_of(i["bucket_namespace"], "account-regional")
    if regional and i["anyscale_bucket_name"] is None:
        return Finding(
            "bucket_namespace account-regional with a prefix results in names that are too long in many regions",
            "set anyscale_bucket_name, ending with -<account>-<region>-an, or remove bucket_namespace",
        )
    return None


@guard("s3-cors-rule", "cors_rule")
def cors_rule_is_one_object(i: Inputs) -> Finding | None:
    """Upstream reads the rule's keys directly, so planning fails with a list of rules."""
    if isinstance(i["cors_rule"], list | tuple):
        return Finding(
            "cors_rule must be one object, not a list", "set the rule itself, without a list", i["cors_rule"]
        )
    return None


@guard("s3-cors-console", "cors_rule", severity="warning")
def cors_rule_lets_the_console_read_logs(i: Inputs) -> Finding | None:
    """The console reads logs from the bucket in the browser; `anyscale cloud verify` checks the CORS rule for it."""
    rule = i["cors_rule"]
    if not isinstance(rule, dict) or any(is_unresolved(rule.get(key)) for key in _CORS):
        return None
    have = {key: value for key, value in rule.items() if isinstance(value, list)}
    missing = [part for key, wanted in _CORS.items() for part in wanted if part not in have.get(key, ())]
    if missing:
        return Finding(
            f"cors_rule lacks {', '.join(missing)}, so the console cannot show logs",
            "add them, or remove cors_rule",
        )
    return None


@guard("s3-encryption-algorithm", "server_side_encryption")
def s3_encryption_algorithm(i: Inputs) -> Finding | None:
    """AWS rejects a KMS key with the algorithm AES256, which uses S3's own keys."""
    encryption = i["server_side_encryption"]
    if not isinstance(encryption, dict) or is_unresolved(encryption.get("sse_algorithm")):
        return None
    if encryption.get("kms_master_key_id") is not None and is_one_of(encryption.get("sse_algorithm"), "AES256"):
        return Finding("server_side_encryption has a KMS key but the algorithm AES256", "set sse_algorithm to aws:kms")
    return None


@guard("s3-encryption-key", "server_side_encryption", severity="warning")
def encryption_names_its_key_by_arn(i: Inputs) -> Finding | None:
    """IAM policies name keys by ARN, so the roles get no permission for a key that is set by its ID or alias."""
    key = _key_of(i)
    if value_is_refused(_KEY_ARN, key, "kms_master_key_id", ""):
        return Finding(
            "server_side_encryption names its KMS key by an ID or an alias, so no role gets permission to use the key",
            "use the key's ARN",
            key,
            checked(KmsKeyArn).says,
        )
    return None


@guard("s3-log-bucket", "logging")
def logging_names_its_bucket(i: Inputs) -> Finding | None:
    """Upstream reads target_bucket, so planning fails without it."""
    if isinstance(i["logging"], dict) and i["logging"] and "target_bucket" not in i["logging"]:
        return Finding("logging lacks target_bucket", "set target_bucket to the bucket for access logs", i["logging"])
    return None


@guard("s3-versioning-off", "object_versioning", "logging", severity="note")
def objects_have_versions_and_an_access_log(i: Inputs) -> Finding | None:
    """Versions can restore overwritten objects, and access logs record who read them. Upstream's default is neither."""
    off = [name for name in ("object_versioning", "logging") if i[name] in (False, {})]
    if off:
        return Finding(f"{' and '.join(off)} of the bucket: off by default", "set what your policies require", on=off)
    return None


def _key_of(i: Inputs) -> Any:
    encryption = i["server_side_encryption"]
    return encryption.get("kms_master_key_id") if isinstance(encryption, dict) else None


class S3(S3Module):
    """A private, encrypted bucket from which Anyscale's console can read logs.

    Its default namespace is the global one: upstream's default replaces buckets that were created with v0.38 or
    earlier, and refuses most names.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `s3`.
        kms_key_arn: The ARN of your KMS key. Default: S3's default encryption.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        bucket_name_is_one_aws_accepts,
        bucket_prefix_makes_a_bucket_name,
        s3_regional_name,
        account_regional_prefixes_leave_room,
        cors_rule_is_one_object,
        cors_rule_lets_the_console_read_logs,
        s3_encryption_algorithm,
        encryption_names_its_key_by_arn,
        logging_names_its_bucket,
        objects_have_versions_and_an_access_log,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "s3",
        *,
        kms_key_arn: str | None = None,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[S3Inputs],
    ) -> None:
        self._kms_key_arn = kms_key_arn
        super().__init__(scope, id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the namespace, if the module has an input for it, and the encryption."""
        if "bucket_namespace" in self.interface.variables:
            given = {"bucket_namespace": "global"} | given
        if self._kms_key_arn is not None:
            encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": self._kms_key_arn}
            given = {"server_side_encryption": encryption} | given
        return given

    @property
    def kms_key_arn(self) -> str | None:
        """The ARN of the KMS key that encrypts it; None for S3's default encryption or a key not set by ARN."""
        key: str | None = _key_of(self.inputs)
        return None if value_is_refused(_KEY_ARN, key, "kms_master_key_id", "") else key
