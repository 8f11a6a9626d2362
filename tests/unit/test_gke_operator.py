"""The second stack of a GKE cloud."""

import json
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import GkeStack
from tests.unit.clouds import Make, maker, values
from tests.unit.test_gke import VPC, config


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(GkeStack, config, tmp_path)


@pytest.mark.parametrize(
    ("cluster", "endpoint"),
    [
        ({}, "private_cluster_config[0].private_endpoint"),
        ({"public_access_cidrs": ["203.0.113.0/24"]}, "endpoint"),
        ({"cluster_name": "acme"}, "endpoint"),
        ({"cluster_name": "acme", "private_endpoint": True}, "private_cluster_config[0].private_endpoint"),
    ],
)
def test_the_second_stack_reaches_the_api_from_where_it_is(cluster: dict[str, Any], endpoint: str, make: Make) -> None:
    stack, operator = make(cluster=cluster, vpc=VPC if "cluster_name" in cluster else {})
    (helm,), (kubernetes,) = operator["provider"]["helm"], operator["provider"]["kubernetes"]
    assert helm["kubernetes"] == kubernetes
    assert kubernetes["host"] == f"https://${{data.google_container_cluster.this.{endpoint}}}"
    assert kubernetes["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert "token" not in kubernetes
    assert "module." not in json.dumps(operator)
    networks = stack.get("module", {}).get("gke", {}).get("master_authorized_networks")
    assert (networks is not None) == ("public_access_cidrs" in cluster)


def test_the_operator_uses_the_registered_identity(make: Make) -> None:
    _, operator = make()
    assert operator["data"]["google_service_account"]["operator"]["account_id"] == "ml-operator"
    assert values(operator, "anyscale-operator")["global"] == {
        "cloudDeploymentId": "${var.cloud_resource_id}",
        "cloudProvider": "gcp",
        "auth": {"iamIdentity": "${data.google_service_account.operator.email}"},
    }


def test_gke_needs_fewer_releases_than_eks(make: Make) -> None:
    _, operator = make()
    assert sorted(operator["resource"]["helm_release"]) == ["anyscale-gateway", "anyscale-operator", "envoy-gateway"]


@pytest.mark.parametrize(
    ("mode", "annotations"),
    [("PUBLIC", {}), ("PRIVATE", {"networking.gke.io/load-balancer-type": "Internal"})],
)
def test_the_load_balancer_is_public_or_internal_by_networking_mode(
    mode: str, annotations: dict[str, str], make: Make
) -> None:
    _, operator = make(networking_mode=mode)
    assert values(operator, "anyscale-gateway")["annotations"] == annotations
    assert values(operator, "anyscale-operator")["networking"]["gateway"]["ip"].endswith("ingress[0].ip}")


def test_each_gpu_has_its_shapes(make: Make) -> None:
    _, operator = make(cluster={"nodes": {"gpu_types": ["T4", "H100-MEGA"]}})
    shapes = values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"]
    assert sorted(shapes) == ["64CPU-256GB-8xH100-MEGA", "8CPU-32GB-1xH100-MEGA"]


def test_with_terraforms_registration_the_second_stack_reads_the_id(make: Make) -> None:
    stack, operator = make(registration="terraform")
    waits = stack["resource"]["anyscale_cloud_resource"]["cloud_resource"]["depends_on"]
    assert {"module.gke", "google_project_iam_member.operator_logging_logWriter"} <= set(waits)
    assert "variable" not in operator
    assert stack["module"]["gke"]["cluster_resource_labels"]["anyscale-cloud-id"] == "${lower(anyscale_cloud.cloud.id)}"
