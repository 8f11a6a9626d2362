"""The node pools of an AKS cluster."""

import re

import pytest

from anyscale_constructs.azure.nodes import GPUS, NodesConfig, default_node_pool, node_pools
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr

SPOT = "kubernetes.azure.com/scalesetpriority"


def test_workloads_have_a_pair_of_node_pools_for_cpus_and_for_each_gpu() -> None:
    pools = node_pools(NodesConfig(gpu_types=["T4", "H100"]))
    assert list(pools) == ["cpu", "cpuspot", "h100", "h100spot", "t4", "t4spot"]
    assert pools["h100spot"] == {
        "name": "h100spot",
        "vm_size": "Standard_ND96isr_H100_v5",
        "mode": "User",
        "auto_scaling_enabled": True,
        "min_count": 0,
        "max_count": 10,
        "os_disk_size_gb": 500,
        "priority": "Spot",
        "eviction_policy": "Delete",
        "spot_max_price": -1,
        "node_labels": {"nvidia.com/gpu.product": "NVIDIA-H100", "nvidia.com/gpu.count": "8", SPOT: "spot"},
        "node_taints": [
            "node.anyscale.com/capacity-type=SPOT:NoSchedule",
            "node.anyscale.com/accelerator-type=GPU:NoSchedule",
            "nvidia.com/gpu=present:NoSchedule",
            f"{SPOT}=spot:NoSchedule",
        ],
        "temporary_name_for_rotation": "h100spottmp",
    }
    assert pools["cpu"]["node_taints"] == ["node.anyscale.com/capacity-type=ON_DEMAND:NoSchedule"]
    assert "priority" not in pools["cpu"]


def test_all_pools_have_names_that_aks_accepts() -> None:
    nodes = NodesConfig(gpu_types=list(GPUS))  # type: ignore[arg-type] # all of them
    for pool in [default_node_pool(nodes), *node_pools(nodes).values()]:
        for name in ("name", "temporary_name_for_rotation"):
            assert re.fullmatch(r"[a-z][a-z0-9]{0,11}", pool[name])


def test_all_pools_together_have_as_many_nodes_as_each_may_have() -> None:
    nodes = NodesConfig(gpu_types=["T4", "H100"], max_count=20)
    pools = [default_node_pool(nodes), *node_pools(nodes).values()]
    assert nodes.most == sum(pool["max_count"] for pool in pools) == 140


@pytest.mark.parametrize(
    "name",
    [
        *("Standard_D16s_v5", "Standard_DS3_v2_Promo", "Standard_A4_v2", "Standard_F8", "Standard_E32-8s_v5"),
        *("Standard_NC24ads_A100_v4", "Standard_NP10s", "Standard_HB120-16rs_v3", "Standard_DC8eds_v5"),
    ],
)
def test_machines_have_x86_processors(name: str) -> None:
    later = expr("var.later", "string")
    nodes = NodesConfig(default_vm_size=later, cpu_vm_size=name)
    assert (nodes.default_vm_size, nodes.cpu_vm_size) == (later, name)


@pytest.mark.parametrize(
    "name",
    ["Standard_D16ps_v5", "Standard_D16pds_v6", "Standard_D16plds_v5", "Standard_E8ps_v6", "Standard_B2pts_v2", "D16s"],
)
def test_fails_on_machines_that_the_image_is_not_for(name: str) -> None:
    with pytest.raises(ConfigError, match="a virtual machine size with x86 processors"):
        NodesConfig(default_vm_size=name)
