"""The engine's backend construct of a stack: the configured backend, or one that users add instead."""

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

# The path of the placeholder backend of `NoBackend`, which is not written.
_NOWHERE = "none"


def add_backend(stack: TerraformStack, backend: Backend, name: str) -> TerraformBackend:
    """Creates the configured backend of a stack.

    Args:
        stack: The stack.
        backend: The configured backend.
        name: The stack's name.

    Returns:
        The backend construct.
    """
    there = place(backend, name)
    match backend:
        case Local():
            return LocalBackend(stack, path=there)
        case NoBackend():  # the engine requires a backend; keep_one_backend removes it
            return LocalBackend(stack, path=_NOWHERE)
        case S3():
            made = S3Backend(
                stack,
                bucket=backend.bucket,
                region=backend.region,
                key=there,
                encrypt=True,
                kms_key_id=backend.kms_key_id,
                assume_role=cast(Any, assumed(backend)),  # the engine converts the mapping to its own type
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
    """Removes the backend of the construct if an override adds another one, or if it is the placeholder of `NoBackend`.

    Args:
        settings: The `terraform` block of a stack's JSON, which is modified.
        made: The stack's backend construct.
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
