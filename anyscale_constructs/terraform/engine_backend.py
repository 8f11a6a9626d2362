"""A stack's backend among the engine's constructs: the configuration's, or one that users put in its place."""

from collections.abc import Mapping
from typing import Any, cast

from anyscale_constructs.engine import (
    AzurermBackend,
    CloudBackend,
    GcsBackend,
    HttpBackend,
    LocalBackend,
    NamedCloudWorkspace,
    NamedRemoteWorkspace,
    RemoteBackend,
    S3Backend,
    TerraformBackend,
    TerraformStack,
)
from anyscale_constructs.terraform.backend import (
    S3,
    Azurerm,
    Backend,
    Gcs,
    Hcp,
    Http,
    Local,
    NoBackend,
    Remote,
    assumed,
    place,
)

# The path of the backend that stands among the constructs where none is written.
_NOWHERE = "none"


def add_backend(stack: TerraformStack, backend: Backend, name: str) -> TerraformBackend:
    """Makes the backend of a configuration in its stack.

    Args:
        stack: The stack.
        backend: The backend.
        name: The stack's name.
    """
    there = place(backend, name)
    match backend:
        case Local():
            return LocalBackend(stack, path=there)
        case NoBackend():  # an engine's stack has one: keep_one_backend leaves it out
            return LocalBackend(stack, path=_NOWHERE)
        case S3():
            made = S3Backend(
                stack,
                bucket=backend.bucket,
                region=backend.region,
                key=there,
                encrypt=True,
                kms_key_id=backend.kms_key_id,
                assume_role=cast(Any, assumed(backend)),  # the engine makes its own of the mapping
                profile=backend.profile,
            )
            made.add_override("use_lockfile", True)
            return made
        case Gcs():
            return GcsBackend(stack, bucket=backend.bucket, prefix=there)
        case Azurerm():
            return AzurermBackend(
                stack,
                storage_account_name=backend.storage_account_name,
                container_name=backend.container_name,
                key=there,
                resource_group_name=backend.resource_group_name,
                subscription_id=backend.subscription_id,
                use_azuread_auth=True,
            )
        case Hcp() | Remote():
            service = {"organization": backend.organization, "hostname": backend.hostname}
            if isinstance(backend, Hcp):
                return CloudBackend(stack, **service, workspaces=NamedCloudWorkspace(there))
            return RemoteBackend(stack, **service, workspaces=NamedRemoteWorkspace(there))
        case Http():
            lock = backend.address(there) + backend.lock_path
            return HttpBackend(
                stack,
                address=backend.address(there),
                username=backend.username,
                lock_address=lock,
                lock_method=backend.lock_method,
                unlock_address=lock,
                unlock_method=backend.unlock_method,
            )


def keep_one_backend(settings: dict[str, Any], made: TerraformBackend) -> None:
    """Lets a backend that an override adds take the place of the construct's, and none that of `NoBackend`'s.

    Args:
        settings: The block `terraform` of a stack's JSON, which is changed.
        made: The stack's backend among its constructs.
    """
    backends = settings.get("backend", {})
    wanted = backends.get("local", {}).get("path") != _NOWHERE
    if wanted and len(backends) + ("cloud" in settings) < 2:  # noqa: PLR2004 - one, or none
        return
    block: Mapping[str, Any] = made.to_terraform()["terraform"]
    if "cloud" in block:
        del settings["cloud"]
    for type_ in block.get("backend", {}):
        backends.pop(type_, None)
    if not backends:
        settings.pop("backend", None)
