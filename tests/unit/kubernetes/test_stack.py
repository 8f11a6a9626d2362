"""The common part of the second stacks of Kubernetes clouds, tested with EKS."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import EksConfig, EksStack
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.testing import SynthesizedCloud
from tests.unit.clouds import Make, maker, values
from tests.unit.terraform.parts import warnings


def config(**config: Any) -> EksConfig:
    return EksConfig.model_validate({"region": "us-east-2", "org_id": "org_1"} | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(EksStack, config, tmp_path)


def test_the_second_stack_can_be_planned_before_the_first_apply(cloud: SynthesizedCloud) -> None:
    """Providers are configured from data sources and literal names, without counts."""
    for stack in cloud.stacks[1:]:
        configuration = stack.terraform
        text = json.dumps(configuration["provider"])
        looked_up = set(re.findall(r"\bdata\.(\w+)\.([\w-]+)", text))
        for kind, name in looked_up:
            found = {key: value for key, value in configuration["data"][kind][name].items() if key != "lifecycle"}
            assert "depends_on" not in found
            assert "${" not in json.dumps(found)
        resources = {f"{kind}.{name}" for kind, named in configuration["resource"].items() for name in named}
        assert not [address for address in resources if re.search(rf"(?<!data\.){re.escape(address)}\b", text)]
        assert not re.search(r'"(count|for_each)":', json.dumps(configuration))
        assert looked_up or cloud.name.startswith("generic")  # its cluster is in the kubeconfig


def test_the_second_stack_requires_a_cloud_resource_id(make: Make) -> None:
    _, operator = make()
    variable = operator["variable"]["cloud_resource_id"]
    assert variable["nullable"] is False
    assert variable["validation"][0]["condition"] == '${can(regex("^cldrsrc_[A-Za-z0-9]+$", var.cloud_resource_id))}'
    assert values(operator, "anyscale-operator")["global"] == {
        "cloudDeploymentId": "${var.cloud_resource_id}",
        "cloudProvider": "aws",
        "aws": {"region": "us-east-2"},
    }


def test_the_operator_gets_the_gateways_address(make: Make) -> None:
    _, operator = make()
    release = operator["resource"]["helm_release"]
    assert operator["data"]["kubernetes_service_v1"]["gateway"]["depends_on"] == ["helm_release.anyscale-gateway"]
    assert release["anyscale-gateway"]["depends_on"] == ["helm_release.envoy-gateway"]
    assert values(operator, "anyscale-operator")["networking"]["gateway"]["hostname"] == (
        "${data.kubernetes_service_v1.gateway.status[0].load_balancer[0].ingress[0].hostname}"
    )


def test_the_gateways_chart_is_next_to_the_stack(make: Make, tmp_path: Path) -> None:
    _, operator = make()
    chart = operator["resource"]["helm_release"]["anyscale-gateway"]["chart"]
    folder = tmp_path / "stacks" / "ml-operator" / chart
    assert {file.name for file in folder.rglob("*.yaml")} == {
        "Chart.yaml",
        "values.yaml",
        "gateway.yaml",
        "policies.yaml",
        "proxies.yaml",
        "service.yaml",
    }


@pytest.mark.parametrize(
    ("gateway", "domain", "label"),
    [
        ({}, "anyscaleuserdata.com", None),
        ({"domain": "azure.anyscaleuserdata.com"}, "azure.anyscaleuserdata.com", None),
        ({"per_cloud_domain_label": "acme"}, "anyscaleuserdata.com", "acme"),
        (
            {"per_cloud_domain_label": expr("var.cloud_resource_id", "string")},
            "anyscaleuserdata.com",
            "${var.cloud_resource_id}",
        ),
    ],
)
def test_the_gateway_has_the_clouds_domain(gateway: dict[str, Any], domain: str, label: str | None, make: Make) -> None:
    _, operator = make(releases={"gateway": gateway})
    given = values(operator, "anyscale-gateway")
    assert (given["domain"], given["perCloudDomainLabel"]) == (domain, label)


def test_without_a_gateway_the_operator_creates_ingresses(make: Make) -> None:
    _, operator = make(releases={"gateway": {"enabled": False}})
    assert "networking" not in values(operator, "anyscale-operator")
    assert "kubernetes_service_v1" not in operator["data"]


@pytest.mark.parametrize(
    ("keys", "warns"),
    [
        ({}, True),
        ({"networking_mode": "PRIVATE"}, False),
        ({"releases": {"gateway": {"ingress_cidr_blocks": ["203.0.113.0/24"]}}}, False),
        ({"releases": {"gateway": {"enabled": False}}}, False),
    ],
)
def test_warns_of_a_load_balancer_for_the_whole_internet(keys: dict[str, Any], warns: bool, tmp_path: Path) -> None:
    _, operator = EksStack.build(App(tmp_path), "ml", config(**keys))
    assert any("the whole internet can reach the load balancer" in text for text in warnings(operator)) == warns


@pytest.mark.parametrize(
    ("mode", "cidrs", "warns"),
    [
        ("PUBLIC", ["203.0.113.0/24", "10.0.0.0/8", "100.64.0.0/16"], "['10.0.0.0/8', '100.64.0.0/16']"),
        ("PUBLIC", ["203.0.113.0/24", "0.0.0.0/0", "172.0.0.0/8"], ""),
        ("PRIVATE", ["203.0.113.0/24", "10.1.0.0/16"], "['203.0.113.0/24']"),
        ("PRIVATE", ["10.1.0.0/16", "0.0.0.0/0", "172.0.0.0/8"], ""),
        ("PRIVATE", [], ""),
        ("PUBLIC", [expr("var.later", "string")], ""),
    ],
)
def test_warns_of_ranges_without_clients(mode: str, cidrs: list[str], warns: str, tmp_path: Path) -> None:
    keys: dict[str, Any] = {"networking_mode": mode, "releases": {"gateway": {"ingress_cidr_blocks": cidrs}}}
    _, operator = EksStack.build(App(tmp_path), "ml", config(**keys))
    nobodys = [text for text in warnings(operator) if "from which no client can reach the load balancer" in text]
    assert [f"while networking_mode is {mode}; got {warns}. " in text for text in nobodys] == [True] * bool(warns)


def test_with_registration_by_terraform_one_deploy_creates_both(make: Make, tmp_path: Path) -> None:
    stack, operator = make(registration="terraform")
    resource = stack["resource"]["anyscale_cloud_resource"]["cloud_resource"]
    assert resource["compute_stack"] == "K8S"
    assert {"module.eks", "aws_iam_role_policy.operator", "aws_eks_pod_identity_association.operator"} <= set(
        resource["depends_on"]
    )
    assert stack["output"]["anyscale_cloud_resource_id"]["value"] == (
        "${anyscale_cloud_resource.cloud_resource.cloud_resource_id}"
    )
    assert "variable" not in operator
    state = {name: value for name, value in operator["data"]["terraform_remote_state"]["cloud"].items() if name != "//"}
    assert state == {"backend": "local", "config": {"path": "../../../terraform.ml.tfstate"}}
    assert values(operator, "anyscale-operator")["global"]["cloudDeploymentId"] == (
        "${data.terraform_remote_state.cloud.outputs.anyscale_cloud_resource_id}"
    )
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["stacks"]["ml-operator"]["dependencies"] == ["ml"]


def test_fails_on_a_cloud_with_the_name_of_anothers_second_stack(tmp_path: Path) -> None:
    app = App(tmp_path)
    EksStack.build(app, "ml", config())
    with pytest.raises(SynthesisError, match="another stack is named ml-operator"):
        CloudStack(app, "ml-operator")
