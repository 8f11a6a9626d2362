"""The operator's values."""

from typing import Any

from anyscale_constructs.kubernetes import operator_values

CLOUD = {"cloudDeploymentId": "cldrsrc_1", "cloudProvider": "aws", "aws": {"region": "us-east-2"}}


def shapes(gpus: dict[str, int]) -> Any:
    values: Any = operator_values(CLOUD, gpus, None)  # type: ignore[arg-type] # plain mappings
    return values["workloads"]["instanceTypes"]["additional"]


def test_the_operator_and_its_workloads_have_one_role() -> None:
    assert operator_values(CLOUD, {}, None) == {  # type: ignore[arg-type] # plain mappings
        "global": CLOUD,
        "operator": {"serviceAccount": {"name": "anyscale-operator"}},
        "workloads": {
            "serviceAccount": {"name": "anyscale-operator"},
            "instanceTypes": {"additional": {}},
        },
    }


def test_workloads_on_generic_do_not_use_the_operators_account() -> None:
    values = operator_values({"cloudDeploymentId": "cldrsrc_1", "cloudProvider": "generic"}, {}, None)
    assert values["operator"] == {"serviceAccount": {"name": "anyscale-operator"}}
    assert values["workloads"] == {"instanceTypes": {"additional": {}}}


def test_the_operators_values_contain_the_gateway() -> None:
    gateway = {"enabled": True, "name": "a", "namespace": "b", "hostname": "c"}
    values = operator_values(CLOUD, {}, gateway)  # type: ignore[arg-type] # plain mappings
    assert values["networking"] == {"gateway": gateway}


def test_each_gpu_has_a_shape_with_one_and_one_with_all_of_a_node() -> None:
    assert shapes({"L4": 1, "H100": 8}) == {
        "8CPU-32GB-1xL4": {"resources": {"CPU": 8, "GPU": 1, "memory": "32Gi", "accelerators": ["L4"]}},
        "8CPU-32GB-1xH100": {"resources": {"CPU": 8, "GPU": 1, "memory": "32Gi", "accelerators": ["H100"]}},
        "64CPU-256GB-8xH100": {"resources": {"CPU": 64, "GPU": 8, "memory": "256Gi", "accelerators": ["H100"]}},
    }


def test_the_charts_own_shapes_are_not_repeated() -> None:
    assert shapes({"T4": 1}) == {}
