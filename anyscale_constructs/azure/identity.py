"""The managed identities of Anyscale's operator and of workloads, which their service accounts use."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from anyscale_constructs.azure.storage import Container
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.stack import CloudStack

CLIENT_ID = "086bc555-6989-4362-ba30-fded273e432b"
"""The client ID that Anyscale publishes for its Entra application, the audience of the operator's tokens."""

# Since 3.0, a service principal's argument for its application is client_id.
_AZUREAD = {"azuread": RequiredProvider("hashicorp/azuread", ">= 3, < 4")}
_AUDIENCE = "api://AzureADTokenExchange"
# The second role signs URLs with the permissions of the first. Azure grants it only for a whole account.
_ROLES = {"bucket": "Storage Blob Data Contributor", "signing": "Storage Blob Delegator"}


def add_operator_identity(
    scope: Construct,
    *,
    id: str = "operator",
    name: str,
    location: str,
    resource_group_name: str,
    oidc_issuer_url: str,
    namespace: str,
    service_account: str,
    container: Container,
    tags: Mapping[str, str] | Expr,
) -> Resource:
    """Adds the identity of the operator or of workloads, with access to the container only.

    Args:
        scope: The stack.
        id: The ID of the identity in the stack, and the prefix of the IDs of its other resources.
        name: The identity's name, which the operator's stack uses to find it.
        location: The Azure region.
        resource_group_name: The resource group.
        oidc_issuer_url: The URL of the cluster's OIDC issuer.
        namespace: The service account's namespace.
        service_account: The service account's name.
        container: The container.
        tags: The identity's tags.

    Returns:
        The identity.
    """
    identity = Resource(
        scope,
        "azurerm_user_assigned_identity",
        id,
        {"name": name, "location": location, "resource_group_name": resource_group_name, "tags": tags},
    )
    Resource(
        scope,
        "azurerm_federated_identity_credential",
        id,
        {
            "name": service_account,
            "user_assigned_identity_id": identity.attribute("id"),
            "issuer": oidc_issuer_url,
            "subject": f"system:serviceaccount:{namespace}:{service_account}",
            "audience": [_AUDIENCE],
        },
    )
    scopes = {"bucket": container.id, "signing": container.storage_account_id}
    for purpose, role in _ROLES.items():
        assign_role(
            scope,
            f"{id}_{purpose}",
            role,
            scope_id=scopes[purpose],
            principal_id=identity.attribute("principal_id"),
            principal_type="ServicePrincipal",
        )
    return identity


def require_service_principal(
    stack: CloudStack, how: Literal["check", "create"], identity: Mapping[str, Any] | None = None
) -> None:
    """Ensures that the tenant has Anyscale's service principal: Entra ID issues the operator no token without it.

    All clouds of the tenant share it, so it is never destroyed: with `create`, Terraform refuses to; with `check`, it
    removes one that `create` created or adopted from the state only.

    Args:
        stack: The stack, with the provider azurerm.
        how: `check` fails the plan if it does not exist; `create` creates it, or adopts an existing one.
        identity: The arguments of the provider azuread for its identity. Default: taken from the environment.
    """
    tenant = Data(stack, "azurerm_client_config", "tenant", {})
    stack.add_provider("azuread", **{**(identity or {}), "tenant_id": tenant.attribute("tenant_id")})
    kind, name, arguments = "azuread_service_principal", "anyscale", {"client_id": CLIENT_ID}
    if how == "create":
        stack.require("Anyscale's service principal", _AZUREAD)
        # On destroy, the provider would delete it even if it was adopted.
        Resource(stack, kind, name, arguments | {"use_existing": True, "lifecycle": {"prevent_destroy": True}})
    else:
        stack.require("Anyscale's service principal, which is kept", _AZUREAD, ">= 1.7")
        Data(stack, kind, name, arguments)
        stack.add_override("removed", [{"from": f"{kind}.{name}", "lifecycle": {"destroy": False}}])


def assign_role(
    scope: Construct,
    id: str,
    role: str,
    *,
    scope_id: str,
    principal_id: str,
    principal_type: str | None = None,
    condition: str | None = None,
    ignore_changes: Sequence[str] = (),
) -> Resource:
    """Assigns a built-in role of Azure.

    Args:
        scope: The stack.
        id: The assignment's ID in the stack.
        role: The role's name.
        scope_id: The resource ID of the assignment's scope.
        principal_id: The principal that gets the role.
        principal_type: ServicePrincipal for an identity of the same run, which Entra ID may not have replicated yet.
            Default: Azure looks it up.
        condition: The condition of the assignment. Default: none.
        ignore_changes: The arguments whose later changes Terraform ignores. Default: none.
    """
    arguments = {
        "scope": scope_id,
        "role_definition_name": role,
        "principal_id": principal_id,
        "principal_type": principal_type,
        "condition": condition,
        "condition_version": None if condition is None else "2.0",
        "lifecycle": {"ignore_changes": ignore_changes} if ignore_changes else None,
    }
    return Resource(scope, "azurerm_role_assignment", id, arguments)
