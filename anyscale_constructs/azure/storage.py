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
# The console's pages read and write with signed addresses. On Azure `anyscale` looks for all headers exposed by a star,
# and else sets a rule of its own.
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
        description="The storage account's name, which all of Azure shares. Default: the stack's name, and 8 digits "
        "that follow from it and the subscription.",
    )
    container_name: ContainerName = "anyscale"
    replication_type: OrExpr[Literal["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"]] = Field(
        default="LRS", description="Where its copies are: in one zone, in several zones, in another region too."
    )
    force_destroy: Known[bool] = Field(
        default=False,
        description="Whether destroying the cloud deletes the storage account and what is in it. Default: Terraform "
        "refuses to.",
    )


class ExistingContainer(Model):
    """A container that is there already, in an account with a hierarchical namespace and with its CORS rules."""

    storage_account_name: StorageAccountName
    container_name: ExistingContainerName
    resource_group_name: ResourceGroupName = Field(description="The storage account's.")


@dataclass(frozen=True)
class Container:
    """A container.

    Args:
        storage_account_name: Its storage account.
        storage_account_id: That account's resource id.
        name: Its name.
        id: Its resource id.
    """

    storage_account_name: str
    storage_account_id: str
    name: str
    id: str

    @property
    def url(self) -> str:
        """What Anyscale calls the bucket."""
        return f"abfss://{self.name}@{self.storage_account_name}.dfs.core.windows.net"

    @property
    def endpoint(self) -> str:
        """Where its files are, as Anyscale's own set-up for AKS registers it."""
        return f"https://{self.storage_account_name}.blob.core.windows.net"


def existing_container(container: ExistingContainer, subscription_id: str) -> Container:
    """The container by its names: a data source would put the account's keys into the state."""
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
    """Makes a storage account, which Entra identities use only, and a private container in it.

    Args:
        scope: The stack.
        bucket: The configuration of the container.
        account_name: The account's name.
        location: Its region.
        resource_group_name: Its resource group.
        tags: For the account.
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
            # What abfss:// stands for; it can't be switched on later.
            "is_hns_enabled": True,
            "min_tls_version": "TLS1_2",
            "allow_nested_items_to_be_public": False,
            # The provider keeps the account's keys in the state: these open nothing.
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
            # By the id and not by the name, so that no key is needed.
            "storage_account_id": account.attribute("id"),
            "container_access_type": "private",
            "lifecycle": kept,
        },
    )
    return Container(account_name, account.attribute("id"), bucket.container_name, container.attribute("id"))


def unique_account_name(name: str, subscription_id: str) -> str:
    """A storage account's name that is nobody else's, and the same in every run.

    Args:
        name: What it begins with, as far as it can.
        subscription_id: The account's subscription.

    Raises:
        InputError: Only Terraform knows the subscription.
    """
    if is_unresolved(subscription_id):
        what = "must be known at synthesis, since the storage account's default name contains a hash of it"
        key = ("subscription_id",)
        raise InputError(
            [Finding(what, "set bucket.name, or set a literal value", subscription_id, rule=UNRESOLVED, key=key)]
        )
    digits = hashlib.sha256(f"{subscription_id}/{name}".encode()).hexdigest()[:_DIGITS]
    return re.sub(r"[^a-z0-9]", "", name.lower())[: _LONGEST_NAME - _DIGITS] + digits
