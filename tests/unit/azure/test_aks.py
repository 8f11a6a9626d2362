"""The Kubernetes cluster."""

import json
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.azure import add_cluster
from anyscale_constructs.azure.aks import ClusterConfig
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.terraform.parts import warnings

PRINCIPAL = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
SUBNET = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/network/providers/Microsoft.Network"
    "/virtualNetworks/shared/subnets/nodes"
)
UDR: dict[str, Any] = {"outbound_type": "userDefinedRouting"}
NAT: dict[str, Any] = {"outbound_type": "userAssignedNATGateway"}
OPEN = "lets the whole internet, or a large part of it, reach the cluster API; got"
RANGES: dict[str, Any] = {"authorized_ip_ranges": ["203.0.113.0/24"]}


def cluster(folder: Path, name: str = "ml", **keys: Any) -> Resource:
    stack = CloudStack(App(folder), "ml")
    place = {"location": "eastus2", "resource_group_name": "ml"}
    return add_cluster(stack, ClusterConfig(**keys), name=name, **place, subnet_id=SUBNET, tags={})


def resources(made: Resource) -> Any:
    """Returns the JSON of the cluster's stack."""
    app = made.node.root
    assert isinstance(app, App)
    app.synth()
    return json.loads((Path(app.outdir) / "stacks" / "ml" / "cdk.tf.json").read_text())["resource"]


def test_the_api_is_private_unless_ranges_are_set(tmp_path: Path) -> None:
    made = resources(cluster(tmp_path))["azurerm_kubernetes_cluster"]["this"]
    assert made["private_cluster_enabled"] is True
    assert "api_server_access_profile" not in made


def test_the_api_is_open_to_the_configured_ranges(tmp_path: Path) -> None:
    made = resources(cluster(tmp_path, **RANGES))["azurerm_kubernetes_cluster"]["this"]
    assert made["private_cluster_enabled"] is False
    assert made["api_server_access_profile"] == RANGES


def test_a_dns_prefix_is_short_and_ends_with_a_letter_or_digit(tmp_path: Path) -> None:
    made = resources(cluster(tmp_path, "m_" * 27 + "-cluster"))["azurerm_kubernetes_cluster"]["this"]
    assert made["dns_prefix"] == "m-" * 26 + "m"


def test_the_identity_that_applied_first_stays_administrator(tmp_path: Path) -> None:
    administrator = resources(cluster(tmp_path))["azurerm_role_assignment"]["administrator"]
    assert administrator["principal_id"] == "${data.azurerm_client_config.this.object_id}"
    assert administrator["lifecycle"] == {"ignore_changes": ["principal_id"]}


def test_configured_administrators_are_the_only_ones(tmp_path: Path) -> None:
    assignments = resources(cluster(tmp_path, administrator_ids=[PRINCIPAL]))["azurerm_role_assignment"]
    assert "administrator" not in assignments
    assert assignments[f"administrator_{PRINCIPAL}"]["principal_id"] == PRINCIPAL
    assert "lifecycle" not in assignments[f"administrator_{PRINCIPAL}"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, []),
        (RANGES, []),
        (UDR, []),
        (
            {"authorized_ip_ranges": ["0.0.0.0/0"]},
            [f"authorized_ip_ranges {OPEN} ['0.0.0.0/0']"],
        ),
        (
            {"authorized_ip_ranges": ["0.0.0.0/1", "203.0.113.0/24", "128.0.0.0/1"]},
            [f"authorized_ip_ranges {OPEN} ['0.0.0.0/1', '128.0.0.0/1']"],
        ),
        (
            {"authorized_ip_ranges": ["17.0.0.0/8", "19.0.0.0/8"]},
            [f"authorized_ip_ranges {OPEN} ['17.0.0.0/8', '19.0.0.0/8']"],
        ),
        ({"authorized_ip_ranges": ["17.0.0.0/8", expr("var.later", "string")]}, []),
        (NAT | {"authorized_ip_ranges": ["0.0.0.0/0"]}, ["authorized_ip_ranges lets the whole internet"]),
        (
            UDR | RANGES,
            ["outbound_type is userDefinedRouting, so nodes cannot join unless authorized_ip_ranges includes the pub"],
        ),
        (NAT | RANGES, ["outbound_type is userAssignedNATGateway, so nodes cannot join"]),
        (UDR | {"authorized_ip_ranges": ["203.0.113.0/24", "198.51.100.7/32"]}, []),  # may be the firewall's address
        ({"pod_cidr": "10.244.0.0/18"}, []),
        (
            {"pod_cidr": "10.244.0.0/19"},
            ["pod_cidr has room for the pods of 32 nodes, but the node pools may have 50 in all; got '10.244.0.0/19'"],
        ),
        ({"pod_cidr": expr("var.later", "string")}, []),
    ],
)
def test_warns_of_what_is_too_open_or_too_narrow(keys: dict[str, Any], says: list[str], tmp_path: Path) -> None:
    told = warnings(cluster(tmp_path, **keys))
    assert [text[: len(start)] for text, start in zip(told, says, strict=True)] == says
