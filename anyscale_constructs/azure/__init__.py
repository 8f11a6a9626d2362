"""What an Anyscale cloud on Azure is made of. There are no upstream modules, so these are resources."""

from anyscale_constructs.azure.aks import add_cluster, find_cluster
from anyscale_constructs.azure.config import ExistingCluster, ExistingContainer, ExistingVnet
from anyscale_constructs.azure.identity import CLIENT_ID, add_operator_identity, require_service_principal
from anyscale_constructs.azure.storage import Container, add_container, existing_container, unique_account_name

__all__ = [
    "CLIENT_ID",
    "Container",
    "ExistingCluster",
    "ExistingContainer",
    "ExistingVnet",
    "add_cluster",
    "add_container",
    "add_operator_identity",
    "existing_container",
    "find_cluster",
    "require_service_principal",
    "unique_account_name",
]
