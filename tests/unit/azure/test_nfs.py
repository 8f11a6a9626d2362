"""Shared files on AKS: a Premium storage account that the nodes' subnet reaches, with an NFS share."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import AksStack
from tests.unit.clouds import Make, maker
from tests.unit.test_aks import CLUSTER, CONTAINER, VNET, config


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(AksStack, config, tmp_path)


def test_without_nfs_there_is_no_share_and_the_subnet_is_unchanged(make: Make) -> None:
    stack, _ = make()
    assert list(stack["resource"]["azurerm_storage_account"]) == ["this"]
    assert "azurerm_storage_share" not in stack["resource"]
    assert "service_endpoints" not in stack["resource"]["azurerm_subnet"]["nodes"]


def test_only_the_nodes_subnet_reaches_the_share(make: Make) -> None:
    stack, _ = make(nfs={"name": "acmenfs", "capacity_gb": 500})
    resources = stack["resource"]
    account, share = resources["azurerm_storage_account"]["nfs"], resources["azurerm_storage_share"]["nfs"]
    assert (account["account_kind"], account["account_tier"]) == ("FileStorage", "Premium")
    assert account["https_traffic_only_enabled"] is False
    assert account["shared_access_key_enabled"] is False
    assert account["network_rules"] == {
        "default_action": "Deny",
        "bypass": ["AzureServices"],
        "virtual_network_subnet_ids": ["${azurerm_subnet.nodes.id}"],
    }
    assert resources["azurerm_subnet"]["nodes"]["service_endpoints"] == ["Microsoft.Storage"]
    assert (share["enabled_protocol"], share["quota"]) == ("NFS", 500)
    files = stack["output"]["anyscale_cloud_resource"]["value"]["file_storage"]
    assert files == {
        "mount_targets": [{"address": "acmenfs.file.core.windows.net"}],
        "mount_path": "/acmenfs/anyscale",
    }


def test_an_existing_subnet_reaches_it_too(make: Make) -> None:
    stack, _ = make(nfs={}, vnet=VNET)
    rules = stack["resource"]["azurerm_storage_account"]["nfs"]["network_rules"]
    assert rules["virtual_network_subnet_ids"] == [VNET["subnet_id"]]


def test_the_shares_account_differs_from_the_buckets(make: Make) -> None:
    accounts = make(nfs={})[0]["resource"]["azurerm_storage_account"]
    assert accounts["nfs"]["name"] != accounts["this"]["name"]


@pytest.mark.parametrize("force_destroy", [False, True])
def test_files_are_kept_by_default(force_destroy: bool, make: Make) -> None:
    resources = make(nfs={"force_destroy": force_destroy})[0]["resource"]
    kept = [resources[kind]["nfs"]["lifecycle"] for kind in ("azurerm_storage_account", "azurerm_storage_share")]
    assert kept == [{"prevent_destroy": not force_destroy}] * 2


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"cluster": CLUSTER, "bucket": CONTAINER}, "existing cluster's subnet is not known"),
        ({"file_storage": {"persistent_volume_claim": "shared"}}, "cannot be combined with nfs"),
        ({"nfs": {"capacity_gb": 99}}, "greater than or equal to 100|at least 100"),
    ],
)
def test_fails_if_the_share_cannot_be_created(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        config(**{"nfs": {}, **keys})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, {}),
        ("azure", {"network_policy": "azure"}),
        ("calico", {"network_policy": "calico"}),
        ("cilium", {"network_policy": "cilium", "network_data_plane": "cilium"}),
    ],
)
def test_network_policies_are_enforced_by_the_configured_engine(
    policy: str | None, expected: dict[str, str], make: Make
) -> None:
    profile = make(cluster={"network_policy": policy})[0]["resource"]["azurerm_kubernetes_cluster"]["this"]
    found = {key: value for key, value in profile["network_profile"].items() if key in expected or "policy" in key}
    assert found == expected
