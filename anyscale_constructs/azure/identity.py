"""The identities of Anyscale's operator and of workloads: managed ones, which their service accounts stand for."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from anyscale_constructs.azure.storage import Container
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.stack import CloudStack

CLIENT_ID = "086bc555-6989-4362-ba30-fded273e432b"
"""Anyscale's application in Entra ID, as Anyscale publishes it: the audience of the operator's tokens."""

# Since 3.0 a service principal names its application by client_id.
_AZUREAD = {"azuread": RequiredProvider("hashicorp/azuread", ">= 3, < 4")}
_AUDIENCE = "api://AzureADTokenExchange"
# The second one signs addresses for what the first one lets do; Azure grants it for a whole account only.
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
    """Makes the identity of the operator, or of workloads, which may use the one container and nothing else.

    Args:
        scope: The stack.
        id: What the names of its resources are or begin with, in Terraform.
        name: Its name, by which the operator's stack finds it.
        location: Its region.
        resource_group_name: Its resource group.
        oidc_issuer_url: The cluster's.
        namespace: The service account's.
        service_account: The service account's name.
        container: The bucket.
        tags: For the identity.

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
    """Makes sure that the tenant has Anyscale's service principal, without which Entra ID issues the operator no token.

    All clouds of the tenant share it, so it is never destroyed: with `create` Terraform refuses to, with `check` it
    forgets one that `create` made or adopted.

    Args:
        stack: The stack, with the provider azurerm.
        how: `check` fails the plan when it does not exist; `create` creates it, or adopts an existing one.
        identity: The arguments of the provider azuread that say who it works as. Default: the environment says so.
    """
    tenant = Data(stack, "azurerm_client_config", "tenant", {})
    stack.add_provider("azuread", **{**(identity or {}), "tenant_id": tenant.attribute("tenant_id")})
    kind, name, arguments = "azuread_service_principal", "anyscale", {"client_id": CLIENT_ID}
    if how == "create":
        stack.require("Anyscale's service principal", _AZUREAD)
        # The provider would delete it on destroy, also one that it adopted.
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
    """Assigns one of Azure's own roles.

    Args:
        scope: The stack.
        id: The assignment's name beside others.
        role: The role's name.
        scope_id: The resource id of what it is for.
        principal_id: Who gets it.
        principal_type: ServicePrincipal for an identity of the same run, which Entra ID may not know yet. Default:
            Azure looks it up.
        condition: The condition under which the role holds. Default: always.
        ignore_changes: Arguments that stay as they were when the role was assigned.
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
