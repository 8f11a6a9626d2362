"""Where a stack's state is kept, as a construct of the engine."""

from anyscale_constructs.core.backend import S3, Azurerm, Backend, Gcs, Hcp, Local, place
from anyscale_constructs.engine import (
    AzurermBackend,
    CloudBackend,
    GcsBackend,
    LocalBackend,
    NamedCloudWorkspace,
    S3Backend,
    TerraformStack,
)


def add_backend(stack: TerraformStack, backend: Backend, name: str) -> None:
    """Adds the engine's construct for a backend.

    Args:
        stack: The stack.
        backend: Where its state is kept.
        name: The stack's name.
    """
    there = place(backend, name)
    match backend:
        case Local():
            LocalBackend(stack, path=there)
        case S3():
            S3Backend(
                stack,
                bucket=backend.bucket,
                region=backend.region,
                key=there,
                encrypt=True,
                kms_key_id=backend.kms_key_id,
                assume_role={"role_arn": backend.role_arn} if backend.role_arn else None,
                profile=backend.profile,
            ).add_override("use_lockfile", True)
        case Gcs():
            GcsBackend(stack, bucket=backend.bucket, prefix=there)
        case Azurerm():
            AzurermBackend(
                stack,
                storage_account_name=backend.storage_account_name,
                container_name=backend.container_name,
                key=there,
                resource_group_name=backend.resource_group_name,
                subscription_id=backend.subscription_id,
                use_azuread_auth=True,
            )
        case Hcp():
            CloudBackend(
                stack,
                organization=backend.organization,
                hostname=backend.hostname,
                workspaces=NamedCloudWorkspace(there),
            )
