"""The node pools of an AKS cluster."""

import re

from anyscale_constructs.azure.nodes import GPUS, NodesConfig, default_node_pool, node_pools

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
