"""Inputs of modules in the configuration of a cloud on EKS."""

import functools
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import EksConfig, EksStack
from anyscale_constructs.errors import InputError
from tests.unit.clouds import Make, maker

ROLE = "arn:aws:iam::111122223333:role/nodes"
KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"


def config(**config: Any) -> EksConfig:
    return EksConfig.model_validate({"region": "us-east-2", "org_id": "org_1"} | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(EksStack, config, tmp_path)


TAINT = {"key": "a", "effect": "NO_SCHEDULE"}
# what modules.eks.inputs gives -> what stays beside it, by path
KEPT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a node group": ({"eks_managed_node_groups": {"mine": {"max_size": 1}}}, ["eks_managed_node_groups"]),
    "a part of a node group": (
        {"eks_managed_node_groups": {"ondemand_cpu": {"max_size": 1, "taints": {"a": TAINT}}}},
        [
            "eks_managed_node_groups",
            "eks_managed_node_groups.ondemand_cpu",
            "eks_managed_node_groups.ondemand_cpu.taints",
        ],
    ),
    "a tag": ({"tags": {"a": "b"}}, ["tags"]),
    "an access entry": ({"access_entries": {"mine": {"principal_arn": ROLE}}}, ["access_entries"]),
    "an add-on": ({"addons": {"aws-ebs-csi-driver": {}}}, ["addons"]),
    "a part of an add-on": ({"addons": {"vpc-cni": {"preserve": True}}}, ["addons", "addons.vpc-cni"]),
    "a part of the nodes' rule": (
        {"node_security_group_additional_rules": {"nodes": {"description": "a"}}},
        ["node_security_group_additional_rules.nodes"],
    ),
    "a part of a rule": (
        {"security_group_additional_rules": {"private_access": {"description": "a"}}},
        ["security_group_additional_rules.private_access"],
    ),
    "a part of the encryption": ({"encryption_config": {"resources": ["secrets"]}}, ["encryption_config"]),
}


@pytest.mark.parametrize(("inputs", "paths"), KEPT.values(), ids=KEPT)
def test_inputs_of_the_configuration_are_merged(inputs: dict[str, Any], paths: list[str], make: Make) -> None:
    keys: dict[str, Any] = {"kms_key_arn": KEY, "cluster": {"administrator_arns": [ROLE]}}
    before, _ = make(**keys)
    after, _ = make(**keys, modules={"eks": {"inputs": inputs}})
    assert before != after or "encryption_config" in inputs
    for path in paths:
        was, now, given = (
            functools.reduce(dict.__getitem__, path.split("."), each)
            for each in (before["module"]["eks"], after["module"]["eks"], inputs)
        )
        assert {**was, **given}.keys() == now.keys()
        assert {key: value for key, value in now.items() if key not in given}.items() <= was.items()


@pytest.mark.parametrize(
    ("modules", "says"),
    [
        (
            {"iam": {"anyscale_cluster_node_managed_policy_arns": ["arn:aws:iam::aws:policy/a"]}},
            "a new node role, but none is",
        ),
        (
            {"iam": {"anyscale_access_managed_policy_arns": ["arn:aws:iam::aws:policy/a"]}},
            "a new control plane role, but none is",
        ),
        (
            {"iam": {"role_permissions_boundary_arn": ROLE}},
            "has no effect without create_anyscale_access_role or create",
        ),
        ({"eks": {"kms_key_administrators": [ROLE]}}, "kms_key_administrators has no effect without create_kms_key"),
        (
            {"eks": {"iam_role_tags": {"a": "b"}, "create_iam_role": False}},
            "iam_role_tags has no effect without create",
        ),
        ({"vpc": {"vpc_flow_log_permissions_boundary": ROLE}}, "has no effect without create_flow_log_cloudwatch_iam"),
        (
            {"memorydb": {"memorydb_acl_tags": {"a": "b"}}},
            "memorydb_acl_tags has no effect without create_memorydb_acl",
        ),
    ],
)
def test_fails_on_an_input_without_effect(modules: dict[str, Any], says: str, make: Make) -> None:
    inputs = {name: {"inputs": inputs} for name, inputs in modules.items()}
    with pytest.raises(InputError, match=says) as error:
        make(kms_key_arn=KEY, memorydb={}, modules=inputs)
    assert len(str(error.value).splitlines()) == 1
