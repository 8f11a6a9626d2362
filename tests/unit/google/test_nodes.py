"""The node pools of a GKE cluster."""

from typing import Any

import pytest

from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.google import Gke
from anyscale_constructs.google.nodes import NodesConfig, node_pool_labels, node_pool_taints, node_pools
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.google.parts import NETWORK, PROJECT
from tests.unit.terraform.parts import warnings

H100 = {
    "machine_type": "a3-highgpu-8g",
    "gpu_type": "H100",
    "gpu_count": 8,
    "capacity_types": ["ON_DEMAND"],
    "zones": ["us-central1-a"],
}
NO_GPU = {"gpu_type": None, "gpu_count": None}


def made(**group: Any) -> dict[str, Any]:
    """The node pool of the group `a`, on-demand."""
    nodes = NodesConfig(groups={"a": H100 | group})  # type: ignore[dict-item] # as YAML has it
    return next(pool for pool in node_pools(nodes) if pool["name"] == "ondemand-a")


def test_a_group_has_its_gpus_and_the_disks_that_come_with_the_machine() -> None:
    assert made(min_size=1, max_size=3, disk_size_gb=1000, disk_type="pd-ssd") == {
        "name": "ondemand-a",
        "machine_type": "a3-highgpu-8g",
        "disk_size_gb": 1000,
        "disk_type": "pd-ssd",
        "initial_node_count": 0,
        "total_min_count": 1,
        "total_max_count": 3,
        "location_policy": "ANY",
        "spot": False,
        "accelerator_type": "nvidia-h100-80gb",
        "accelerator_count": 8,
        "gpu_driver_version": "LATEST",
        "local_ssd_ephemeral_storage_count": 16,
        "node_locations": "us-central1-a",
    }


def test_gpus_are_attached_to_machines_without_built_in_gpus() -> None:
    pool = made(machine_type="n1-standard-32", gpu_type="T4", gpu_count=4, local_ssd_count=2, zones=[])
    assert (pool["accelerator_type"], pool["accelerator_count"]) == ("nvidia-tesla-t4", 4)
    assert pool["local_ssd_ephemeral_storage_count"] == 2
    assert "node_locations" not in pool
    assert "accelerator_type" not in made(machine_type="n1-standard-32", **NO_GPU)


@pytest.mark.parametrize(
    ("machine_type", "disk_type"),
    [
        *(
            (name, "hyperdisk-balanced")
            for name in ("n4-standard-16", "c4-highmem-8", "c4d-standard-8", "m4-ultramem-56")
        ),
        *((name, "pd-balanced") for name in ("n2-standard-16", "c3-standard-8", "z3-highmem-88", "n2d-standard-8")),
    ],
)
def test_machines_without_persistent_disks_have_a_hyperdisk(machine_type: str, disk_type: str) -> None:
    assert made(machine_type=machine_type, **NO_GPU)["disk_type"] == disk_type
    default, *_ = node_pools(NodesConfig(default_machine_type=machine_type))
    assert default["disk_type"] == disk_type
    assert made(machine_type=expr("var.later", "string"), **NO_GPU)["disk_type"] == "pd-balanced"


def test_an_rtx_pro_6000_is_what_the_operators_chart_selects() -> None:
    pools = {pool["name"]: pool for pool in node_pools(NodesConfig(gpu_types=["RTX-PRO-6000"]))}
    pool = pools["spot-gpu-rtx-pro-6000"]
    assert (pool["machine_type"], pool["accelerator_type"]) == ("g4-standard-48", "nvidia-rtx-pro-6000")
    assert pool["disk_type"] == "hyperdisk-balanced"


@pytest.mark.parametrize(
    ("reservation", "affinity"),
    [
        (
            {"name": "projects/acme-ml/reservations/h100"},
            {
                "consume_reservation_type": "SPECIFIC_RESERVATION",
                "reservation_affinity_key": "compute.googleapis.com/reservation-name",
                "reservation_affinity_values": "projects/acme-ml/reservations/h100",
            },
        ),
        ({"consume_reservation_type": "NO_RESERVATION"}, {"consume_reservation_type": "NO_RESERVATION"}),
    ],
)
def test_a_group_is_in_a_reservation(reservation: dict[str, str], affinity: dict[str, str]) -> None:
    pool = made(capacity_reservation=reservation)
    assert {key: value for key, value in pool.items() if "reservation" in key} == affinity


def test_spot_nodes_can_ignore_reservations() -> None:
    pool = made(
        capacity_types=["SPOT", "ON_DEMAND"], capacity_reservation={"consume_reservation_type": "NO_RESERVATION"}
    )
    assert pool["consume_reservation_type"] == "NO_RESERVATION"


def test_groups_with_all_keys_pass_the_guards(stack: CloudStack) -> None:
    labels = {"labels": {"example.com/team": "ml"}, "taints": [{"key": "example.com/team"}]}
    group = H100 | labels | {"capacity_reservation": {"name": "h100"}}
    nodes = NodesConfig(groups={"a" * 31: group}, max_size=3)  # type: ignore[dict-item] # as YAML has it
    gke = Gke(
        stack,
        project=PROJECT,
        vpc=NETWORK.model_copy(update={"pods_range_name": "pods", "services_range_name": "services"}),
        name="acme",
        region="us-central1",
        service_account="nodes@acme-ml.iam.gserviceaccount.com",
        node_pools=node_pools(nodes),
        node_pools_taints=node_pool_taints(nodes),
        node_pools_labels=node_pool_labels(nodes),
    )
    assert not warnings(gke)


@pytest.mark.parametrize(
    ("keys", "says", "rule"),
    [
        (
            {"capacity_reservation": {"name": "h100"}, "zones": []},
            r"capacity_reservation: requires a single zone; got \[\]. Fix: set zones to the reservation's zone",
            "node-group-zone",
        ),
        (
            {"gpu_count": 4},
            "gpu_count: is not the number of GPUs of a3-highgpu-8g; got 4; expected 8",
            "node-group-gpu",
        ),
        (
            {"capacity_reservation": {}},
            "capacity_reservation.name: is required with consume_reservation_type SPECIFIC_RESERVATION",
            "conflicting-keys",
        ),
        (
            {"capacity_reservation": {"consume_reservation_type": "ANY_RESERVATION", "name": "h100"}},
            "capacity_reservation.name: has no effect with consume_reservation_type ANY_RESERVATION",
            "conflicting-keys",
        ),
        ({"machine_type": "a2-highgpu-8g", **NO_GPU}, "a2-highgpu-8g has GPUs, but gpu_type", "node-group-gpu"),
        ({"machine_type": "c3-standard-8"}, "c3-standard-8 has no H100", "node-group-gpu"),
        ({"zones": ["us-central1-a", "us-central1-a"]}, "zones: must not have duplicate zones", "invalid-value"),
    ],
)
def test_fails_on_what_google_rejects(keys: dict[str, Any], says: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        made(**keys)
    assert rule in {finding.rule.id for finding in refused.value.findings if finding.rule}
