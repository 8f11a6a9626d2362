"""A stack's backend among the engine's constructs: the configuration's, or one that users put in its place."""

from collections.abc import Mapping
from typing import Any

from anyscale_constructs.engine import (
    AzurermBackend,
    CloudBackend,
    GcsBackend,
    LocalBackend,
    NamedCloudWorkspace,
    S3Backend,
    TerraformBackend,
    TerraformStack,
)
from anyscale_constructs.terraform.backend import S3, Azurerm, Backend, Gcs, Hcp, Local, place


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
        case S3():
            made = S3Backend(
                stack,
                bucket=backend.bucket,
                region=backend.region,
                key=there,
                encrypt=True,
                kms_key_id=backend.kms_key_id,
                assume_role={"role_arn": backend.role_arn} if backend.role_arn else None,
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
        case Hcp():
            return CloudBackend(
                stack,
                organization=backend.organization,
                hostname=backend.hostname,
                workspaces=NamedCloudWorkspace(there),
            )


def keep_one_backend(settings: dict[str, Any], made: TerraformBackend) -> None:
    """Lets a backend that an override adds take the place of the construct's: Terraform accepts one.

    Args:
        settings: The block `terraform` of a stack's JSON, which is changed.
        made: The stack's backend among its constructs.
    """
    backends = settings.get("backend", {})
    if len(backends) + ("cloud" in settings) < 2:  # noqa: PLR2004 - one, or none
        return
    block: Mapping[str, Any] = made.to_terraform()["terraform"]
    if "cloud" in block:
        del settings["cloud"]
    for type_ in block.get("backend", {}):
        backends.pop(type_, None)
    if not backends:
        settings.pop("backend", None)
