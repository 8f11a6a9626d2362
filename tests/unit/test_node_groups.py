"""Node groups have the same words on all kinds of clusters, and the operator knows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from anyscale_constructs.anyscale import node_taints
from anyscale_constructs.aws import nodes as aws
from anyscale_constructs.azure import nodes as azure
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.google import nodes as google
from anyscale_constructs.kubernetes import operator_values

LATER = expr("var.later", "number")
CLOUD: Any = {"cloudDeploymentId": "cldrsrc_1", "cloudProvider": "aws", "aws": {"region": "us-east-2"}}
ON_DEMAND = {"capacity_types": ["ON_DEMAND"]}


Made = Mapping[str, tuple[Any, Any, dict[str, str], set[tuple[str, str, str]]]]
"""The smallest and the largest number of nodes, the labels and the taints of each group, by its name."""


def of_eks(nodes: Any) -> Made:
    groups: Any = aws.node_groups(nodes, {})
    return {
        name: (
            group["min_size"],
            group["max_size"],
            group.get("labels", {}),
            {(taint["key"], taint["value"], effect(taint)) for taint in group.get("taints", {}).values()},
        )
        for name, group in groups.items()
    }


def of_gke(nodes: Any) -> Made:
    labels, taints = google.node_pool_labels(nodes), google.node_pool_taints(nodes)
    return {
        pool["name"]: (
            pool["total_min_count"],
            pool["total_max_count"],
            labels.get(pool["name"], {}),
            {(str(taint["key"]), str(taint["value"]), effect(taint)) for taint in taints.get(pool["name"], [])},
        )
        for pool in google.node_pools(nodes)
    }


def of_aks(nodes: Any) -> Made:
    def parts(taint: str) -> tuple[str, str, str]:
        key, _, rest = taint.partition("=")
        value, _, effect = rest.partition(":")
        return key, value, effect

    return {
        name: (pool["min_count"], pool["max_count"], pool["node_labels"] or {}, set(map(parts, pool["node_taints"])))
        for name, pool in azure.node_pools(nodes).items()
    }


def effect(taint: Mapping[str, Any]) -> str:
    """What Kubernetes calls the effect."""
    return str(taint["effect"]).title().replace("_", "")


@dataclass(frozen=True)
class Kind:
    """A kind of cluster.

    Args:
        nodes: The model of all its nodes.
        cpu: The keys of a group without GPUs.
        gpu: Those of one with a GPU.
        unknown: Those of one with a GPU that the operator's chart does not know.
        product: The labels that nodes with the GPU are given.
        names: The names in the provider of a group `a`, on-demand and spot.
        clashing: The keys of all nodes whose name already exists.
        reservation: A reservation.
        made: What the provider is given.
    """

    nodes: Any
    cpu: dict[str, Any]
    gpu: dict[str, Any]
    unknown: dict[str, Any]
    product: dict[str, str]
    names: tuple[str, str]
    clashing: dict[str, Any]
    reservation: dict[str, Any]
    made: Callable[[Any], Made]


EKS = Kind(
    aws.NodesConfig,
    {"instance_types": ["r6i.16xlarge"]},
    {"instance_types": ["g6.12xlarge"], "gpu_type": "L4", "gpu_count": 4},
    {"instance_types": ["p5en.48xlarge"], "gpu_type": "H200", "gpu_count": 8},
    {"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.count": "4", "k8s.amazonaws.com/accelerator": "nvidia-l4"},
    ("ondemand_a", "spot_a"),
    {"gpu_types": ["L4"], "groups": {"gpu_l4": {"instance_types": ["m5.large"]}}},
    {"capacity_reservation": {"id": "cr-0123456789abcdef0"}, "zones": ["us-east-2a"]},
    of_eks,
)
GKE = Kind(
    google.NodesConfig,
    {"machine_type": "n2-highmem-16"},
    {"machine_type": "g2-standard-48", "gpu_type": "L4", "gpu_count": 4},
    {"machine_type": "a3-ultragpu-8g", "gpu_type": "H200", "gpu_count": 8},
    {},
    ("ondemand-a", "spot-a"),
    {"gpu_types": ["L4"], "groups": {"gpu-l4": {"machine_type": "n2-highmem-16"}}},
    {"capacity_reservation": {"name": "h100"}, "zones": ["us-central1-a"]},
    of_gke,
)
AKS = Kind(
    azure.NodesConfig,
    {"vm_size": "Standard_E16s_v5"},
    {"vm_size": "Standard_NC96ads_A100_v4", "gpu_type": "A100", "gpu_count": 4},
    {"vm_size": "Standard_ND96isr_H200_v5", "gpu_type": "H200", "gpu_count": 8},
    {"nvidia.com/gpu.product": "NVIDIA-A100", "nvidia.com/gpu.count": "4"},
    ("a", "aspot"),
    {"gpu_types": ["A10"], "groups": {"a10": {"vm_size": "Standard_E16s_v5"}}},
    {
        "capacity_reservation": {
            "group_id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/capacity/providers"
            "/Microsoft.Compute/capacityReservationGroups/h100"
        }
    },
    of_aks,
)
KINDS = {"eks": EKS, "gke": GKE, "aks": AKS}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def nodes(kind: Kind, *keys: dict[str, Any]) -> Any:
    """All nodes, with a group `a` of these keys."""
    return kind.nodes(groups={"a": {key: value for each in keys for key, value in each.items()}})


def values(kind: Kind, *keys: dict[str, Any]) -> Any:
    return operator_values(CLOUD, {}, None, groups=nodes(kind, *keys).groups)["workloads"]


def types(kind: Kind, *keys: dict[str, Any]) -> Any:
    """The operator's instance types for a group `a`."""
    return values(kind, *keys)["instanceTypes"]["additional"]


def test_a_group_is_a_pair_with_the_taints_that_the_operator_tolerates(kind: Kind) -> None:
    made = kind.made(nodes(kind, kind.gpu))
    for name, market in zip(kind.names, ("ON_DEMAND", "SPOT"), strict=True):
        smallest, largest, labels, taints = made[name]
        assert (smallest, largest) == (0, 10)
        assert kind.product.items() <= labels.items()
        wanted = {(key, value, "NoSchedule") for key, value in node_taints(market, gpu=True).items()}  # type: ignore[arg-type] # one of two
        assert wanted <= taints


def test_a_group_can_have_one_capacity_type_and_its_own_size(kind: Kind) -> None:
    before, made = (
        kind.made(each)
        for each in (
            kind.nodes(),
            nodes(kind, kind.cpu, {"capacity_types": ["SPOT"], "min_size": 1, "max_size": 3}),
        )
    )
    assert made.keys() - before.keys() == {kind.names[1]}
    assert made[kind.names[1]][:2] == (1, 3)


def test_a_group_can_have_labels_and_taints(kind: Kind) -> None:
    taint = {"key": "example.com/team", "value": "ml", "effect": "NoExecute"}
    made = kind.made(nodes(kind, kind.cpu, {"labels": {"example.com/memory": "high"}, "taints": [taint]}))
    for name in kind.names:
        assert made[name][2]["example.com/memory"] == "high"
        assert ("example.com/team", "ml", "NoExecute") in made[name][3]


@pytest.mark.parametrize(
    ("limits", "gone"),
    [({"capacity_types": ["ON_DEMAND"]}, 1), ({"capacity_types": ["SPOT"], "max_size": 2}, 1), ({"max_size": 3}, 0)],
)
@pytest.mark.parametrize("key", ["cpu_limits", "gpu_limits"])
def test_built_in_groups_can_be_limited(kind: Kind, key: str, limits: dict[str, Any], gone: int) -> None:
    gpu_types = {"gpu_types": ["T4", "H100"]}
    given = {"H100": limits} if key == "gpu_limits" else limits
    before = kind.made(kind.nodes.model_validate(gpu_types))
    made = kind.made(kind.nodes.model_validate(gpu_types | {key: given}))
    assert len(before.keys() - made.keys()) == gone
    changed = {name for name in made if made[name] != before[name]}
    assert len(changed) == (2 - gone if "max_size" in limits else 0)
    assert {made[name][1] for name in changed} <= {limits.get("max_size")}


def test_groups_without_labels_have_the_instance_types_of_their_gpu(kind: Kind) -> None:
    assert types(kind, kind.cpu) == {}
    gpu = kind.gpu["gpu_type"]
    assert types(kind, kind.gpu) == {
        f"8CPU-32GB-1x{gpu}": {"resources": {"CPU": 8, "GPU": 1, "memory": "32Gi", "accelerators": [gpu]}},
        f"32CPU-128GB-4x{gpu}": {"resources": {"CPU": 32, "GPU": 4, "memory": "128Gi", "accelerators": [gpu]}},
    }


def test_groups_with_labels_or_taints_have_instance_types_of_their_own(kind: Kind) -> None:
    keys = {"labels": {"example.com/memory": "high"}, "taints": [{"key": "example.com/team", "value": "ml"}]}
    found = types(kind, kind.cpu, keys)
    assert list(found) == ["2CPU-8GB-a", "4CPU-16GB-a", "8CPU-32GB-a"]
    assert found["8CPU-32GB-a"] == {
        "resources": {"CPU": 8, "memory": "32Gi"},
        "nodeSelector": {"example.com/memory": "high"},
        "tolerations": [{"key": "example.com/team", "operator": "Equal", "value": "ml", "effect": "NoSchedule"}],
    }
    assert list(types(kind, kind.gpu, keys)) == [
        f"8CPU-32GB-1x{kind.gpu['gpu_type']}-a",
        f"32CPU-128GB-4x{kind.gpu['gpu_type']}-a",
    ]


def test_a_group_sets_the_resources_that_pods_request(kind: Kind) -> None:
    shapes = [{"cpus": 60, "memory_gb": 480}, {"cpus": 3, "memory_gb": 12, "gpus": 1}]
    assert list(types(kind, kind.cpu, {"pod_shapes": shapes[:1]})) == ["60CPU-480GB"]
    assert list(types(kind, kind.gpu, {"pod_shapes": shapes})) == ["60CPU-480GB", f"3CPU-12GB-1x{kind.gpu['gpu_type']}"]


def test_the_operator_gets_the_label_of_an_unknown_gpu(kind: Kind) -> None:
    product = {"gpu_product": "other-gpu"}
    assert values(kind, kind.unknown, product)["accelerator"] == {
        "nodeSelectors": {"additional": {kind.unknown["gpu_type"]: "other-gpu"}}
    }
    assert "accelerator" not in values(kind, kind.gpu)


def test_sizes_may_be_unresolved(kind: Kind) -> None:
    made = kind.made(nodes(kind, kind.cpu, {"min_size": LATER, "max_size": LATER}))
    assert made[kind.names[0]][:2] == (LATER, LATER)


REFUSED: dict[str, tuple[Callable[[Kind], list[dict[str, Any]]], str, str]] = {
    "more at least than at most": (
        lambda kind: [kind.cpu, {"min_size": 11}],
        "min_size: exceeds max_size; got 11; expected at most 10",
        "conflicting-keys",
    ),
    "a count without a type": (
        lambda kind: [kind.gpu, {"gpu_type": None}],
        "gpu_count: requires gpu_type",
        "node-group-gpu",
    ),
    "a type without a count": (
        lambda kind: [kind.gpu, {"gpu_count": None}],
        "gpu_type: requires gpu_count",
        "node-group-gpu",
    ),
    "a product without a type": (
        lambda kind: [kind.cpu, {"gpu_product": "NVIDIA-L4"}],
        "gpu_product: requires gpu_type",
        "node-group-gpu",
    ),
    "another product than the chart's": (
        lambda kind: [kind.gpu, {"gpu_product": "other-gpu"}],
        "gpu_product: differs from the label by which the operator's chart selects",
        "node-group-gpu",
    ),
    "a GPU that the chart does not know": (
        lambda kind: [kind.unknown],
        "gpu_product: is required, because the operator's chart does not know",
        "missing-key",
    ),
    "GPUs that are not named": (
        lambda kind: [{key: value for key, value in kind.unknown.items() if not key.startswith("gpu_")}],
        "has GPUs, but gpu_type is not set",
        "node-group-gpu",
    ),
    "GPUs that are not there": (lambda kind: [kind.gpu, kind.cpu], "has no (?:L4|A100)", "node-group-gpu"),
    "a pod with more GPUs than a node": (
        lambda kind: [kind.gpu, {"pod_shapes": [{"cpus": 1, "memory_gb": 1, "gpus": 5}]}],
        "pod_shapes.0.gpus: exceeds the GPUs of a node; got 5; expected at most 4",
        "node-group-gpu",
    ),
    "a pod with GPUs on nodes without": (
        lambda kind: [kind.cpu, {"pod_shapes": [{"cpus": 1, "memory_gb": 1, "gpus": 1}]}],
        "pod_shapes.0.gpus: exceeds the GPUs of a node; got 1; expected at most 0",
        "node-group-gpu",
    ),
    "reserved spot nodes": (
        lambda kind: [kind.cpu, kind.reservation],
        "capacity_reservation: applies to on-demand nodes, but capacity_types has SPOT",
        "reserved-spot-capacity",
    ),
    "no capacity type": (
        lambda kind: [kind.cpu, {"capacity_types": []}],
        "capacity_types: must have at least 1",
        "invalid-value",
    ),
    "a label that is kept": (
        lambda kind: [kind.cpu, {"labels": {"node.kubernetes.io/team": "ml"}}],
        "labels.node.kubernetes.io/team: must be the key of a Kubernetes label or taint",
        "invalid-value",
    ),
    "a label of ours": (
        lambda kind: [kind.cpu, {"labels": {"nvidia.com/gpu.count": "4"}}],
        "labels.nvidia.com/gpu.count: must be the key of a Kubernetes label or taint",
        "invalid-value",
    ),
    "a taint of ours": (
        lambda kind: [kind.cpu, {"taints": [{"key": "node.anyscale.com/capacity-type"}]}],
        "taints.0.key: must be the key of a Kubernetes label or taint",
        "invalid-value",
    ),
}


@pytest.mark.parametrize(("keys", "says", "rule"), REFUSED.values(), ids=REFUSED)
def test_fails_on_conflicting_keys(kind: Kind, keys: Any, says: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rf"groups\.a.*(?:{says})") as refused:
        nodes(kind, *keys(kind))
    assert rule in {finding.rule.id for finding in refused.value.findings if finding.rule}


def test_fails_on_names_that_exist_already(kind: Kind) -> None:
    for keys in ({"groups": {"cpu": kind.cpu | ON_DEMAND}}, kind.clashing):
        with pytest.raises(ConfigError, match=r"creates a node group .*, which exists already. Fix: rename it"):
            kind.nodes(**keys)


def test_fails_on_limits_of_a_missing_gpu(kind: Kind) -> None:
    with pytest.raises(ConfigError, match=r"gpu_limits\.H100: is not one of gpu_types; got 'H100'; expected T4"):
        kind.nodes(gpu_limits={"H100": {"max_size": 1}})


@pytest.mark.parametrize("name", ["a b", "", "a" * 40, "ä"])
def test_fails_on_names_that_the_provider_rejects(kind: Kind, name: str) -> None:
    with pytest.raises(ConfigError, match="must be a node"):
        kind.nodes(groups={name: kind.cpu})
