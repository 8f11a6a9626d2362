"""The resources of an Anyscale cloud on Azure. There are no upstream modules for Azure."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy

if TYPE_CHECKING:
    from anyscale_constructs.azure.aks import ClusterConfig, ExistingCluster, add_cluster, find_cluster
    from anyscale_constructs.azure.identity import CLIENT_ID, add_operator_identity, require_service_principal
    from anyscale_constructs.azure.nfs import NfsConfig, Share, add_nfs
    from anyscale_constructs.azure.nodes import NodeGroupConfig, NodesConfig
    from anyscale_constructs.azure.provider import AzureProviderConfig
    from anyscale_constructs.azure.storage import (
        BucketConfig,
        Container,
        ExistingContainer,
        add_container,
        existing_container,
        unique_account_name,
    )
    from anyscale_constructs.azure.vnet import ExistingVnet, VnetConfig, add_subnet

__all__ = [
    "CLIENT_ID",
    "AzureProviderConfig",
    "BucketConfig",
    "ClusterConfig",
    "Container",
    "ExistingCluster",
    "ExistingContainer",
    "ExistingVnet",
    "NfsConfig",
    "NodeGroupConfig",
    "NodesConfig",
    "Share",
    "VnetConfig",
    "add_cluster",
    "add_container",
    "add_nfs",
    "add_operator_identity",
    "add_subnet",
    "existing_container",
    "find_cluster",
    "require_service_principal",
    "unique_account_name",
]

_PLACES = lazy.places(
    {
        "aks": ["add_cluster", "ClusterConfig", "ExistingCluster", "find_cluster"],
        "identity": ["add_operator_identity", "CLIENT_ID", "require_service_principal"],
        "nfs": ["add_nfs", "NfsConfig", "Share"],
        "nodes": ["NodeGroupConfig", "NodesConfig"],
        "provider": ["AzureProviderConfig"],
        "storage": [
            "add_container",
            "BucketConfig",
            "Container",
            "existing_container",
            "ExistingContainer",
            "unique_account_name",
        ],
        "vnet": ["add_subnet", "ExistingVnet", "VnetConfig"],
    }
)

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
