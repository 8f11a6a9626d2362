"""What the schema of hashicorp/google does not contain: plausible values, and what is newer than the bindings."""

from tests.e2e.doubles.provider import CERTIFICATE, EVERY, Computed, Rules
from tests.e2e.doubles.schema import Attribute, Block, Schema

_ACCOUNT = "{account_id}@{project}.iam.gserviceaccount.com"
_POOL = "projects/123456789012/locations/global/workloadIdentityPools/{workload_identity_pool_id}"
_ZONES = ["{region}-a", "{region}-b", "{region}-c", "{region}-f"]
_CLUSTER: Computed = {
    "id": "projects/{project}/locations/{location}/clusters/{name}",
    "endpoint": "203.0.113.20",
    "master_version": "1.31.5-gke.1023000",
    "node_locations": _ZONES[:3],
    "services_ipv4_cidr": "10.8.0.0/20",
    "master_auth": [{"cluster_ca_certificate": CERTIFICATE, "client_certificate": "", "client_key": ""}],
    "private_cluster_config.private_endpoint": "10.0.0.2",
    "private_cluster_config.public_endpoint": "203.0.113.20",
}
COMPUTED: dict[str, Computed] = {
    EVERY: {"project": "{project}", "region": "{region}"},
    "google_compute_network": {"id": "projects/{project}/global/networks/{name}"},
    "google_compute_subnetwork": {"id": "projects/{project}/regions/{region}/subnetworks/{name}"},
    "google_container_cluster": _CLUSTER,
    "google_filestore_instance": {
        "id": "projects/{project}/locations/{location}/instances/{name}",
        "networks.ip_addresses": ["10.1.2.3"],
    },
    "google_iam_workload_identity_pool": {"name": _POOL},
    "google_iam_workload_identity_pool_provider": {"name": _POOL + "/providers/{workload_identity_pool_provider_id}"},
    "google_project": {"number": "123456789012"},
    "google_project_iam_custom_role": {"id": "projects/{project}/roles/{role_id}"},
    "google_redis_instance": {"id": "projects/{project}/locations/{region}/instances/{name}", "host": "10.1.3.4"},
    "google_service_account": {
        "email": _ACCOUNT,
        "member": f"serviceAccount:{_ACCOUNT}",
        "name": f"projects/{{project}}/serviceAccounts/{_ACCOUNT}",
    },
    "google_storage_bucket": {"url": "gs://{name}"},
    "data.google_client_config": {"zone": "{zone}"},
    "data.google_compute_zones": {"names": _ZONES},
    "data.google_container_cluster": {
        **_CLUSTER,
        "private_cluster_config": [{"private_endpoint": "10.0.0.2", "public_endpoint": "203.0.113.20"}],
        "workload_identity_config": [{"workload_pool": "{project}.svc.id.goog"}],
    },
    "data.google_filestore_instance": {
        "file_shares": [{"name": "share", "capacity_gb": 1024}],
        "networks": [{"ip_addresses": ["10.1.2.3"]}],
    },
    "data.google_redis_instance": {"host": "10.1.3.4", "port": 6379},
    "data.google_service_account": {"email": _ACCOUNT, "member": f"serviceAccount:{_ACCOUNT}"},
}
KNOWN_AT_PLAN = {EVERY: ("project",), "google_service_account": ("email", "member")}
_COMPUTE_NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
_CLUSTER_NAME = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
_MEMBER = "google/tpgiamresource/resource_iam_member.go"
_POOL_ID = {"workload_identity_pool_id": r"(?!gcp-)[0-9a-z-]{4,32}"}
RULES: dict[str, Rules] = {
    EVERY: Rules("google/services", "name project location region zone"),
    "google_compute_network": Rules(
        "google/services/compute/resource_compute_network.go",
        "name project auto_create_subnetworks description mtu enable_ula_internal_ipv6 internal_ipv6_range",
        patterns={"name": _COMPUTE_NAME},
    ),
    "google_compute_network_firewall_policy": Rules(
        "google/services/compute/resource_compute_network_firewall_policy.go", "name project"
    ),
    "google_compute_router": Rules(
        "google/services/compute/resource_compute_router.go",
        "name network region project encrypted_interconnect_router",
        patterns={"name": _COMPUTE_NAME},
    ),
    "google_compute_router_nat": Rules(
        "google/services/compute/resource_compute_router_nat.go", "name router region project endpoint_types"
    ),
    "google_compute_subnetwork": Rules(
        "google/services/compute/resource_compute_subnetwork.go",
        "name network region project description purpose external_ipv6_prefix",
        patterns={"name": _COMPUTE_NAME},
    ),
    "google_container_cluster": Rules(
        "google/services/container/resource_container_cluster.go",
        "name location project network subnetwork networking_mode description cluster_ipv4_cidr datapath_provider "
        "default_max_pods_per_node enable_autopilot enable_kubernetes_alpha enable_tpu enable_multi_networking "
        "initial_node_count ip_allocation_policy.cluster_ipv4_cidr_block ip_allocation_policy.services_ipv4_cidr_block "
        "ip_allocation_policy.cluster_secondary_range_name ip_allocation_policy.services_secondary_range_name "
        "ip_allocation_policy.stack_type private_cluster_config.enable_private_nodes "
        "private_cluster_config.master_ipv4_cidr_block private_cluster_config.private_endpoint_subnetwork",
        conflicting=(
            "cluster_ipv4_cidr ip_allocation_policy",
            "enable_autopilot network_policy",
            "enable_autopilot remove_default_node_pool",
        ),
        patterns={"name": _CLUSTER_NAME},
    ),
    "google_container_node_pool": Rules(
        "google/services/container/resource_container_node_pool.go",
        "name name_prefix cluster location project initial_node_count max_pods_per_node placement_policy "
        "network_config.pod_range network_config.pod_ipv4_cidr_block node_config.guest_accelerator "
        "node_config.local_ssd_count node_config.min_cpu_platform node_config.oauth_scopes node_config.preemptible "
        "node_config.reservation_affinity node_config.service_account node_config.shielded_instance_config "
        "node_config.spot node_config.boot_disk_kms_key",
        conflicting=("name name_prefix",),
        patterns={"name": _CLUSTER_NAME},
    ),
    "google_filestore_instance": Rules(
        "google/services/filestore/resource_filestore_instance.go",
        "name location zone project tier kms_key_name networks.network networks.modes networks.connect_mode "
        "networks.reserved_ip_range",
    ),
    "google_iam_workload_identity_pool": Rules(
        "google/services/iambeta/resource_iam_workload_identity_pool.go",
        "workload_identity_pool_id project",
        patterns=_POOL_ID,
    ),
    "google_iam_workload_identity_pool_provider": Rules(
        "google/services/iambeta/resource_iam_workload_identity_pool_provider.go",
        "workload_identity_pool_id workload_identity_pool_provider_id project",
        one_of=("aws oidc saml",),
        patterns={"workload_identity_pool_provider_id": r"(?!gcp-)[0-9a-z-]{4,32}"},
    ),
    "google_project": Rules(
        "google/services/resourcemanager/resource_google_project.go",
        "project_id",
        conflicting=("org_id folder_id",),
        patterns={"name": r".{4,30}"},
    ),
    "google_project_iam_custom_role": Rules(
        "google/services/resourcemanager/resource_google_project_iam_custom_role.go",
        "role_id project",
        patterns={"role_id": r"[a-zA-Z0-9_.]{3,64}"},
    ),
    "google_project_iam_member": Rules(_MEMBER, "member role condition project"),
    "google_redis_instance": Rules(
        "google/services/redis/resource_redis_instance.go",
        "name region project tier alternative_location_id authorized_network connect_mode customer_managed_key "
        "location_id reserved_ip_range transit_encryption_mode",
        patterns={"name": r"[a-z][a-z0-9-]{0,39}[a-z0-9]"},
    ),
    "google_secret_manager_secret_iam_member": Rules(_MEMBER, "member role condition project secret_id"),
    "google_service_account": Rules(
        "google/services/resourcemanager/resource_google_service_account.go",
        "account_id project",
        patterns={"account_id": r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])"},
    ),
    "google_service_account_iam_member": Rules(_MEMBER, "member role condition service_account_id"),
    "google_storage_bucket": Rules(
        "google/services/storage/resource_storage_bucket.go",
        "name location project enable_object_retention custom_placement_config.data_locations",
        patterns={"name": r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"},
    ),
    "google_storage_bucket_iam_member": Rules(_MEMBER, "member role condition bucket"),
}
"""The rules of types.

Source of those of IAM members, in addition to their own files: `ForceNew` in the file that each service adds to
`member`.
"""
_PORT = "insecure_kubelet_readonly_port_enabled"
_PORT_IS: Attribute = {"type": "string", "required": False, "optional": True, "computed": True}


def amend(schema: Schema) -> None:
    """Adds what release 5.44.2 has and 5.43.1 lacks: one argument of GKE, in three kinds of block, one of which is new.

    Source: the files in google/services/container of hashicorp/terraform-provider-google at the two tags.
    """
    resources = schema["resource_schemas"]
    for name in ("google_container_cluster", "google_container_node_pool"):
        _add_port(resources[name])
    pools = resources["google_container_cluster"]["block_types"]["node_pool_auto_config"]["block"]
    kubelet: Block = {"attributes": {_PORT: _PORT_IS}, "block_types": {}}
    pools["block_types"]["node_kubelet_config"] = {
        "nesting_mode": "list",
        "block": kubelet,
        "min_items": 0,
        "max_items": 1,
    }


def _add_port(block: Block) -> None:
    for name, inner in block["block_types"].items():
        if name in {"kubelet_config", "node_config_defaults"}:
            inner["block"]["attributes"][_PORT] = _PORT_IS
        _add_port(inner["block"])
