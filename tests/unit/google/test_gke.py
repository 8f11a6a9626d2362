"""The Kubernetes cluster and its node pools."""

from typing import Any

import pytest

from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.google import ExistingCluster, Gke, Vpc, gke, gke_access
from anyscale_constructs.google import node_pools as pool_guards
from anyscale_constructs.google.nodes import GPUS, NodesConfig, node_pool_taints, node_pools
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.google.parts import NETWORK, PROJECT, REGION, SHARED, many
from tests.unit.guards import Case, Table
from tests.unit.terraform.parts import warnings

RANGES = {"pods_range_name": "pods", "services_range_name": "services"}
BASE: dict[str, Any] = {
    "project": PROJECT,
    "region": REGION,
    "vpc": NETWORK.model_copy(update=RANGES),
    "name": "acme",
    "service_account": "operator@acme-ml.iam.gserviceaccount.com",
    "node_pools": [{"name": "a", "initial_node_count": 0, "total_min_count": 0, "total_max_count": 1}],
}
LATER = expr("var.later")
OPEN = {"enable_private_endpoint": False}
AUTO = {
    "enabled": True,
    "autoscaling_profile": "BALANCED",
    "min_cpu_cores": 0,
    "max_cpu_cores": 8,
    "min_memory_gb": 0,
    "max_memory_gb": 64,
    "gpu_resources": [],
    "auto_repair": True,
    "auto_upgrade": True,
}


def pools(*pools: dict[str, Any]) -> dict[str, Any]:
    return {"node_pools": [{"name": "a", "initial_node_count": 0, **pool} for pool in pools]}


def networks(*cidrs: Any) -> dict[str, Any]:
    return {"master_authorized_networks": [{"cidr_block": cidr, "display_name": "a"} for cidr in cidrs]}


TABLE = Table(
    Gke,
    BASE,
    [
        Case(
            gke.the_cluster_is_in_a_region,
            "a Google Cloud region, such as us-central1",
            [*many(region=["us-central1-a", None])],
            [{"region": LATER, "zones": ["us-central1-a"]}],
        ),
        Case(
            gke.zones_are_named,
            "zones is not set",
            [{"region": LATER}, {"zones": []}],
            [*many(zones=[["us-central1-a"], [LATER], None])],
        ),
        Case(
            gke.the_cluster_is_in_a_region,
            "regional is false",
            [{"regional": False, "zones": ["us-central1-a"]}],
            [{"regional": True}],
        ),
        Case(
            gke.the_cluster_has_a_name_that_gke_accepts,
            "name: must be at most 40 lower-case letters",
            [*many(name=["Acme", "a" * 41, "a-", "1a"])],
            [*many(name=["a" * 40, LATER])],
        ),
        Case(
            gke.the_control_plane_has_16_addresses,
            "master_ipv4_cidr_block must be a /28",
            [*many(master_ipv4_cidr_block=["172.16.0.0/27", "172.16.0.1/28", "172.16.0.0"])],
            [
                *many(master_ipv4_cidr_block=["172.16.0.16/28", LATER]),
                {"master_ipv4_cidr_block": "172.16.0.0/24", "private_endpoint_subnetwork": "a"},
                {"master_ipv4_cidr_block": "172.16.0.0/24", "enable_private_nodes": False},
            ],
        ),
        Case(
            gke.labels_are_ones_google_accepts,
            "cluster_resource_labels",
            [*many(cluster_resource_labels=[{"Team": "ml"}, {"team": "ML"}])],
            [*many(cluster_resource_labels=[{"team": "ml"}, LATER])],
        ),
        Case(
            pool_guards.gke_node_pool_name,
            "node_pools has two pools with the same name",
            [pools({}, {})],
            [pools({"name": "a"}, {"name": "b"})],
        ),
        Case(
            pool_guards.gke_node_pool_name,
            "node_pools: name: must be at most 40",
            [pools({"name": "A"}), {"node_pools": [{"machine_type": "e2-standard-4"}]}],
            [pools({"name": "a" * 40})],
        ),
        Case(
            pool_guards.pools_have_keys_that_upstream_reads,
            "node_pools: a: unknown key 'machine_typ': did you mean 'machine_type'?",
            [pools({"machine_typ": "n2-standard-16"})],
            [pools({"machine_type": "n2-standard-16", "spot": True, "accelerator_count": 1})],
        ),
        Case(
            pool_guards.pools_have_room_for_their_nodes,
            "is larger than its",
            [pools({"total_min_count": 2, "total_max_count": 1}), pools({"min_count": "101"})],
            [pools({"total_min_count": 1, "total_max_count": 1}), pools({"min_count": "a", "max_count": 3})],
        ),
        Case(
            pool_guards.pools_have_room_for_their_nodes,
            "a starts with 3 nodes, initial_node_count in each zone",
            [pools({"initial_node_count": 1, "total_max_count": 2})],
            [
                pools({"initial_node_count": 1, "total_max_count": 3}),
                pools({"initial_node_count": 1, "total_max_count": 1}) | {"zones": ["us-central1-a"]},
            ],
        ),
        Case(
            pool_guards.limits_are_for_whole_pools,
            "node_pools: min_count and max_count are limits for each zone",
            [pools({"max_count": 10}), pools({"min_count": 0})],
            [
                pools({"total_max_count": 10}),
                pools({"max_count": 10}) | {"regional": False, "zones": ["us-central1-a"]},
            ],
        ),
        Case(
            pool_guards.gke_node_pool_settings,
            "unknown pool 'b'",
            [
                {"node_pools_taints": {"b": []}},
                {"node_pools_labels": {"a": {}, "b": {}}},
                {"node_pools_oauth_scopes": {"b": []}},
            ],
            [
                {"node_pools_taints": {"a": [], "all": [], "default-node-pool": []}},
                {"node_pools_labels": {"b": {}}, "windows_node_pools": [{"name": "b"}]},
                {"node_pools_labels": LATER},
            ],
        ),
        Case(
            gke.gpus_are_not_provisioned_by_gke,
            "cluster_autoscaling lets GKE create node pools",
            [pools({"accelerator_type": "nvidia-l4"}) | {"cluster_autoscaling": AUTO}],
            [
                {"cluster_autoscaling": AUTO},
                pools({"accelerator_type": "nvidia-l4"}) | {"cluster_autoscaling": AUTO | {"enabled": False}},
            ],
        ),
        Case(
            gke.gke_node_account,
            "create_service_account creates an account without the roles",
            [{"create_service_account": True}],
            [{"create_service_account": False}],
        ),
        Case(
            gke.gke_node_account,
            "service_account is not set",
            [*many(service_account=[None, "", "create"])],
            [{"service_account": LATER}],
        ),
        Case(
            gke.gke_workload_identity,
            "identity_namespace disables Workload Identity",
            [{"identity_namespace": "null"}],
            [*many(identity_namespace=["enabled", "acme-ml.svc.id.goog", LATER])],
        ),
        Case(
            gke.gke_workload_identity,
            "node_metadata lets pods use the nodes' account",
            [*many(node_metadata=["GCE_METADATA", "UNSPECIFIED", "EXPOSE"])],
            [*many(node_metadata=["GKE_METADATA", "GKE_METADATA_SERVER", LATER])],
        ),
        Case(
            gke.nothing_is_made_inside_the_cluster,
            "creates objects in the cluster",
            [{"configure_ip_masq": True}, {"stub_domains": {"a": []}}, {"upstream_nameservers": ["10.0.0.2"]}],
            [{"configure_ip_masq": False}, {"stub_domains": {}}, {"upstream_nameservers": []}],
        ),
        Case(
            gke_access.gke_public_nodes,
            "enable_private_nodes is false",
            [{"enable_private_nodes": False}],
            [{"enable_private_nodes": True}],
        ),
        Case(
            gke_access.the_api_is_not_open_to_the_internet,
            "the whole internet, or a large part of it, can reach the cluster's API",
            [
                OPEN,
                OPEN | networks("10.0.0.0/8", "0.0.0.0/0"),
                OPEN | networks("0.0.0.0/1", "128.0.0.0/1"),
                OPEN | networks("17.0.0.0/8", "19.0.0.0/8"),
            ],
            [{}, OPEN | networks("203.0.113.0/24", "17.0.0.0/8"), OPEN | networks(LATER)],
        ),
        Case(
            gke_access.a_private_endpoint_is_reached_from_inside,
            "master_authorized_networks has a public range",
            [networks("198.18.0.0/15", "8.8.8.0/24")],
            [networks("10.0.0.0/8", LATER), OPEN | networks("8.8.8.0/24")],
        ),
        Case(
            gke_access.the_control_plane_reaches_webhooks,
            "add_master_webhook_firewall_rules is false, the default in a shared VPC",
            [{"add_master_webhook_firewall_rules": False}, {"vpc": SHARED.model_copy(update=RANGES)}],
            [
                {"add_master_webhook_firewall_rules": True, "vpc": SHARED.model_copy(update=RANGES)},
                {"add_master_webhook_firewall_rules": False, "enable_private_nodes": False},
                {"add_master_webhook_firewall_rules": LATER},
            ],
        ),
        Case(
            gke.upgrades_are_planned,
            "kubernetes_version is latest without a release_channel",
            [{"release_channel": "UNSPECIFIED"}],
            [{}, {"release_channel": "UNSPECIFIED", "kubernetes_version": "1.33"}, {"release_channel": "STABLE"}],
        ),
        Case(
            gke.gke_gateway_api,
            "gateway_api_channel installs resource definitions",
            [{"gateway_api_channel": "CHANNEL_STANDARD"}],
            [*many(gateway_api_channel=["CHANNEL_DISABLED", LATER])],
        ),
    ],
)


def test_nodes_and_api_are_private(stack: CloudStack) -> None:
    rendered = Gke(stack, **BASE).rendered
    assert (rendered["network"], rendered["subnetwork"]) == ("ml", "ml-us-central1")
    assert (rendered["ip_range_pods"], rendered["ip_range_services"]) == ("pods", "services")
    assert (rendered["enable_private_endpoint"], rendered["deploy_using_private_endpoint"]) == (True, True)
    assert rendered["add_master_webhook_firewall_rules"] is True
    assert (rendered["remove_default_node_pool"], rendered["create_service_account"]) == (True, False)
    assert "network_project_id" not in rendered


def test_a_shared_vpc_has_its_own_project(stack: CloudStack) -> None:
    rendered = Gke(stack, **{**BASE, "vpc": SHARED.model_copy(update=RANGES)}).rendered
    assert (rendered["network"], rendered["network_project_id"]) == ("shared", "acme-network")


def test_a_new_vpcs_ranges_are_its_outputs(stack: CloudStack) -> None:
    vpc = Vpc(
        stack,
        project=PROJECT,
        region=REGION,
        networking_mode="PRIVATE",
        gke_pod_range_cidr="10.4.0.0/14",
        gke_services_range_cidr="10.8.0.0/20",
    )
    rendered = Gke(stack, **{**BASE, "vpc": vpc}).rendered
    assert rendered["ip_range_pods"] == "${module.vpc.private_subnet_gke_pod_range_name}"
    assert rendered["ip_range_services"] == "${module.vpc.private_subnet_gke_services_range_name}"


@pytest.mark.parametrize(("region", "letters"), [("us-central1", "abc"), ("europe-west1", "bcd"), ("us-east1", "bcd")])
def test_zones_are_known_when_terraform_plans(region: str, letters: str, stack: CloudStack) -> None:
    zones = Gke(stack, **{**BASE, "region": region}).rendered["zones"]
    assert zones == [f"{region}-{letter}" for letter in letters]


def test_fails_when_the_control_planes_range_is_in_the_vpc(stack: CloudStack) -> None:
    with pytest.raises(
        InputError, match=r"10\.20\.0\.0/28 overlaps 10\.20\.0\.0/20.*set master_ipv4_cidr_block to an unused /28"
    ):
        Gke(stack, **BASE, master_ipv4_cidr_block="10.20.0.0/28")


def test_fails_without_ranges_for_pods_and_services(stack: CloudStack) -> None:
    with pytest.raises(InputError, match=r"the VPC has no secondary range for pods\. Fix: set pods_range_name"):
        Gke(stack, **{**BASE, "vpc": NETWORK})


def test_fails_on_a_pool_that_is_unknown_at_plan(stack: CloudStack) -> None:
    account = expr("google_service_account.operator.email", "string")
    with pytest.raises(
        InputError, match="node_pools: the number of resources depends on its value, which must be known"
    ):
        Gke(stack, **{**BASE, **pools({"service_account": account})})


def test_workloads_have_a_pair_of_node_pools_for_cpus_and_for_each_gpu() -> None:
    nodes = NodesConfig(gpu_types=["T4", "H100"])
    made = {pool["name"]: pool for pool in node_pools(nodes)}
    assert list(made) == [
        "default",
        "ondemand-cpu",
        "ondemand-gpu-t4",
        "ondemand-gpu-h100",
        "spot-cpu",
        "spot-gpu-t4",
        "spot-gpu-h100",
    ]
    assert made["spot-gpu-h100"] == {
        "name": "spot-gpu-h100",
        "machine_type": "a3-highgpu-8g",
        "accelerator_type": "nvidia-h100-80gb",
        "accelerator_count": 8,
        "gpu_driver_version": "LATEST",
        "disk_size_gb": 500,
        "disk_type": "pd-balanced",
        "initial_node_count": 0,
        "total_min_count": 0,
        "total_max_count": 10,
        "location_policy": "ANY",
        "spot": True,
        "local_ssd_ephemeral_storage_count": 16,
    }
    taints = node_pool_taints(nodes)
    assert taints.keys() == made.keys() - {"default"}
    assert [(taint["key"], taint["value"]) for taint in taints["spot-gpu-h100"]] == [
        ("node.anyscale.com/capacity-type", "SPOT"),
        ("node.anyscale.com/accelerator-type", "GPU"),
        ("nvidia.com/gpu", "present"),
    ]


def test_all_node_pools_pass_the_guards(stack: CloudStack) -> None:
    nodes = NodesConfig(gpu_types=list(GPUS), max_size=1)  # type: ignore[arg-type] # all of them
    made = Gke(stack, **{**BASE, "node_pools": node_pools(nodes)}, node_pools_taints=node_pool_taints(nodes))
    assert not warnings(made)


def test_fails_on_a_gpu_that_is_not_in_the_table() -> None:
    with pytest.raises(ConfigError, match="must be 'T4', 'L4'"):
        NodesConfig(gpu_types=["K80"])  # type: ignore[list-item] # the mistake


def test_an_existing_cluster_is_in_a_region_or_a_zone() -> None:
    assert ExistingCluster(cluster_name="acme", location="us-central1-a").location == "us-central1-a"
    with pytest.raises(ConfigError, match="must be a Google Cloud region or zone"):
        ExistingCluster(cluster_name="acme", location="us")
