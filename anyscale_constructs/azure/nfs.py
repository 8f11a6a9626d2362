"""Shared files: an NFS share in a Premium storage account, with access only from the nodes' subnet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from anyscale_constructs.azure.types import ContainerName, StorageAccountName
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Known, OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.resource import Resource

SERVICE_ENDPOINT = "Microsoft.Storage"
"""The service endpoint that a subnet needs for access to a storage account."""


class NfsConfig(Model):
    """A new NFS share in its own storage account."""

    name: StorageAccountName | None = Field(
        default=None,
        description="The storage account's name, which must be unique in all of Azure. Default: the stack's name, and "
        "8 digits from a hash of the name and the subscription.",
    )
    share_name: ContainerName = Field(default="anyscale", description="The share's name in the account.")
    capacity_gb: OrExpr[int] = Field(
        default=100,
        ge=100,
        le=102400,
        description="The provisioned size in GiB, which Azure bills. It can be increased later.",
    )
    replication_type: OrExpr[Literal["LRS", "ZRS"]] = Field(
        default="ZRS", description="The replication: in one zone, or in several, which not all regions support."
    )
    force_destroy: Known[bool] = Field(
        default=False,
        description="Whether destroying the cloud deletes the storage account and its content. Default: Terraform "
        "refuses to.",
    )


@dataclass(frozen=True)
class Share:
    """An NFS share.

    Args:
        storage_account_name: The share's storage account.
        name: The share's name.
    """

    storage_account_name: str
    name: str

    @property
    def host(self) -> str:
        """The NFS server."""
        return f"{self.storage_account_name}.file.core.windows.net"

    @property
    def path(self) -> str:
        """The directory that the server exports."""
        return f"/{self.storage_account_name}/{self.name}"


def add_nfs(
    scope: Construct,
    nfs: NfsConfig,
    *,
    account_name: str,
    location: str,
    resource_group_name: str,
    subnet_id: str,
    tags: Mapping[str, str] | Expr,
) -> Share:
    """Adds a storage account and an NFS share in it.

    Source: https://learn.microsoft.com/en-us/azure/storage/files/storage-files-how-to-create-nfs-shares

    Args:
        scope: The stack.
        nfs: The configuration of the file share.
        account_name: The account's name.
        location: The Azure region.
        resource_group_name: The resource group.
        subnet_id: The subnet that gets access, with a service endpoint for storage.
        tags: The account's tags.
    """
    kept = {"prevent_destroy": not nfs.force_destroy}
    account = Resource(
        scope,
        "azurerm_storage_account",
        "nfs",
        {
            "name": account_name,
            "location": location,
            "resource_group_name": resource_group_name,
            "account_kind": "FileStorage",
            "account_tier": "Premium",
            "account_replication_type": nfs.replication_type,
            # NFS does not use HTTPS, so requiring HTTPS would reject its clients.
            "https_traffic_only_enabled": False,
            "min_tls_version": "TLS1_2",
            "allow_nested_items_to_be_public": False,
            # The provider stores the account's keys in the state, so they must not grant access.
            "shared_access_key_enabled": False,
            "default_to_oauth_authentication": True,
            "local_user_enabled": False,
            # NFS has no authentication: the network rules control access.
            "network_rules": {
                "default_action": "Deny",
                "bypass": ["AzureServices"],
                "virtual_network_subnet_ids": [subnet_id],
            },
            "tags": tags,
            "lifecycle": kept,
        },
    )
    share = {
        "name": nfs.share_name,
        # With the ID instead of the name, Terraform needs no key.
        "storage_account_id": account.attribute("id"),
        "enabled_protocol": "NFS",
        "quota": nfs.capacity_gb,
        "lifecycle": kept,
    }
    Resource(scope, "azurerm_storage_share", "nfs", share)
    return Share(account_name, nfs.share_name)
