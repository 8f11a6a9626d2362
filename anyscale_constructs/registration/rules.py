"""The rules of the resource file that need more than one field; unknown values are skipped."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.aws.types import EXISTING_S3_BUCKET, AwsRegion, RoleArn
from anyscale_constructs.azure.types import AzureRegion, PrincipalId
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, checked
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import NOT_GIVEN, Finding, Rule
from anyscale_constructs.google.types import EXISTING_GCS_BUCKET, GcpInstanceName, GcpRegion
from anyscale_constructs.registration.fields import Email

MISSING = Rule("missing-field", "error", "Anyscale needs the field to register the cloud, or to use it.")
MISPLACED = Rule(
    "misplaced-field", "error", "Anyscale refuses the field for this kind of cloud, or interprets it as something else."
)
INVALID = Rule("invalid-field", "error", "Anyscale refuses the value, or registers a cloud that does not work with it.")
PLACEHOLDER = Rule("placeholder", "error", "For clouds on Kubernetes, Anyscale refuses the values of its own examples.")


def problems(resource: Model) -> Iterator[Finding]:
    """Yields a finding for each field that is missing, misplaced or invalid."""
    given = _given(resource)
    yield from _missing(given)
    yield from _misfits(given)


def misfits(resource: Model) -> Iterator[Finding]:
    """Yields a finding for each field that is misplaced or invalid; the resource may be incomplete."""
    return _misfits(_given(resource))


def _misfits(given: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _misplaced(given)
    yield from _misformed(given)
    yield from _unfit(given)
    yield from _unmounted(given)


_IDENTITY = "kubernetes_config.anyscale_operator_iam_identity"
_BUCKET = "object_storage.bucket_name"
_STORAGE_ID = "file_storage.file_storage_id"
_S3 = Checked("s3:// and the bucket's name", f"s3://{EXISTING_S3_BUCKET}", "s3://acme-anyscale-prod")
_GS = Checked(
    "gs:// and the bucket's name",
    f"gs://{EXISTING_GCS_BUCKET}",
    "gs://acme-anyscale-prod",
)
_CONTAINER = r"abfss://[a-z0-9$-]{3,63}@[a-z0-9]{3,24}\.dfs\.core\.windows\.net"
_ABFSS = Checked(
    "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net", _CONTAINER, "abfss://anyscale@acmeprod.dfs.core.windows.net"
)

_FORMS: dict[str, dict[str, Checked]] = {
    "AWS": {
        "region": checked(AwsRegion),
        _BUCKET: _S3,
        _STORAGE_ID: Checked("an EFS file system's ID", r"fs-[0-9a-f]{8,40}", "fs-0123456789abcdef0"),
        _IDENTITY: checked(RoleArn),
    },
    "GCP": {
        "region": checked(GcpRegion),
        _BUCKET: _GS,
        _STORAGE_ID: checked(GcpInstanceName).saying("a Filestore instance's full name"),
        _IDENTITY: checked(Email),
    },
    "AZURE": {
        "region": checked(AzureRegion),
        _BUCKET: _ABFSS,
        _IDENTITY: checked(PrincipalId).saying("the managed identity's principal ID (not its client ID)"),
    },
    "GENERIC": {
        # S3-compatible stores allow bucket names that AWS would refuse.
        _BUCKET: Checked(
            f"s3:// or gs:// and the bucket's name, or {_ABFSS.says}",
            rf"(?:s3|gs)://[A-Za-z0-9][A-Za-z0-9._-]{{1,254}}|{_CONTAINER}",
            _S3.example,
        ),
    },
}
_PLACEHOLDER_ACCOUNT = "::123456789012:"
_PLACEHOLDER_BUCKETS = ("s3://my-bucket", "gs://my-bucket")

_REQUIRED: dict[tuple[str, str], tuple[str, ...]] = {
    ("AWS", "VM"): (
        _BUCKET,
        "aws_config.vpc_id",
        "aws_config.subnet_ids",
        "aws_config.security_group_ids",
        "aws_config.anyscale_iam_role_id",
        "aws_config.external_id",
        "aws_config.cluster_iam_role_id",
    ),
    ("GCP", "VM"): (
        _BUCKET,
        "gcp_config.project_id",
        "gcp_config.provider_name",
        "gcp_config.vpc_name",
        "gcp_config.subnet_names",
        "gcp_config.firewall_policy_names",
        "gcp_config.anyscale_service_account_email",
        "gcp_config.cluster_service_account_email",
    ),
    ("AWS", "K8S"): (
        _BUCKET,
        _IDENTITY,
        "kubernetes_config.zones",
    ),
    ("GCP", "K8S"): (
        _BUCKET,
        _IDENTITY,
        "kubernetes_config.zones",
        "gcp_config.project_id",
    ),
    ("AZURE", "K8S"): (_BUCKET, _IDENTITY),
    ("GENERIC", "K8S"): (_BUCKET,),
}

_FOREIGN = {
    "AWS": ("gcp_config", "azure_config", "file_storage.mount_path"),
    "GCP": ("aws_config", "azure_config", "object_storage.s3_addressing_style"),
    "AZURE": (
        "aws_config",
        "gcp_config",
        "object_storage.s3_addressing_style",
        _STORAGE_ID,
    ),
    "GENERIC": ("azure_config", _STORAGE_ID),
    "VM": (
        "kubernetes_config",
        "file_storage.persistent_volume_claim",
        "file_storage.csi_ephemeral_volume_driver",
    ),
    "K8S": (
        "aws_config.subnet_ids",
        "gcp_config.subnet_names",
    ),  # Anyscale would use them instead of the cluster's zones
}
_INSTEAD = {
    _STORAGE_ID: "use mount_targets, persistent_volume_claim or csi_ephemeral_volume_driver instead",
}
_EXCLUDED = {
    "file_storage.persistent_volume_claim": (
        "file_storage.csi_ephemeral_volume_driver",
        "file_storage.mount_targets",
        "file_storage.mount_path",
    ),
    "file_storage.csi_ephemeral_volume_driver": ("file_storage.mount_targets", "file_storage.mount_path"),
    "kubernetes_config.redis_endpoint": ("aws_config.memorydb_cluster_name", "gcp_config.memorystore_instance_name"),
}


def _missing(given: Mapping[str, Any]) -> Iterator[Finding]:
    provider, compute_stack = kind = given["provider"], given["compute_stack"]
    if kind not in _REQUIRED:
        yield _finding("compute_stack", f"must be K8S for {provider} clouds", value=compute_stack)
    for path in _REQUIRED.get(kind, ()):
        if is_one_of(given.get(path), None, []):
            yield _finding(path, f"is required for {provider} {compute_stack} clouds", MISSING)
    if kind == ("GCP", "K8S") and _STORAGE_ID in given and "gcp_config.vpc_name" not in given:
        what = "is required with Filestore, whose address Anyscale looks up in the VPC"
        yield _finding("gcp_config.vpc_name", what, MISSING)


def _misplaced(given: Mapping[str, Any]) -> Iterator[Finding]:
    for kind in (given["provider"], given["compute_stack"]):
        for path in _FOREIGN[kind]:
            if path in given:
                what, fix = f"does not belong to {kind} clouds", _INSTEAD.get(path, "remove it")
                yield _finding(path, what, MISPLACED, fix)
    for path, others in _EXCLUDED.items():
        if path in given and (too := [other for other in others if other in given]):
            yield _finding(path, f"cannot be combined with {' and '.join(too)}", MISPLACED, "remove all but one")


def _misformed(given: Mapping[str, Any]) -> Iterator[Finding]:
    for path, form in _FORMS[given["provider"]].items():
        value = given.get(path)
        if value is not None and not is_unresolved(value) and not form.fits(value):
            yield _finding(path, f"must be {form.says}, such as {form.example}", value=value)


def _unfit(given: Mapping[str, Any]) -> Iterator[Finding]:
    subnets = given.get("aws_config.subnet_ids")
    if subnets is not None and not is_unresolved(subnets) and len(set(subnets)) == 1:
        yield _finding("aws_config.subnet_ids", "must list subnets in at least two zones", value=subnets)
    if given["provider"] in {"AWS", "GCP"}:
        for path in ("aws_config.zones", "kubernetes_config.zones"):
            zones = given.get(path)
            named = zones if isinstance(zones, list) else []
            if strange := [zone for zone in named if not regions.is_in(given["region"], zone)]:
                yield _finding(path, f"must be zones of the region {given['region']}", value=strange)
    style, bucket = given.get("object_storage.s3_addressing_style"), given.get(_BUCKET)
    # For other providers, another rule refuses the style or the bucket.
    if given["provider"] == "GENERIC" and style is not None and str(bucket).startswith(("gs://", "abfss://")):
        style_path = "object_storage.s3_addressing_style"
        yield _finding(style_path, f"applies only to s3:// buckets, not to {bucket!r}", MISPLACED, "remove it")
    if given["compute_stack"] == "K8S":
        identity = given.get(_IDENTITY)
        if identity is not None and not is_unresolved(identity) and _PLACEHOLDER_ACCOUNT in identity:
            fix = "use a role of your account; in an AWS emulator, set another account, e.g. with MOTO_ACCOUNT_ID"
            yield _finding(_IDENTITY, "is in AWS's example account", PLACEHOLDER, fix, identity)
        if is_one_of(bucket, *_PLACEHOLDER_BUCKETS):
            yield _finding(_BUCKET, "is the bucket in Anyscale's examples", PLACEHOLDER, "use your own bucket", bucket)


def _unmounted(given: Mapping[str, Any]) -> Iterator[Finding]:
    targets, path = given.get("file_storage.mount_targets"), given.get("file_storage.mount_path")
    if given["provider"] == "GCP" and path is not None and targets is None:
        what = "has no effect without file_storage.mount_targets: Anyscale uses Filestore's own path"
        yield _finding("file_storage.mount_path", what, MISSING, "set mount_targets too, or remove mount_path")
    if given["provider"] in {"AZURE", "GENERIC"}:
        without_targets = is_one_of(targets, None, [])
        if without_targets != (path is None):
            name, other = ("mount_path", "mount_targets") if without_targets else ("mount_targets", "mount_path")
            fix = f"set {other} too, or remove {name}"
            yield _finding(f"file_storage.{name}", f"requires file_storage.{other}", MISSING, fix)
        if path is not None and not is_unresolved(path) and not path.startswith("/"):
            yield _finding("file_storage.mount_path", "must be an absolute path, such as /anyscale", value=path)


def _finding(path: str, what: str, rule: Rule = INVALID, fix: str = "", value: Any = NOT_GIVEN) -> Finding:
    return Finding(what, fix, value, rule=rule, key=tuple(path.split(".")))


def _given(resource: Model) -> dict[str, Any]:
    """Returns the values that are set, by their paths. An empty section counts as absent."""
    given: dict[str, Any] = {}
    for name, value in vars(resource).items():
        if isinstance(value, Model):
            if inside := {f"{name}.{key}": each for key, each in vars(value).items() if each is not None}:
                given |= {name: value, **inside}
        elif value is not None:
            given[name] = value
    return given
