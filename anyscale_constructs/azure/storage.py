"""The bucket: a container in a storage account, new or existing."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from anyscale_constructs.anyscale import CONSOLE_ORIGIN
from anyscale_constructs.azure.types import ContainerName, ExistingContainerName, ResourceGroupName, StorageAccountName
from anyscale_constructs.config.model import UNRESOLVED, Model
from anyscale_constructs.config.types import Known, OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.resource import Resource

_LONGEST_NAME = 24
_DIGITS = 8
# The console reads and writes with signed URLs. On Azure, the anyscale program sets its own rule unless all headers are
# exposed with *.
_CORS = {
    "allowed_origins": [CONSOLE_ORIGIN],
    "allowed_methods": ["DELETE", "GET", "HEAD", "POST", "PUT"],
    "allowed_headers": ["*"],
    "exposed_headers": ["*"],
    "max_age_in_seconds": 3600,
}


class BucketConfig(Model):
    """A new storage account with one container."""

    name: StorageAccountName | None = Field(
        default=None,
        description="The storage account's name, which must be unique in all of Azure. Default: the stack's name, and "
        "8 digits from a hash of the name and the subscription.",
    )
    container_name: ContainerName = "anyscale"
    replication_type: OrExpr[Literal["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"]] = Field(
        default="LRS", description="The replication: in one zone, in several zones, or also in another region."
    )
    force_destroy: Known[bool] = Field(
        default=False,
        description="Whether destroying the cloud deletes the storage account and its content. Default: Terraform "
        "refuses to.",
    )


class ExistingContainer(Model):
    """An existing container, in an account with a hierarchical namespace and its own CORS rules."""

    storage_account_name: StorageAccountName
    container_name: ExistingContainerName
    resource_group_name: ResourceGroupName = Field(description="The storage account's resource group.")


@dataclass(frozen=True)
class Container:
    """A container.

    Args:
        storage_account_name: The container's storage account.
        storage_account_id: The storage account's resource ID.
        name: The container's name.
        id: The container's resource ID.
    """

    storage_account_name: str
    storage_account_id: str
    name: str
    id: str

    @property
    def url(self) -> str:
        """The container's URL, as Anyscale registers it."""
        return f"abfss://{self.name}@{self.storage_account_name}.dfs.core.windows.net"

    @property
    def endpoint(self) -> str:
        """The endpoint of the storage account, as in Anyscale's own examples for AKS."""
        return f"https://{self.storage_account_name}.blob.core.windows.net"


def existing_container(container: ExistingContainer, subscription_id: str) -> Container:
    """Returns the container from its configured names: a data source would put the account's keys in the state."""
    account_id = (
        f"/subscriptions/{subscription_id}/resourceGroups/{container.resource_group_name}"
        f"/providers/Microsoft.Storage/storageAccounts/{container.storage_account_name}"
    )
    return Container(
        container.storage_account_name,
        account_id,
        container.container_name,
        f"{account_id}/blobServices/default/containers/{container.container_name}",
    )


def add_container(
    scope: Construct,
    bucket: BucketConfig,
    *,
    account_name: str,
    location: str,
    resource_group_name: str,
    tags: Mapping[str, str] | Expr,
) -> Container:
    """Adds a storage account, with access for Entra identities only, and a private container in it.

    Args:
        scope: The stack.
        bucket: The configuration of the container.
        account_name: The account's name.
        location: The Azure region.
        resource_group_name: The resource group.
        tags: The account's tags.
    """
    kept = {"prevent_destroy": not bucket.force_destroy}
    account = Resource(
        scope,
        "azurerm_storage_account",
        "this",
        {
            "name": account_name,
            "location": location,
            "resource_group_name": resource_group_name,
            "account_kind": "StorageV2",
            "account_tier": "Standard",
            "account_replication_type": bucket.replication_type,
            # abfss:// requires this, and it cannot be enabled later.
            "is_hns_enabled": True,
            "min_tls_version": "TLS1_2",
            "allow_nested_items_to_be_public": False,
            # The provider stores the account's keys in the state, so they must not grant access.
            "shared_access_key_enabled": False,
            "default_to_oauth_authentication": True,
            "local_user_enabled": False,
            "blob_properties": {"cors_rule": _CORS},
            "tags": tags,
            "lifecycle": kept,
        },
    )
    container = Resource(
        scope,
        "azurerm_storage_container",
        "this",
        {
            "name": bucket.container_name,
            # With the ID instead of the name, Terraform needs no key.
            "storage_account_id": account.attribute("id"),
            "container_access_type": "private",
            "lifecycle": kept,
        },
    )
    return Container(account_name, account.attribute("id"), bucket.container_name, container.attribute("id"))


def unique_account_name(name: str, subscription_id: str) -> str:
    """Returns a unique name for a storage account, which is the same in every run.

    Args:
        name: The name's prefix, of which invalid and excess characters are removed.
        subscription_id: The account's subscription.

    Raises:
        InputError: The subscription is unresolved.
    """
    if is_unresolved(subscription_id):
        what = "must be known at synthesis, because the storage account's default name contains a hash of it"
        key = ("subscription_id",)
        raise InputError(
            [Finding(what, "set bucket.name, or set a literal value", subscription_id, rule=UNRESOLVED, key=key)]
        )
    digits = hashlib.sha256(f"{subscription_id}/{name}".encode()).hexdigest()[:_DIGITS]
    return re.sub(r"[^a-z0-9]", "", name.lower())[: _LONGEST_NAME - _DIGITS] + digits
