"""What no schema says of hashicorp/google: plausible values, and what is newer than the bindings."""

from tests.e2e.doubles.provider import EVERY, Computed
from tests.e2e.doubles.schema import Attribute, Block, Schema

_ACCOUNT = "{account_id}@{project}.iam.gserviceaccount.com"
_POOL = "projects/123456789012/locations/global/workloadIdentityPools/{workload_identity_pool_id}"
_CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
_ZONES = ["{region}-a", "{region}-b", "{region}-c", "{region}-f"]
_CLUSTER: Computed = {
    "id": "projects/{project}/locations/{location}/clusters/{name}",
    "endpoint": "203.0.113.20",
    "master_version": "1.31.5-gke.1023000",
    "node_locations": _ZONES[:3],
    "services_ipv4_cidr": "10.8.0.0/20",
    "master_auth": [{"cluster_ca_certificate": _CERTIFICATE, "client_certificate": "", "client_key": ""}],
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
REPLACING = ("name", "project", "location", "region", "zone", "account_id", "project_id")
_PORT = "insecure_kubelet_readonly_port_enabled"
_PORT_IS: Attribute = {"type": "string", "required": False, "optional": True, "computed": True}


def amend(schema: Schema) -> None:
    """Add what 5.44.2 has and 5.43.1 lacks: one argument of GKE, in three kinds of block, one of which is new.

    Source: the files below google/services/container of hashicorp/terraform-provider-google at the two tags.
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
