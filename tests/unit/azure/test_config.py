"""The sections of an Azure cloud's configuration."""

import re
from typing import Any

import pytest

from anyscale_constructs.azure.aks import ClusterConfig
from anyscale_constructs.azure.vnet import VnetConfig
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr


@pytest.mark.parametrize(
    ("model", "keys", "says"),
    [
        (
            VnetConfig,
            {"cidr_block": "10.0.0.0/30"},
            "cidr_block: is too small for the nodes' subnet; got '10.0.0.0/30'; expected a /29 or larger",
        ),
        (
            VnetConfig,
            {"subnet_cidr_block": "10.0.0.0/30"},
            "subnet_cidr_block: is too small for the nodes' subnet; got",
        ),
        (
            ClusterConfig,
            {"pod_cidr": "10.244.0.0/25"},
            "pod_cidr: is too small; got '10.244.0.0/25'; expected a /24 or larger",
        ),
        (ClusterConfig, {"service_cidr": "10.245.0.0/29"}, "service_cidr: is too small; got '10.245.0.0/29'"),
        (
            ClusterConfig,
            {"service_cidr": "192.160.0.0/11"},
            "service_cidr: is too large; got '192.160.0.0/11'; expected a /12 or smaller",
        ),
        *(
            (ClusterConfig, {key: cidr}, f"{key}: is in a range that AKS reserves; got '{cidr}'")
            for key in ("pod_cidr", "service_cidr")
            for cidr in ("169.254.0.0/16", "172.30.64.0/20", "172.31.0.0/16", "192.0.2.0/24")
        ),
    ],
)
def test_fails_on_ranges_that_azure_refuses(model: Any, keys: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        model(**keys)


@pytest.mark.parametrize(
    "wrong",
    [
        "10.0.0.0/8",
        "172.31.0.0/16",
        "192.168.1.0/24",
        "100.64.0.0/10",
        "169.254.1.1/32",
        "203.0.113.7",
        "203.0.113.7/24",
    ],
)
def test_fails_on_private_ranges_for_a_public_api(wrong: str) -> None:
    says = f"1: must be a public IPv4 network .* such as .*; got '{wrong}'"
    with pytest.raises(ConfigError, match=says):
        ClusterConfig(authorized_ip_ranges=["203.0.113.0/24", wrong])


def test_similar_configurations_are_valid() -> None:
    ranges = ["0.0.0.0/0", "11.0.0.0/8", "172.32.0.0/16", "100.128.0.0/16", expr("var.later", "string")]
    assert ClusterConfig(authorized_ip_ranges=ranges).authorized_ip_ranges == ranges
    ClusterConfig(pod_cidr="10.244.0.0/24", service_cidr="10.245.0.0/28")
    ClusterConfig(pod_cidr=expr("var.later", "string"))
    ClusterConfig(pod_cidr="172.29.0.0/16", service_cidr="10.240.0.0/12")
    assert VnetConfig(cidr_block="10.0.0.0/29").nodes_cidr_block == "10.0.0.0/29"
    assert VnetConfig(subnet_cidr_block="10.0.1.0/24").nodes_cidr_block == "10.0.1.0/24"
