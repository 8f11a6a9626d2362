"""The second stack of a cloud on EKS: the Helm releases in the cluster."""

import json
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import EksConfig, EksStack
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from tests.unit.clouds import Make, maker, values

SUBNETS = {"subnet-12345678": "us-east-2b", "subnet-12345679": "us-east-2a"}
EXISTING: dict[str, Any] = {
    "vpc": {"vpc_id": "vpc-12345678", "subnet_ids_to_az": SUBNETS},
    "bucket": {"bucket_name": "acme-shared"},
    "cluster": {"cluster_name": "acme", "node_security_group_id": "sg-12345678"},
}
WITHOUT_CONTROLLER: dict[str, Any] = {"releases": {"load_balancer_controller": {"enabled": False}}}
VARIABLE = expr("var.later", "string")


def config(**config: Any) -> EksConfig:
    return EksConfig.model_validate({"region": "us-east-2", "org_id": "org_1"} | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(EksStack, config, tmp_path)


def test_the_second_stack_finds_the_cluster_by_its_name(make: Make) -> None:
    _, operator = make(cluster={"name": "acme"})
    assert operator["data"]["aws_eks_cluster"]["this"]["name"] == "acme"
    assert "module." not in json.dumps(operator)
    (helm,), (kubernetes,) = operator["provider"]["helm"], operator["provider"]["kubernetes"]
    assert helm["kubernetes"] == kubernetes
    assert kubernetes["exec"]["command"] == "aws"
    assert kubernetes["exec"]["args"][:4] == ["eks", "get-token", "--cluster-name", "acme"]
    assert "token" not in kubernetes


@pytest.mark.parametrize(
    ("keys", "version"),
    [
        ({}, "9.59.0"),
        ({"cluster": {"kubernetes_version": "1.33"}}, "9.51.0"),
        ({"cluster": {"kubernetes_version": expr("path.module", "string")}}, "9.46.0"),
        (EXISTING, "9.46.0"),
    ],
)
def test_the_autoscaler_follows_the_clusters_kubernetes(keys: dict[str, Any], version: str, make: Make) -> None:
    _, operator = make(**keys)
    assert operator["resource"]["helm_release"]["cluster-autoscaler"]["version"] == version


@pytest.mark.parametrize(
    ("keys", "annotations"),
    [
        ({}, {"type": "external", "nlb-target-type": "ip", "scheme": "internet-facing"}),
        ({"networking_mode": "PRIVATE"}, {"type": "external", "nlb-target-type": "ip", "scheme": "internal"}),
        (WITHOUT_CONTROLLER, {"type": "nlb", "scheme": "internet-facing"}),
        # Kubernetes itself knows no scheme, and makes a load balancer of the internet unless told so.
        (
            WITHOUT_CONTROLLER | {"networking_mode": "PRIVATE"},
            {"type": "nlb", "scheme": "internal", "internal": "true"},
        ),
    ],
)
def test_the_load_balancer_is_public_or_internal_by_networking_mode(
    keys: dict[str, Any], annotations: dict[str, str], make: Make
) -> None:
    prefix = "service.beta.kubernetes.io/aws-load-balancer-"
    expected = {prefix + name: value for name, value in annotations.items()}
    assert values(make(**keys)[1], "anyscale-gateway")["annotations"] == expected


RELEASES = {
    "autoscaler": ["cluster-autoscaler"],
    "load_balancer_controller": ["aws-load-balancer-controller"],
    "device_plugin": ["nvidia-device-plugin"],
    "gateway": ["anyscale-gateway", "envoy-gateway"],
    "operator": ["anyscale-operator"],
}


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_can_be_disabled(name: str, make: Make) -> None:
    stack, operator = make(releases={name: {"enabled": False}})
    others = [release for other, releases in RELEASES.items() if other != name for release in releases]
    assert sorted(operator["resource"]["helm_release"]) == sorted(others)
    roles = {"operator": "operator", "autoscaler": "autoscaler", "load_balancer_controller": "load_balancer"}
    kept = [role for release, role in roles.items() if release != name or name == "operator"]
    assert sorted(stack["resource"]["aws_iam_role"]) == sorted(kept)


def test_fails_on_a_prefix_that_is_too_long_for_roles(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match="the name prefix of the pods' role is too long; got 'acme-machine-learning-platform-operator-'",
    ):
        EksStack(App(tmp_path), "ml", config(name_prefix="acme-machine-learning-platform-"))


@pytest.mark.parametrize(
    "keys",
    [
        {"cluster": {"name": VARIABLE}},
        {"kms_key_arn": VARIABLE},
        {"bucket": {"name": VARIABLE}},
        EXISTING | {"cluster": {"cluster_name": VARIABLE, "node_role_name": VARIABLE}},
    ],
)
def test_unresolved_values_pass(keys: dict[str, Any], tmp_path: Path) -> None:
    assert [stack.name for stack in EksStack.build(App(tmp_path), "ml", config(**keys))] == ["ml", "ml-operator"]


def test_without_a_gateway_the_operator_waits_for_the_controller(make: Make) -> None:
    _, operator = make(releases={"gateway": {"enabled": False}})
    waits = operator["resource"]["helm_release"]["anyscale-operator"]["depends_on"]
    assert waits == ["helm_release.aws-load-balancer-controller"]


def test_without_gpus_there_is_no_device_plugin(make: Make) -> None:
    _, operator = make(cluster={"nodes": {"gpu_types": []}})
    assert "nvidia-device-plugin" not in operator["resource"]["helm_release"]
    assert values(operator, "anyscale-operator")["workloads"]["instanceTypes"]["additional"] == {}


def test_an_existing_cluster_has_the_configured_gpus(make: Make) -> None:
    existing = {"cluster_name": "acme", "gpu_types": ["L4"]}
    shapes = [
        values(make(**EXISTING | {"cluster": cluster})[1], "anyscale-operator")["workloads"]["instanceTypes"][
            "additional"
        ]
        for cluster in (existing, {"cluster_name": "acme"})
    ]
    assert [list(each) for each in shapes] == [["8CPU-32GB-1xL4"], []]


def test_an_existing_cluster_gets_the_device_plugin(make: Make) -> None:
    assert "nvidia-device-plugin" in make(**EXISTING)[1]["resource"]["helm_release"]
