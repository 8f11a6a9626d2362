"""What the schemas of hashicorp/azurerm and azuread do not contain: plausible values."""

from tests.e2e.doubles.provider import CERTIFICATE, EVERY, Computed, Rules

_GUID = "{hash}-0000-4000-8000-000000000000"
_TENANT = "99999999-8888-4777-8666-555555555555"
_GROUP = "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
_ISSUER = f"https://eastus2.oic.prod-aks.azure.com/{_TENANT}/{_GUID}/"
_CONFIGURATION = {
    "host": "https://{name}.hcp.eastus2.azmk8s.io:443",
    "client_key": "",
    "password": "",
    "cluster_ca_certificate": CERTIFICATE,
}
_CLUSTER: Computed = {
    "id": f"{_GROUP}/providers/Microsoft.ContainerService/managedClusters/{{name}}",
    "kube_config": [_CONFIGURATION],
    "oidc_issuer_url": _ISSUER,
}
_IDENTITY: Computed = {
    "id": f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{name}}",
    "client_id": _GUID,
    "principal_id": _GUID,
    "tenant_id": _TENANT,
}
COMPUTED: dict[str, Computed] = {
    EVERY: {"tenant_id": _TENANT, "subscription_id": "{subscription_id}"},
    "azurerm_federated_identity_credential": {
        "id": "{user_assigned_identity_id}/federatedIdentityCredentials/{name}",
    },
    "azurerm_kubernetes_cluster": {
        **_CLUSTER,
        "kubelet_identity": [{"client_id": _GUID, "object_id": _GUID}],
        "node_resource_group": "MC_{resource_group_name}_{name}",
    },
    "azurerm_kubernetes_cluster_node_pool": {"id": "{kubernetes_cluster_id}/agentPools/{name}"},
    "azurerm_resource_group": {"id": "/subscriptions/{subscription_id}/resourceGroups/{name}"},
    "azurerm_role_assignment": {"id": f"{{scope}}/providers/Microsoft.Authorization/roleAssignments/{_GUID}"},
    "azurerm_storage_account": {
        "id": f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/{{name}}",
        "primary_blob_endpoint": "https://{name}.blob.core.windows.net/",
        "primary_dfs_endpoint": "https://{name}.dfs.core.windows.net/",
    },
    "azurerm_storage_container": {"id": "{storage_account_id}/blobServices/default/containers/{name}"},
    "azurerm_storage_share": {"id": "{storage_account_id}/fileServices/default/shares/{name}"},
    "azurerm_subnet": {
        "id": f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/{{virtual_network_name}}/subnets/{{name}}",
    },
    "azurerm_user_assigned_identity": _IDENTITY,
    "azurerm_virtual_network": {"id": f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/{{name}}"},
    "data.azurerm_kubernetes_cluster": {**_CLUSTER, "location": "eastus2", "oidc_issuer_enabled": True},
    "data.azurerm_user_assigned_identity": _IDENTITY,
}
RULES: dict[str, Rules] = {
    "azurerm_federated_identity_credential": Rules(
        "internal/services/managedidentity/federated_identity_credential_resource.go",
        "name user_assigned_identity_id",
        patterns={"name": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}"},
    ),
    "azurerm_kubernetes_cluster": Rules(
        "internal/services/containers/kubernetes_cluster_resource.go",
        "name location resource_group_name dns_prefix dns_prefix_private_cluster disk_encryption_set_id edge_zone "
        "node_resource_group private_cluster_enabled private_dns_zone_id role_based_access_control_enabled "
        "network_profile.dns_service_ip network_profile.ip_versions network_profile.load_balancer_sku "
        "network_profile.network_mode network_profile.service_cidr",
        one_of=("dns_prefix dns_prefix_private_cluster", "identity service_principal"),
        patterns={
            "name": r"[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?",
            "dns_prefix": r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?",
        },
        possible={"sku_tier": "Free Standard Premium"},
    ),
    "azurerm_kubernetes_cluster_node_pool": Rules(
        "internal/services/containers/kubernetes_cluster_node_pool_resource.go",
        "name kubernetes_cluster_id priority eviction_policy spot_max_price capacity_reservation_group_id gpu_driver "
        "gpu_instance host_group_id node_public_ip_prefix_id os_type proximity_placement_group_id",
        patterns={"name": r"[a-z][a-z0-9]{0,11}"},
        possible={
            "eviction_policy": "Deallocate Delete",
            "mode": "System User",
            "os_disk_type": "Ephemeral Managed",
            "priority": "Regular Spot",
        },
    ),
    "azurerm_resource_group": Rules(
        "internal/services/resource/resource_group_resource.go",
        "name location",
        patterns={"name": r"[-\w._()]{0,89}[-\w_()]"},
    ),
    "azurerm_role_assignment": Rules(
        "internal/services/authorization/role_assignment_resource.go",
        "name scope role_definition_id role_definition_name principal_id principal_type description condition "
        "condition_version",
        one_of=("role_definition_id role_definition_name",),
    ),
    "azurerm_storage_account": Rules(
        "internal/services/storage/storage_account_resource.go",
        "name location resource_group_name account_kind account_tier dns_endpoint_type edge_zone is_hns_enabled "
        "nfsv3_enabled infrastructure_encryption_enabled queue_encryption_key_type table_encryption_key_type",
        patterns={"name": r"[a-z0-9]{3,24}"},
        possible={
            "access_tier": "Cool Hot Premium Cold",
            "account_kind": "BlobStorage BlockBlobStorage FileStorage Storage StorageV2",
            "account_replication_type": "LRS ZRS GRS RAGRS GZRS RAGZRS",
            "account_tier": "Premium Standard",
            "min_tls_version": "TLS1_0 TLS1_1 TLS1_2 TLS1_3",
        },
    ),
    "azurerm_storage_container": Rules(
        "internal/services/storage/storage_container_resource.go",
        "name storage_account_id default_encryption_scope encryption_scope_override_enabled",
        patterns={"name": r"\$root|\$web|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"},
        possible={"container_access_type": "blob container private"},
    ),
    "azurerm_storage_share": Rules(
        "internal/services/storage/storage_share_resource.go",
        "name storage_account_id enabled_protocol",
        possible={"enabled_protocol": "NFS SMB"},
    ),
    "azurerm_subnet": Rules(
        "internal/services/network/subnet_resource.go",
        "name resource_group_name virtual_network_name",
        one_of=("address_prefixes ip_address_pool",),
    ),
    "azurerm_user_assigned_identity": Rules(
        "internal/services/managedidentity/user_assigned_identity_resource.go",
        "name location resource_group_name",
        patterns={"name": r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}"},
    ),
    "azurerm_virtual_network": Rules(
        "internal/services/network/virtual_network_resource.go",
        "name location resource_group_name edge_zone",
        one_of=("address_space ip_address_pool",),
    ),
}
