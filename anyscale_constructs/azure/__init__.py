"""What an Anyscale cloud on Azure is made of. There are no upstream modules, so these are resources."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy

if TYPE_CHECKING:
    from anyscale_constructs.azure.aks import ClusterConfig, ExistingCluster, add_cluster, find_cluster
    from anyscale_constructs.azure.identity import CLIENT_ID, add_operator_identity, require_service_principal
    from anyscale_constructs.azure.nodes import NodesConfig
    from anyscale_constructs.azure.provider import AzureProviderConfig
    from anyscale_constructs.azure.storage import (
        BucketConfig,
        Container,
        ExistingContainer,
        add_container,
        existing_container,
        unique_account_name,
    )
    from anyscale_constructs.azure.vnet import ExistingVnet, VnetConfig

__all__ = [
    "CLIENT_ID",
    "AzureProviderConfig",
    "BucketConfig",
    "ClusterConfig",
    "Container",
    "ExistingCluster",
    "ExistingContainer",
    "ExistingVnet",
    "NodesConfig",
    "VnetConfig",
    "add_cluster",
    "add_container",
    "add_operator_identity",
    "existing_container",
    "find_cluster",
    "require_service_principal",
    "unique_account_name",
]

_PLACES = {
    "AzureProviderConfig": "provider",
    "BucketConfig": "storage",
    "CLIENT_ID": "identity",
    "ClusterConfig": "aks",
    "Container": "storage",
    "ExistingCluster": "aks",
    "ExistingContainer": "storage",
    "ExistingVnet": "vnet",
    "NodesConfig": "nodes",
    "VnetConfig": "vnet",
    "add_cluster": "aks",
    "add_container": "storage",
    "add_operator_identity": "identity",
    "existing_container": "storage",
    "find_cluster": "aks",
    "require_service_principal": "identity",
    "unique_account_name": "storage",
}

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
