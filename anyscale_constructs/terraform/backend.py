"""Terraform backends: always explicit, so that the same configuration gives the same bytes everywhere."""

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

UNREADABLE_STATE = Rule("unreadable-state", "error", "Terraform would not find the outputs of the first stack.")

HttpAddress = Annotated[
    str,
    Checked(
        "an HTTP address without credentials and query, and without a slash at the end",
        r"https?://[^\s/?#@:]+(?::\d+)?(?:/[^\s?#@/]+)*",
        "https://gitlab.example.com/api/v4/projects/1/terraform/state",
    ),
]


class Local(Model):
    """State in a file on this machine."""

    type: Known[Literal["local"]] = Field(default="local", description="Names this backend.")
    path: Known[str | None] = Field(
        default=None,
        description="Relative to the stack's folder in the output directory. "
        "Default: terraform.<stack>.tfstate beside the output directory.",
    )


class S3(Model):
    """State in an S3 bucket, encrypted, with a lock file beside it; requires Terraform 1.10 or later."""

    answers: ClassVar[Mapping[str, str]] = {
        "dynamodb_table": "remove it: use_lockfile, which is always set, replaces the table",
        "dynamodb_endpoint": "remove it: use_lockfile, which is always set, replaces the table",
        "use_lockfile": "remove it: it is always set",
        "encrypt": "remove it: it is always set",
        "assume_role": "set role_arn, and external_id if the role asks for one",
    }

    type: Known[Literal["s3"]] = Field(description="Names this backend.")
    bucket: Known[ExistingBucketName]
    region: Known[AwsRegion]
    key: Known[str | None] = Field(default=None, description="Default: <stack>/terraform.tfstate.")
    kms_key_id: Known[KmsKeyArn | None] = Field(default=None, description="Default: the bucket's own encryption.")
    role_arn: Known[RoleArn | None] = Field(
        default=None, description="A role to assume for the state. Default: the caller's credentials."
    )
    external_id: Known[str | None] = Field(
        default=None, description="The external ID with which role_arn is assumed. Default: none."
    )
    profile: Known[str | None] = Field(
        default=None, description="A profile of the AWS configuration. Default: the environment's."
    )

    @model_validator(mode="after")
    def _role_asks_for_the_external_id(self) -> Self:
        if self.external_id is not None and self.role_arn is None:
            raise refuse("is for a role, and role_arn is not set", "set role_arn, or remove it", key="external_id")
        return self


class Gcs(Model):
    """State in a Google Cloud Storage bucket, which locks by itself."""

    type: Known[Literal["gcs"]] = Field(description="Names this backend.")
    bucket: Known[str] = Field(description="The bucket.")
    prefix: Known[str | None] = Field(default=None, description="Default: the stack's name.")


class Azurerm(Model):
    """State in an Azure storage account's container, which locks by itself; Entra ID says who may use it."""

    type: Known[Literal["azurerm"]] = Field(description="Names this backend.")
    storage_account_name: Known[str] = Field(description="The storage account.")
    container_name: Known[str] = Field(description="The container in it.")
    key: Known[str | None] = Field(default=None, description="Default: <stack>/terraform.tfstate.")
    resource_group_name: Known[str | None] = Field(
        default=None, description="The storage account's. Default: it is not looked up, nor is its endpoint."
    )
    subscription_id: Known[str | None] = Field(
        default=None, description="The storage account's. Default: the environment's, ARM_SUBSCRIPTION_ID."
    )


class _Workspace(Model):
    """State in a workspace."""

    answers: ClassVar[Mapping[str, str]] = {
        "workspaces": "set workspace, or leave it out: its default is the stack's name",
        "token": "remove it, and set TF_TOKEN_<hostname> in the environment, or run terraform login",
    }

    type: Any  # stands first in the schema; each type of backend narrows it
    organization: Known[str] = Field(description="The organization that the workspace is in.")
    workspace: Known[str | None] = Field(default=None, description="Default: the stack's name.")
    hostname: Known[str] = Field(
        default="app.terraform.io", description="The host that runs the organization's workspaces."
    )


class Hcp(_Workspace):
    """State in HCP Terraform or Terraform Enterprise."""

    type: Known[Literal["hcp"]] = Field(description="Names this backend.")


class Remote(_Workspace):
    """State in a service with the interface of HCP Terraform's older backend, such as Scalr or Artifactory."""

    type: Known[Literal["remote"]] = Field(description="Names this backend.")


class Http(Model):
    """State at an HTTP address, locked as GitLab locks it. Terraform takes the password from TF_HTTP_PASSWORD."""

    answers: ClassVar[Mapping[str, str]] = {
        "address": "set base_address, to which the stack's name is added",
        "lock_address": "set lock_path, which is added to the state's address",
        "unlock_address": "set lock_path, which is added to the state's address",
        "password": "remove it, and set TF_HTTP_PASSWORD in the environment",
    }

    type: Known[Literal["http"]] = Field(description="Names this backend.")
    base_address: Known[HttpAddress] = Field(
        description="The address of all states, e.g. "
        "https://gitlab.example.com/api/v4/projects/1/terraform/state: that of the stack prod is BASE_ADDRESS/prod."
    )
    name: Known[str | None] = Field(
        default=None, description="What is added to base_address. Default: the stack's name."
    )
    username: Known[str | None] = Field(default=None, description="Default: the environment's, TF_HTTP_USERNAME.")
    lock_path: Known[str] = Field(
        default="/lock", description="What is added to the state's address to lock it and to unlock it."
    )
    lock_method: Known[str] = Field(default="POST", description="The HTTP method that locks the state.")
    unlock_method: Known[str] = Field(default="DELETE", description="The HTTP method that unlocks it.")

    def address(self, there: str) -> str:
        """The address of a state.

        Args:
            there: What names it, as `place` gives it.
        """
        return f"{self.base_address}/{there}"


class NoBackend(Model):
    """No backend block: what runs Terraform brings its own, such as Spacelift, Atlantis or a wrapper.

    Where nothing does, Terraform keeps the state in a file in the stack's folder of the output. On Kubernetes, with
    registration: terraform, the second stack reads the state of the first, and another type is needed.
    """

    type: Known[Literal["none"]] = Field(description="Names this backend.")


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
"""What names a state in each type of backend."""

PROVIDERS: Mapping[str, str] = {"s3": "AWS", "gcs": "GCP", "azurerm": "AZURE"}
"""Whose credentials reach the state in each type of backend; the names are those of `Cloud.provider`."""

TERRAFORM = {"s3": ">= 1.10", "hcp": ">= 1.1"}
"""Terraform versions that support what is written for a type of backend, such as use_lockfile for s3."""

_FILE = "{}/terraform.tfstate"
_DEFAULTS = {"local": "../../../terraform.{}.tfstate", "s3": _FILE, "azurerm": _FILE}


def place(backend: Backend, name: str) -> str:
    """Where in the backend a stack's state is.

    Args:
        backend: The backend.
        name: The stack's name.
    """
    return getattr(backend, KEYS.get(backend.type, ""), None) or _DEFAULTS.get(backend.type, "{}").format(name)


# What tells a state from the others in each type of backend, with its default; None: only the command line gives it.
_STATES: Mapping[str, Mapping[str, str | None]] = {
    "local": {"path": "terraform.tfstate"},
    "s3": {"endpoint": "", "endpoints": "", "bucket": None, "key": None},
    "gcs": {"bucket": None, "prefix": ""},
    "azurerm": {"storage_account_name": None, "container_name": None, "key": None},
    "http": {"address": None},
    "hcp": {"hostname": "app.terraform.io", "organization": None, "name": None},
}


def identity(settings: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """What tells a stack's state from all others, beginning with the type of the backend.

    Args:
        settings: The block `terraform` of the stack's JSON.
        name: The stack's name.
    """
    backends = {**settings.get("backend", {}), **({"hcp": settings["cloud"]} if "cloud" in settings else {})}
    if not backends:
        return "none", name
    type_, block = next(iter(backends.items()))
    if type_ == "remote":  # the older form of a block cloud
        type_ = "hcp"
    if type_ not in _STATES:
        # A digest, since credentials may stand there, and errors name states.
        return type_, hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()[:12]
    block = {**block, **block.get("workspaces", {})}
    parts = [block.get(key, default) for key, default in _STATES[type_].items()]
    if None in parts:
        return type_, name
    return type_, *(
        _as_terraform_reads(key, part, name) for key, part in zip(_STATES[type_], parts, strict=True) if part
    )


def _as_terraform_reads(key: str, part: Any, name: str) -> str:
    match key:
        case "path":  # relative to the stack's folder
            return _joined(posixpath.join(name, part))
        case "prefix":
            return _joined(part.lstrip("/"))
        case "storage_account_name" | "hostname":  # names in DNS, which knows no case
            return str(part.lower())
    return str(part)


def _joined(path: str) -> str:
    return posixpath.normpath(re.sub("/+", "/", path))


def beside(backend: Backend, suffix: str) -> Backend:
    """The backend of a cloud's second stack: a state of its own in the same place."""
    key = KEYS.get(backend.type)
    given = key and getattr(backend, key)
    return backend.model_copy(update={key: given + suffix}) if key and given else backend


def remote_state(backend: Backend, name: str) -> dict[str, Any]:
    """The arguments of the data source `terraform_remote_state` that reads a stack's outputs.

    Args:
        backend: That stack's backend.
        name: That stack's name.

    Raises:
        SynthesisError: It is not known where the state will be.
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
            what = f"the stack {name} writes no backend, and another stack of the cloud reads its state"
            fix = "set another type, whose place Terraform can read too"
            raise SynthesisError([Finding(what, fix, rule=UNREADABLE_STATE, key=("backend", "type"))])
    config = backend.model_dump(exclude={"type", "role_arn", "external_id"}, exclude_none=True)
    config |= {KEYS[backend.type]: there}
    if isinstance(backend, Local) and backend.path is not None and not pathlib.PurePath(there).is_absolute():
        config["path"] = f"../{name}/{there}"  # it is relative to that stack's folder
    if isinstance(backend, Azurerm):
        config["use_azuread_auth"] = True
    if isinstance(backend, S3) and (role := assumed(backend)):
        config["assume_role"] = role
    return {"backend": backend.type, "config": config}


def assumed(backend: S3) -> dict[str, str] | None:
    """The role that is assumed for a state, as Terraform has it; None: none is."""
    if backend.role_arn is None:
        return None
    return {"role_arn": backend.role_arn} | ({"external_id": backend.external_id} if backend.external_id else {})
