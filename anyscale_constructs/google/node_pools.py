"""Guards for a GKE cluster's node pools, which upstream declares as untyped maps."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import TypeAdapter

from anyscale_constructs.config.types import Checked
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.guards import Inputs, guard, value_is_refused

# The keys of a pool that the module reads; it silently ignores others.
_POOL_KEYS = """
    accelerator_count accelerator_type auto_repair auto_upgrade autoscaling batch_node_count batch_percentage
    batch_soak_duration boot_disk_kms_key consume_reservation_type cpu_cfs_quota cpu_cfs_quota_period
    cpu_manager_policy disk_size_gb disk_type enable_confidential_nodes enable_confidential_storage enable_gcfs
    enable_gvnic enable_integrity_monitoring enable_nested_virtualization enable_secure_boot gpu_driver_version
    gpu_partition_size gpu_sharing_strategy image_type initial_node_count insecure_kubelet_readonly_port_enabled
    local_nvme_ssd_count local_ssd_count local_ssd_ephemeral_storage_count location_policy logging_variant
    machine_type max_count max_pods_per_node max_shared_clients_per_gpu max_surge max_unavailable min_count
    min_cpu_platform name node_count node_locations node_metadata node_pool_soak_duration placement_policy
    pod_pids_limit pod_range preemptible queued_provisioning reservation_affinity_key reservation_affinity_values
    secondary_boot_disk service_account spot strategy threads_per_core total_max_count total_min_count version
"""
_BY_POOL = (
    "node_pools_labels",
    "node_pools_resource_labels",
    "node_pools_resource_manager_tags",
    "node_pools_metadata",
    "node_pools_taints",
    "node_pools_tags",
    "node_pools_oauth_scopes",
    "node_pools_linux_node_configs_sysctls",
    "node_pools_cgroup_mode",
)
_NO_POOLS = {"all", "default-node-pool", "default_values"}

ClusterName = Annotated[
    str,
    Checked(
        "at most 40 lower-case letters, digits and hyphens, beginning with a letter, without a hyphen at the end",
        r"[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?",
        "anyscale-prod",
    ),
]
NAME: TypeAdapter[str] = TypeAdapter(ClusterName)


@guard("gke-node-pool-name", "node_pools")
def gke_node_pool_name(i: Inputs) -> Finding | None:
    """Upstream creates only the last of two pools with the same name. Google rejects invalid names at apply."""
    names = [str(pool.get("name")) for pool in pools_of(i)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        return Finding("node_pools has two pools with the same name", "rename one of them", twice[0])
    found = (value_is_refused(NAME, name, "node_pools: name", "choose another name") for name in names)
    return next(filter(None, found), None)


@guard("gke-node-pool-key", "node_pools")
def pools_have_keys_that_upstream_reads(i: Inputs) -> Finding | None:
    """Upstream ignores unknown keys and uses its defaults, such as e2-medium nodes for a misspelt machine_type."""
    known = _POOL_KEYS.split()
    for pool in pools_of(i):
        for key in pool:
            if key not in known:
                return Finding(f"node_pools: {pool.get('name')}: {unknown(key, known)}", "correct the key")
    return None


@guard("gke-node-pool-size", "node_pools")
def pools_have_room_for_their_nodes(i: Inputs) -> Finding | None:
    """Google rejects a pool whose minimum or initial size exceeds its maximum, after the cluster has been created."""
    for pool in pools_of(i):
        for smallest, largest in (("min_count", "max_count"), ("total_min_count", "total_max_count")):
            if _count(pool, smallest, 0) > _count(pool, largest, 100):
                return Finding(
                    f"node_pools: {smallest} of {pool.get('name')} is larger than its {largest}",
                    f"use a smaller {smallest} or a larger {largest}",
                    pool[smallest],
                    f"at most {_count(pool, largest, 100)}",
                )
        zones = len(i["zones"]) if i["regional"] is True and isinstance(i["zones"], list) else 1
        first, most = _count(pool, "initial_node_count", 1) * zones, _count(pool, "total_max_count", 100)
        if "total_max_count" in pool and first > most:
            return Finding(
                f"node_pools: {pool.get('name')} starts with {first} nodes, initial_node_count in each zone, which is "
                "more than its total_max_count",
                "use a smaller initial_node_count or a larger total_max_count",
                first,
                f"at most {most}",
            )
    return None


@guard("gke-node-pool-limit", "node_pools", severity="warning")
def limits_are_for_whole_pools(i: Inputs) -> Finding | None:
    """In a regional cluster, max_count is the limit for each zone, so the pool has up to three times as many nodes."""
    zonal = [pool.get("name") for pool in pools_of(i) if {"min_count", "max_count"} & set(pool)]
    if zonal and i["regional"] is True:
        return Finding(
            "node_pools: min_count and max_count are limits for each zone",
            "use total_min_count and total_max_count",
            zonal,
        )
    return None


@guard("gke-node-pool-settings", *_BY_POOL)
def gke_node_pool_settings(i: Inputs) -> Finding | None:
    """Upstream ignores settings of unknown pools, so the nodes of a pool with a misspelt name would have no taints."""
    if not i.known("node_pools"):
        return None
    names = {str(pool.get("name")) for pool in [*pools_of(i), *pools_of(i, "windows_node_pools")]}
    for setting in _BY_POOL:
        for key in i.given.get(setting, {}) if not is_unresolved(i.given.get(setting)) else ():
            if not is_unresolved(key) and key not in names | _NO_POOLS:
                return Finding(
                    f"{setting}: {unknown(key, names, 'pool')}",
                    "use the name of a pool in node_pools, or all",
                    on=[setting, "node_pools"],
                )
    return None


def pools_of(i: Inputs, name: str = "node_pools") -> list[Mapping[str, Any]]:
    """Returns the pools that are known at synthesis.

    Args:
        i: The cluster's inputs.
        name: The input that holds them. Default: `node_pools`.
    """
    pools = i[name]
    return [pool for pool in pools if isinstance(pool, Mapping)] if isinstance(pools, list) else []


def _count(pool: Mapping[str, Any], key: str, default: int) -> int:
    text = str(pool.get(key, default))
    return int(text) if text.isdigit() else default
