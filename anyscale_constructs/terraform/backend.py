"""Terraform backends, which are always explicit, so that a configuration has the same output everywhere."""

import hashlib
import json
import pathlib
import posixpath
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws.types import AwsRegion, ExistingBucketName, KmsKeyArn, RoleArn
from anyscale_constructs.config.model import Discriminator, Model, refuse
from anyscale_constructs.config.types import Checked, Known
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.findings import Finding, Rule

UNREADABLE_STATE = Rule(
    "unreadable-state", "error", "The second stack of a cloud reads the outputs of the first from its state."
)

HttpAddress = Annotated[
    str,
    Checked(
        "an HTTP URL without credentials, query or trailing slash",
        r"https?://[^\s/?#@:]+(?::\d+)?(?:/[^\s?#@/]+)*",
        "https://gitlab.example.com/api/v4/projects/1/terraform/state",
    ),
]


class Local(Model):
    """State in a local file."""

    type: Known[Literal["local"]] = Field(default="local", description="Selects this backend.")
    path: Known[str | None] = Field(
        default=None,
        description="Path of the state file, relative to the stack's folder in the output directory. "
        "Default: terraform.<stack>.tfstate next to the output directory.",
    )


class S3(Model):
    """Encrypted state in an S3 bucket, with a lock file next to it; requires Terraform 1.10 or later."""

    answers: ClassVar[Mapping[str, str]] = {
        "dynamodb_table": "remove it: use_lockfile, which is always set, replaces the table",
        "dynamodb_endpoint": "remove it: use_lockfile, which is always set, replaces the table",
        "use_lockfile": "remove it: it is always set",
        "encrypt": "remove it: it is always set",
        "assume_role": "set role_arn, and external_id if the role asks for one",
    }

    type: Known[Literal["s3"]] = Field(description="Selects this backend.")
    bucket: Known[ExistingBucketName]
    region: Known[AwsRegion]
    key: Known[str | None] = Field(
        default=None, description="Object key of the state. Default: <stack>/terraform.tfstate."
    )
    kms_key_id: Known[KmsKeyArn | None] = Field(
        default=None, description="ARN of the KMS key that encrypts the state. Default: the bucket's encryption."
    )
    role_arn: Known[RoleArn | None] = Field(
        default=None, description="ARN of the role to assume for access to the state. Default: no role is assumed."
    )
    external_id: Known[str | None] = Field(
        default=None, description="External ID for assuming role_arn. Default: none."
    )
    profile: Known[str | None] = Field(
        default=None, description="Name of an AWS CLI profile. Default: the credentials of the environment."
    )

    @model_validator(mode="after")
    def _external_id_requires_a_role(self) -> Self:
        if self.external_id is not None and self.role_arn is None:
            raise refuse("requires role_arn, which is not set", "set role_arn, or remove it", key="external_id")
        return self


class Gcs(Model):
    """State in a Google Cloud Storage bucket, which supports locking."""

    type: Known[Literal["gcs"]] = Field(description="Selects this backend.")
    bucket: Known[str] = Field(description="Name of the bucket.")
    prefix: Known[str | None] = Field(
        default=None, description="Prefix of the state's path in the bucket. Default: the name of the stack."
    )


class Azurerm(Model):
    """State in a container of an Azure storage account, which supports locking; access is granted with Entra ID."""

    type: Known[Literal["azurerm"]] = Field(description="Selects this backend.")
    storage_account_name: Known[str] = Field(description="Name of the storage account.")
    container_name: Known[str] = Field(description="Name of the container.")
    key: Known[str | None] = Field(
        default=None, description="Blob name of the state. Default: <stack>/terraform.tfstate."
    )
    resource_group_name: Known[str | None] = Field(
        default=None,
        description="Resource group of the storage account. Default: the storage account and its endpoint are not "
        "looked up.",
    )
    subscription_id: Known[str | None] = Field(
        default=None,
        description="Subscription of the storage account. Default: the environment variable ARM_SUBSCRIPTION_ID.",
    )


class _Workspace(Model):
    """State in a workspace."""

    answers: ClassVar[Mapping[str, str]] = {
        "workspaces": "set workspace, or remove it: the default is the name of the stack",
        "token": "remove it, and set TF_TOKEN_<hostname> in the environment, or run terraform login",
    }

    type: Any  # comes first in the schema; each type of backend narrows it
    organization: Known[str] = Field(description="Organization of the workspace.")
    workspace: Known[str | None] = Field(
        default=None, description="Name of the workspace. Default: the name of the stack."
    )
    hostname: Known[str] = Field(default="app.terraform.io", description="Host of the organization's workspaces.")


class Hcp(_Workspace):
    """State in HCP Terraform or Terraform Enterprise."""

    type: Known[Literal["hcp"]] = Field(description="Selects this backend.")


class Remote(_Workspace):
    """State in a service that implements the `remote` backend, such as Scalr or Artifactory."""

    type: Known[Literal["remote"]] = Field(description="Selects this backend.")


class Http(Model):
    """State at an HTTP address; by default it is locked as on GitLab. The password comes from TF_HTTP_PASSWORD."""

    answers: ClassVar[Mapping[str, str]] = {
        "address": "set base_address, to which the name of the stack is appended",
        "lock_address": "set lock_path, which is appended to the address of the state",
        "unlock_address": "set lock_path, which is appended to the address of the state",
        "password": "remove it, and set TF_HTTP_PASSWORD in the environment",
    }

    type: Known[Literal["http"]] = Field(description="Selects this backend.")
    base_address: Known[HttpAddress] = Field(
        description="Base address of all states, e.g. https://gitlab.example.com/api/v4/projects/1/terraform/state; "
        "the address of the stack prod is then BASE_ADDRESS/prod."
    )
    name: Known[str | None] = Field(
        default=None, description="Path segment appended to base_address. Default: the name of the stack."
    )
    username: Known[str | None] = Field(
        default=None, description="User name. Default: the environment variable TF_HTTP_USERNAME."
    )
    lock_path: Known[str] = Field(
        default="/lock", description="Path appended to the address of the state to lock and unlock it."
    )
    lock_method: Known[str] = Field(default="POST", description="HTTP method that locks the state.")
    unlock_method: Known[str] = Field(default="DELETE", description="HTTP method that unlocks the state.")

    def address(self, there: str) -> str:
        """Returns the address of a state.

        Args:
            there: The name of the state, as returned by `place`.
        """
        return f"{self.base_address}/{there}"


class NoBackend(Model):
    """No backend block, for tools that provide their own backend, such as Spacelift, Atlantis or a wrapper.

    Otherwise, Terraform stores the state in a file in the stack's folder of the output directory. On Kubernetes, with
    registration: terraform, use another type, since the second stack reads the state of the first.
    """

    type: Known[Literal["none"]] = Field(description="Selects this backend.")


Backend = Annotated[Local | S3 | Gcs | Azurerm | Hcp | Remote | Http | NoBackend, Discriminator("type")]

KEYS: Mapping[str, str] = {
    "local": "path",
    "s3": "key",
    "gcs": "prefix",
    "azurerm": "key",
    "hcp": "workspace",
    "remote": "workspace",
    "http": "name",
}
"""The key that names the state in each type of backend."""

PROVIDERS: Mapping[str, str] = {"s3": "AWS", "gcs": "GCP", "azurerm": "AZURE"}
"""The provider, as in `Cloud.provider`, whose credentials grant access to the state in each type of backend."""

TERRAFORM = {"s3": ">= 1.10", "hcp": ">= 1.1"}
"""The Terraform versions that support the generated block of each type of backend, e.g. use_lockfile for s3."""

_FILE = "{}/terraform.tfstate"
_DEFAULTS = {"local": "../../../terraform.{}.tfstate", "s3": _FILE, "azurerm": _FILE}


def place(backend: Backend, name: str) -> str:
    """Returns the path or name of a stack's state in its backend.

    Args:
        backend: The backend.
        name: The stack's name.
    """
    return getattr(backend, KEYS.get(backend.type, ""), None) or _DEFAULTS.get(backend.type, "{}").format(name)


# The arguments that identify a state in each type of backend, with their defaults; None means that it may be given on
# the command line only.
_STATES: Mapping[str, Mapping[str, str | None]] = {
    "local": {"path": "terraform.tfstate"},
    "s3": {"endpoint": "", "endpoints": "", "bucket": None, "key": None},
    "gcs": {"bucket": None, "prefix": ""},
    "azurerm": {"storage_account_name": None, "container_name": None, "key": None},
    "http": {"address": None},
    "hcp": {"hostname": "app.terraform.io", "organization": None, "name": None},
}


def written(settings: Mapping[str, Any]) -> tuple[str, Any]:
    """Returns the type of a stack's backend, as in the configuration key `backend.type`, and its arguments.

    Args:
        settings: The `terraform` block of the stack's JSON.
    """
    backends = {**_block(settings.get("backend")), **({"hcp": settings["cloud"]} if "cloud" in settings else {})}
    return next(iter(backends.items()), ("none", {}))


def identity(settings: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Returns a tuple that identifies a stack's state; the first element is the type of the backend.

    Args:
        settings: The `terraform` block of the stack's JSON.
        name: The stack's name.
    """
    type_, block = written(settings)
    if type_ == "none":
        return type_, name
    if type_ == "remote":  # the predecessor of the cloud block
        type_ = "hcp"
    if type_ not in _STATES:
        # A digest, because the block may contain credentials, and errors show the identity.
        return type_, hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()[:12]
    block = _block(block)
    block = {**block, **_block(block.get("workspaces"))}
    parts = [block.get(key, default) for key, default in _STATES[type_].items()]
    if None in parts:
        return type_, name
    return type_, *(
        _as_terraform_reads(key, str(part), name) for key, part in zip(_STATES[type_], parts, strict=True) if part
    )


def _block(given: Any) -> Mapping[str, Any]:
    """Returns a block of Terraform JSON, which can also be in a list; empty if it is none."""
    first = given[0] if isinstance(given, list) and given else given
    return first if isinstance(first, dict) else {}


def _as_terraform_reads(key: str, part: str, name: str) -> str:
    match key:
        case "path":  # relative to the stack's folder
            return _joined(posixpath.join(name, part))
        case "prefix":
            return _joined(part.lstrip("/"))
        case "storage_account_name" | "hostname":  # DNS names are case-insensitive
            return part.lower()
    return part


def _joined(path: str) -> str:
    return posixpath.normpath(re.sub("/+", "/", path))


def beside(backend: Backend, suffix: str) -> Backend:
    """Returns the backend of a cloud's second stack, with a separate state in the same location."""
    key = KEYS.get(backend.type)
    given = key and getattr(backend, key)
    return backend.model_copy(update={key: given + suffix}) if key and given else backend


def remote_state(backend: Backend, name: str) -> dict[str, Any]:
    """Returns the arguments of a `terraform_remote_state` data source that reads a stack's outputs.

    Args:
        backend: The backend of the stack to read.
        name: The name of the stack to read.

    Raises:
        SynthesisError: The location of the state is unknown.
    """
    there = place(backend, name)
    match backend:
        case Hcp() | Remote():
            workspace = {"organization": backend.organization, "hostname": backend.hostname}
            return {"backend": "remote", "config": {**workspace, "workspaces": {"name": there}}}
        case Http():
            username = {"username": backend.username} if backend.username is not None else {}
            return {"backend": "http", "config": {"address": backend.address(there), **username}}
        case NoBackend():
            what = f"the stack {name} has no backend block, but another stack of the cloud reads its state"
            fix = "set another type of backend"
            raise SynthesisError([Finding(what, fix, rule=UNREADABLE_STATE, key=("backend", "type"))])
    config = backend.model_dump(exclude={"type", "role_arn", "external_id"}, exclude_none=True)
    config |= {KEYS[backend.type]: there}
    if isinstance(backend, Local) and backend.path is not None and not pathlib.PurePath(there).is_absolute():
        config["path"] = f"../{name}/{there}"  # the path is relative to the other stack's folder
    if isinstance(backend, Azurerm):
        config["use_azuread_auth"] = True
    if isinstance(backend, S3) and (role := assumed(backend)):
        config["assume_role"] = role
    return {"backend": backend.type, "config": config}


def assumed(backend: S3) -> dict[str, str] | None:
    """Returns the assume_role argument for access to a state, or None without a role."""
    if backend.role_arn is None:
        return None
    return {"role_arn": backend.role_arn} | ({"external_id": backend.external_id} if backend.external_id else {})
