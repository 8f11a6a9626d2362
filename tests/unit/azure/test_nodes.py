"""The node pools of an AKS cluster."""

import re
from typing import Any

import pytest

from anyscale_constructs.azure.nodes import GPUS, NodesConfig, default_node_pool, node_pools
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr

SPOT = "kubernetes.azure.com/scalesetpriority"


def test_workloads_have_a_pair_of_node_pools_for_cpus_and_for_each_gpu() -> None:
    pools = node_pools(NodesConfig(gpu_types=["T4", "H100"]))
    assert list(pools) == ["cpu", "cpuspot", "h100", "h100spot", "t4", "t4spot"]
    assert {key: value for key, value in pools["h100spot"].items() if value is not None} == {
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
def test_fails_on_machines_that_the_image_does_not_support(name: str) -> None:
    with pytest.raises(ConfigError, match="a virtual machine size with x86 processors"):
        NodesConfig(default_vm_size=name)


RESERVATIONS = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/capacity/providers/Microsoft.Compute"
    "/capacityReservationGroups/{}"
)
H100 = {"vm_size": "Standard_ND96isr_H100_v5", "gpu_type": "H100", "gpu_count": 8, "capacity_types": ["ON_DEMAND"]}


def made(**group: Any) -> dict[str, Any]:
    """The node pool of the group `train`, on-demand."""
    return node_pools(NodesConfig(groups={"train": H100 | group}))["train"]  # type: ignore[dict-item] # as YAML has it


def test_a_group_has_zones_a_disk_and_reserved_capacity() -> None:
    group_id = RESERVATIONS.format("h100")
    pool = made(zones=["1"], disk_size_gb=1000, disk_type="Ephemeral", capacity_reservation={"group_id": group_id})
    assert (pool["zones"], pool["capacity_reservation_group_id"]) == (["1"], group_id)
    assert (pool["os_disk_size_gb"], pool["os_disk_type"]) == (1000, "Ephemeral")
    plain = made()
    assert plain["os_disk_size_gb"] == 500
    assert {plain[key] for key in ("os_disk_type", "capacity_reservation_group_id")} == {None}
    assert plain["zones"] is None


def test_groups_have_names_that_aks_accepts() -> None:
    nodes = NodesConfig(groups={"reserved": {"vm_size": "Standard_E16s_v5"}})  # type: ignore[dict-item] # as YAML has it
    names = [pool[key] for pool in node_pools(nodes).values() for key in ("name", "temporary_name_for_rotation")]
    assert "reservedspot" in names
    assert len({*names}) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9]{0,11}", name) for name in names)


def test_the_limits_of_all_pools_are_added() -> None:
    limits = {"cpu_limits": {"capacity_types": ["SPOT"], "max_size": 3}, "gpu_types": []}
    group = H100 | {"max_size": 2}
    assert NodesConfig(groups={"train": group}, **limits).most == 10 + 3 + 2  # type: ignore[arg-type,dict-item] # as YAML has it
    later = expr("var.later", "number")
    assert NodesConfig(groups={"train": group | {"max_size": later}}).most is None  # type: ignore[dict-item] # as YAML has it


@pytest.mark.parametrize("name", ["default", "t4spot", "cputmp"])
def test_fails_on_names_of_other_pools(name: str) -> None:
    with pytest.raises(ConfigError, match=r"which exists already|must be a node group's name"):
        NodesConfig(groups={name: H100})  # type: ignore[dict-item] # as YAML has it


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"capacity_reservation": {"group_id": "h100"}}, "must be a capacity reservation group's resource ID"),
        ({"zones": ["4"]}, "must be an availability zone's number"),
        ({"zones": [1]}, "put it in quotes"),
        ({"disk_size_gb": 20}, "greater than or equal to 30"),
    ],
)
def test_fails_on_what_azure_refuses(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        made(**keys)


@pytest.mark.parametrize(
    ("vm_size", "has"),
    [
        *((name, True) for name in ("Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", "Standard_ND96isr_H200_v5")),
        *((name, False) for name in ("Standard_NV32as_v4", "Standard_ND96isr_MI300X_v5", "Standard_NP10s")),
    ],
)
def test_machines_with_gpus_of_nvidia_are_known(vm_size: str, has: bool) -> None:
    with pytest.raises(ConfigError, match=f"{vm_size} has {'GPUs' if has else 'no H100'}"):
        made(vm_size=vm_size, **({"gpu_type": None, "gpu_count": None} if has else {}))
