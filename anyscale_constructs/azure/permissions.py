"""The permissions of users' workloads on Azure, in addition to the cloud's container."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from anyscale_constructs.azure.identity import assign_role
from anyscale_constructs.azure.storage import ExistingContainer, existing_container
from anyscale_constructs.config import permissions
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.permissions import EachOnce, grant_name
from anyscale_constructs.config.types import Checked, empty_list
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, is_unresolved

_SCOPE = r"/subscriptions/[0-9A-Fa-f-]{36}(?:/[^/\s]+)*"
ScopeId = Annotated[
    str,
    Checked(
        "the ID of a subscription, a resource group or a resource",
        _SCOPE,
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/search",
    ),
]
SecretId = Annotated[
    str,
    Checked(
        "the resource ID of a secret in Key Vault, without a version",
        r"/subscriptions/[0-9A-Fa-f-]{36}/resourceGroups/[^/\s]+/providers/Microsoft\.KeyVault/vaults/[^/\s]+"
        r"/secrets/[0-9A-Za-z-]{1,127}",
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/shared/providers/Microsoft.KeyVault"
        "/vaults/acme/secrets/registry",
    ),
]
_DATA_ROLES = {"read": "Storage Blob Data Reader", "read-write": "Storage Blob Data Contributor"}
_SECRET_ROLE = "Key Vault Secrets User"  # noqa: S105 - a role
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_WRITES = ("write", "add/action", "delete", "move/action")


class RoleAssignment(Model):
    """A built-in or custom role, and its scope."""

    role: str = Field(description="The role's name, such as Search Index Data Reader.")
    scope: ScopeId = Field(description="The resource ID of the role's scope, as narrow as possible.")


class DataAccess(permissions.DataAccess):
    """Access of workloads to an existing blob container other than the cloud's."""

    # Azure allows one assignment per role, principal and container, whatever its condition.
    once = ("bucket", "mode")

    bucket: ExistingContainer = Field(description="The container, in the cloud's subscription.")

    def condition(self) -> str | None:
        """The condition of the role assignment; None for all blobs."""
        if self.prefix is None:
            return None
        reads = f"ActionMatches{{'{_BLOBS}/read'}}"
        lists = "SubOperationMatches{'Blob.List'}"
        writes = [f"!(ActionMatches{{'{_BLOBS}/{each}'}})" for each in _WRITES] if self.mode == "read-write" else []
        others = " AND ".join([f"!({reads} AND NOT {lists})", *writes])
        return (
            f"(({others}) OR (@Resource[{_BLOBS}:path] StringStartsWith '{self.prefix}')) AND "
            f"((!({reads} AND {lists})) OR (@Request[{_BLOBS}:prefix] StringStartsWith '{self.prefix}'))"
        )


class Permissions(Model):
    """The permissions of workloads on Azure, in addition to the cloud's container."""

    roles: list[RoleAssignment] = Field(
        default_factory=empty_list, description="Role assignments, of built-in or custom roles. Default: none."
    )
    secrets: list[SecretId] = Field(
        default_factory=empty_list,
        description="Secrets in Key Vault whose values workloads may read; the vault must use Azure RBAC. Default: "
        "none.",
    )
    data_access: EachOnce[DataAccess] = Field(
        default_factory=empty_list,
        description="Existing blob containers that workloads may read or write. Default: none.",
    )

    def assignments(self, subscription_id: str) -> Iterator[tuple[str, str, str | None]]:
        """Yields the role, scope and condition of each permission.

        Args:
            subscription_id: The cloud's subscription.
        """
        for assignment in self.roles:
            yield assignment.role, assignment.scope, None
        for secret in self.secrets:
            yield _SECRET_ROLE, secret, None
        for access in self.data_access:
            yield _DATA_ROLES[access.mode], existing_container(access.bucket, subscription_id).id, access.condition()


def _place(id: str) -> str:
    """Returns a resource ID without its subscription, resource group and provider; for a resource group, its name."""
    return id.partition("/providers/")[2].partition("/")[2] or id.rpartition("/")[2]


def assign_roles(
    scope: Construct, id: str, principal_id: Expr, permitted: Permissions, *, subscription_id: str
) -> None:
    """Assigns a new identity its permissions.

    Args:
        scope: The stack.
        id: The prefix of the assignments' IDs in the stack.
        principal_id: The principal ID of the identity.
        permitted: The permissions.
        subscription_id: The cloud's subscription.
    """
    for index, (role, on, condition) in enumerate(permitted.assignments(subscription_id)):
        # A full resource ID is too long for a name.
        what = f"{role} {on if is_unresolved(on) else _place(on)}"
        assign_role(
            scope,
            grant_name(id, what, index),
            role,
            scope_id=on,
            principal_id=principal_id,
            principal_type="ServicePrincipal",
            condition=condition,
        )
