"""The second stack of a cloud on AKS: the Helm releases in the cluster."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.azure.nodes import NodesConfig, node_pools
from anyscale_constructs.clouds import AksConfig, AksStack
from tests.unit.clouds import Make, maker, values

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
CLUSTER = {"cluster_name": "acme", "resource_group_name": "kubernetes"}


def config(**config: Any) -> AksConfig:
    return AksConfig.model_validate({"subscription_id": SUBSCRIPTION, "region": "eastus2", "org_id": "org_1"} | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(AksStack, config, tmp_path)


def test_the_second_stack_finds_the_cluster_by_its_name(make: Make) -> None:
    _, operator = make(cluster={"name": "acme"})
    found = operator["data"]["azurerm_kubernetes_cluster"]["this"]
    assert (found["name"], found["resource_group_name"]) == ("acme", "ml")
    (helm,), (kubernetes,) = operator["provider"]["helm"], operator["provider"]["kubernetes"]
    assert helm["kubernetes"] == kubernetes
    assert kubernetes["exec"]["command"] == "kubelogin"
    assert sorted(kubernetes) == ["cluster_ca_certificate", "exec", "host"]
    (azurerm,) = operator["provider"]["azurerm"]
    assert azurerm["features"] == {}
    assert set(operator["resource"]) == {"helm_release"}


@pytest.mark.parametrize(
    ("networking_mode", "annotations"),
    [("PUBLIC", {}), ("PRIVATE", {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"})],
)
def test_the_load_balancer_is_public_or_internal_by_networking_mode(
    networking_mode: str, annotations: dict[str, str], make: Make
) -> None:
    _, operator = make(networking_mode=networking_mode)
    assert values(operator, "anyscale-gateway")["annotations"] == annotations
    assert values(operator, "anyscale-operator")["networking"]["gateway"]["ip"] == (
        "${data.kubernetes_service_v1.gateway.status[0].load_balancer[0].ingress[0].ip}"
    )


def test_the_device_plugin_runs_on_spot_nodes_too(make: Make) -> None:
    _, operator = make()
    tolerated = {each["key"] for each in values(operator, "nvidia-device-plugin")["tolerations"]}
    taints = {taint.partition("=")[0] for taint in node_pools(NodesConfig())["t4spot"]["node_taints"]}
    assert taints == tolerated


def test_an_existing_clusters_gpus_are_ones_that_users_can_choose(make: Make) -> None:
    for gpu_types, shapes in ([], []), (["A10", "H100"], ["8CPU-32GB-1xA10", "8CPU-32GB-1xH100", "64CPU-256GB-8xH100"]):
        _, operator = make(cluster=CLUSTER | {"gpu_types": gpu_types})
        additional = values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]
        assert sorted(additional) == sorted(shapes)
        # It may have GPUs that nobody named.
        assert "nvidia-device-plugin" in operator["resource"]["helm_release"]


def test_the_operators_audience_can_be_changed(make: Make) -> None:
    audience = {"global": {"auth": {"audience": "api://acme"}}}
    auth = values(make(releases={"operator": {"values": audience}})[1], "anyscale-operator")["global"]["auth"]
    assert (sorted(auth), auth["audience"]) == (["audience", "iamIdentity"], "api://acme")


RELEASES = {
    "device_plugin": ["nvidia-device-plugin"],
    "gateway": ["anyscale-gateway", "envoy-gateway"],
    "operator": ["anyscale-operator"],
}


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_can_be_disabled(name: str, make: Make) -> None:
    _, operator = make(releases={name: {"enabled": False}})
    others = [release for other, releases in RELEASES.items() if other != name for release in releases]
    assert sorted(operator["resource"]["helm_release"]) == sorted(others)
