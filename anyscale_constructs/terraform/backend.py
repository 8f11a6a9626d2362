"""Terraform backends: always explicit, so that the same configuration gives the same bytes everywhere."""

import hashlib
import json
import pathlib
import posixpath
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from anyscale_constructs.aws.types import AwsRegion, ExistingBucketName, KmsKeyArn, RoleArn
from anyscale_constructs.config.model import Discriminator, Model
from anyscale_constructs.config.types import Known


class Local(Model):
    """State in a file on this machine."""

    type: Known[Literal["local"]] = "local"
    path: Known[str | None] = Field(
        default=None,
        description="Relative to the stack's folder in the output directory. "
        "Default: terraform.<stack>.tfstate beside the output directory.",
    )


class S3(Model):
    """State in an S3 bucket, encrypted, with a lock file beside it; requires Terraform 1.10 or later."""

    type: Known[Literal["s3"]]
    bucket: Known[ExistingBucketName]
    region: Known[AwsRegion]
    key: Known[str | None] = Field(default=None, description="Default: <stack>/terraform.tfstate.")
    kms_key_id: Known[KmsKeyArn | None] = Field(default=None, description="Default: the bucket's own encryption.")
    role_arn: Known[RoleArn | None] = Field(
        default=None, description="A role to assume for the state. Default: the caller's credentials."
    )
    profile: Known[str | None] = Field(
        default=None, description="A profile of the AWS configuration. Default: the environment's."
    )


class Gcs(Model):
    """State in a Google Cloud Storage bucket, which locks by itself."""

    type: Known[Literal["gcs"]]
    bucket: Known[str]
    prefix: Known[str | None] = Field(default=None, description="Default: the stack's name.")


class Azurerm(Model):
    """State in an Azure storage account's container, which locks by itself; Entra ID says who may use it."""

    type: Known[Literal["azurerm"]]
    storage_account_name: Known[str]
    container_name: Known[str]
    key: Known[str | None] = Field(default=None, description="Default: <stack>/terraform.tfstate.")
    resource_group_name: Known[str | None] = Field(
        default=None, description="The storage account's. Default: it is not looked up, nor is its endpoint."
    )
    subscription_id: Known[str | None] = Field(
        default=None, description="The storage account's. Default: the environment's, ARM_SUBSCRIPTION_ID."
    )


class Hcp(Model):
    """State in HCP Terraform or Terraform Enterprise."""

    type: Known[Literal["hcp"]]
    organization: Known[str]
    workspace: Known[str | None] = Field(default=None, description="Default: the stack's name.")
    hostname: Known[str] = "app.terraform.io"


Backend = Annotated[Local | S3 | Gcs | Azurerm | Hcp, Discriminator("type")]

KEYS: Mapping[str, str] = {"local": "path", "s3": "key", "gcs": "prefix", "azurerm": "key", "hcp": "workspace"}
"""What names a state in each type of backend."""

TERRAFORM = {"s3": ">= 1.10", "hcp": ">= 1.1"}
"""Terraform versions that support what is written for a type of backend, such as use_lockfile for s3."""

_FILE = "{}/terraform.tfstate"
_DEFAULTS = {"local": "../../../terraform.{}.tfstate", "s3": _FILE, "gcs": "{}", "azurerm": _FILE, "hcp": "{}"}


def place(backend: Backend, name: str) -> str:
    """Where in the backend a stack's state is.

    Args:
        backend: The backend.
        name: The stack's name.
    """
    return getattr(backend, KEYS[backend.type]) or _DEFAULTS[backend.type].format(name)


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
    found: Mapping[str, Mapping[str, Any]] = backends or {"local": {}}
    type_, block = next(iter(found.items()))
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
    key = KEYS[backend.type]
    given = getattr(backend, key)
    return backend.model_copy(update={key: given and given + suffix})


def remote_state(backend: Backend, name: str) -> dict[str, Any]:
    """The arguments of the data source `terraform_remote_state` that reads a stack's outputs.

    Args:
        backend: That stack's backend.
        name: That stack's name.
    """
    there = place(backend, name)
    if isinstance(backend, Hcp):
        workspace = {"organization": backend.organization, "hostname": backend.hostname, "workspaces": {"name": there}}
        return {"backend": "remote", "config": workspace}
    config = backend.model_dump(exclude={"type", "role_arn"}, exclude_none=True) | {KEYS[backend.type]: there}
    if isinstance(backend, Local) and backend.path is not None and not pathlib.PurePath(there).is_absolute():
        config["path"] = f"../{name}/{there}"  # it is relative to that stack's folder
    if isinstance(backend, Azurerm):
        config["use_azuread_auth"] = True
    if isinstance(backend, S3) and backend.role_arn is not None:
        config["assume_role"] = {"role_arn": backend.role_arn}
    return {"backend": backend.type, "config": config}
