"""Overrides of modules in a configuration: inputs and refs."""

import json
import pathlib
from typing import Any

import pytest

from anyscale_constructs.codegen.catalog import table
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.expressions import expr
from anyscale_constructs.modules.aws import IamModule, S3Module, SecurityGroupsModule, VpcModule
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.guards import Inputs, without_effect
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.sources import ModuleOverride, Sources
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.terraform.parts import refusal, warnings


def overridden(tmp_path: pathlib.Path, **override: Any) -> CloudStack:
    return CloudStack(App(tmp_path), "test", sources=Sources(overrides={"m": ModuleOverride(**override)}))


def test_override_inputs_take_precedence(tmp_path: pathlib.Path) -> None:
    stack = overridden(tmp_path, inputs={"force_destroy": True, "object_versioning": True})
    module = S3Module(stack, "m", force_destroy=False, anyscale_bucket_name="acme-bucket")
    assert module.rendered == {
        "force_destroy": True,
        "object_versioning": True,
        "anyscale_bucket_name": "acme-bucket",
    }
    assert S3Module(stack, "other", force_destroy=False).rendered == {"force_destroy": False}


class Completed(S3Module):
    """Adds one input of each type, unless it is set."""

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        tags = {"construct": "a", "both": "a"} | given.get("tags", {})
        rules = [{"id": "construct"}]
        return (
            {"lifecycle_rule": rules, "logging": {"target_bucket": "a"}, "object_versioning": True}
            | given
            | {"tags": tags}
        )


OURS: dict[str, Any] = {"tags": {"stack": "b", "both": "b"}, "anyscale_bucket_name": "acme-bucket"}
RENDERED: dict[str, Any] = {
    "tags": {"construct": "a", "stack": "b", "both": "b"},
    "anyscale_bucket_name": "acme-bucket",
    "lifecycle_rule": [{"id": "construct"}],
    "logging": {"target_bucket": "a"},
    "object_versioning": True,
}
# overrides -> the changed inputs, None for a removed one; and the warnings
MERGED: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "nothing": ({}, {}, []),
    "a new input": ({"force_destroy": True}, {"force_destroy": True}, []),
    "another value": ({"object_versioning": False}, {"object_versioning": False}, []),
    "a key": ({"tags": {"c": "d"}}, {"tags": RENDERED["tags"] | {"c": "d"}}, []),
    "a key of a construct's map": (
        {"logging": {"target_prefix": "b"}},
        {"logging": {"target_bucket": "a", "target_prefix": "b"}},
        [],
    ),
    "an empty map": ({"tags": {}, "logging": {}}, {}, []),
    "another value of a key": ({"tags": {"both": "c"}}, {"tags": RENDERED["tags"] | {"both": "c"}}, []),
    "no key of the stack's": (
        {"tags": {"stack": None}},
        {"tags": {"construct": "a", "both": "b"}},
        ["tags.stack is null, which removes"],
    ),
    "no key of the construct's": (
        {"tags": {"construct": None, "both": None}},
        {"tags": {"stack": "b"}},
        ["tags.construct is null, which removes", "tags.both is null, which removes"],
    ),
    "no input of the stack's": (
        {"anyscale_bucket_name": None},
        {"anyscale_bucket_name": None},
        ["anyscale_bucket_name is"],
    ),
    "no input of the construct's": (
        {"logging": None, "lifecycle_rule": None},
        {"logging": None, "lifecycle_rule": None},
        ["logging is null, which removes", "lifecycle_rule is null, which removes"],
    ),
    "an input that nobody sets": ({"force_destroy": None}, {}, []),
    "another list": (
        {"lifecycle_rule": [{"id": "mine"}]},
        {"lifecycle_rule": [{"id": "mine"}]},
        ['lifecycle_rule replaces the value that the cloud sets, and lacks {"id": "construct"}.'],
    ),
    "a longer list": (
        {"lifecycle_rule": [{"id": "mine"}, {"id": "construct"}]},
        {"lifecycle_rule": [{"id": "mine"}, {"id": "construct"}]},
        [],
    ),
}


@pytest.mark.parametrize(("inputs", "changes", "warned"), MERGED.values(), ids=MERGED)
def test_override_inputs_are_merged_by_key_into_those_of_stack_and_construct(
    inputs: dict[str, Any], changes: dict[str, Any], warned: list[str], tmp_path: pathlib.Path
) -> None:
    module = Completed(overridden(tmp_path, inputs=inputs), "m", **OURS)
    assert module.rendered == {k: v for k, v in (RENDERED | changes).items() if v is not None}
    told = warnings(module)
    assert len(told) == len(warned)
    assert all(text.startswith(beginning) for text, beginning in zip(told, warned, strict=True))


def test_fails_on_a_required_input_that_an_override_removes(tmp_path: pathlib.Path) -> None:
    stack = overridden(tmp_path, inputs={"vpc_id": None})
    assert refusal(SecurityGroupsModule, stack, vpc_id="vpc-1") == ["module.m: vpc_id is required"]


def test_null_removes_an_input_that_an_older_ref_lacks_but_no_misspelt_one(tmp_path: pathlib.Path) -> None:
    inputs = {"bucket_namespace": None}
    assert S3Module(overridden(tmp_path, ref="v0.38.0", inputs=inputs), "m", bucket_namespace="global").rendered == {}
    (line,) = refusal(S3Module, overridden(tmp_path, inputs={"tagz": None}), tags={"a": "b"})
    assert line == "module.m: unknown input 'tagz': did you mean 'tags'?"


def test_fails_once_with_all_errors_of_an_override(tmp_path: pathlib.Path) -> None:
    stack = overridden(tmp_path, inputs={"tagz": {}, "tags": {"a": 1}, "logging": {"b": 1}, "force_destroy": "no"})
    assert len(refusal(Completed, stack, **OURS)) == 4


USED_WITH = [
    (name, variable, groups)
    for name in table()
    for variable, spec in Interface.load(name).variables.items()
    if (groups := spec.used_with)
]


@pytest.mark.parametrize(("name", "variable", "groups"), USED_WITH)
def test_finds_inputs_without_an_effect_in_every_module(
    name: str, variable: str, groups: tuple[tuple[str, ...], ...]
) -> None:
    all_off = dict.fromkeys([switch for group in groups for switch in group], False)

    def found(value: Any, **switches: Any) -> list[str]:
        inputs = Inputs(Interface.load(name), all_off | switches)
        return [finding.what for finding in without_effect(inputs, {variable: value})]

    says = f"{variable} has no effect without {' or '.join(dict.fromkeys(group[0] for group in groups))}"
    assert found(["a"]) == found(["a"], **dict.fromkeys(all_off)) == [says]
    on_values: list[Any] = [True, {}, expr("var.later")]
    for group in groups:
        for on in on_values:
            assert found(["a"], **dict.fromkeys(group, on)) == []
        for switch in group:
            assert len(found(["a"], **dict.fromkeys(group, True) | {switch: False})) == 1
    nothing: list[Any] = [None, False, "", [], {}]
    assert [each for each in nothing if found(each)] == []


def test_fails_on_an_override_that_has_no_effect(tmp_path: pathlib.Path) -> None:
    """Only inputs of the configuration: a cloud sets its inputs for all modules, used or not."""
    policies = {"anyscale_cluster_node_managed_policy_arns": ["arn:aws:iam::aws:policy/SecretsManagerReadWrite"]}
    without = {"create_cluster_node_instance_profile": False, "anyscale_cluster_node_role_path": "/mine/"}
    (line,) = refusal(IamModule, overridden(tmp_path, inputs=policies), **without)
    assert line == (
        "module.m: anyscale_cluster_node_managed_policy_arns has no effect without "
        "create_cluster_node_instance_profile. Fix: remove it"
    )
    assert IamModule(overridden(tmp_path, inputs=policies), "m").rendered == policies


def test_an_override_applies_to_a_nested_construct_by_its_path(tmp_path: pathlib.Path) -> None:
    overrides = {
        "m": ModuleOverride(inputs={"force_destroy": True}),
        "team/m": ModuleOverride(inputs={"object_versioning": True}, ref="v0.38.0"),
        "team/inner/m": ModuleOverride(mirror="https://git.example.com/acme"),
    }
    stack = CloudStack(App(tmp_path), "test", sources=Sources(overrides=overrides))
    team = Construct(stack, "team")
    alone, nested, deep = (S3Module(scope, "m") for scope in (stack, team, Construct(team, "inner")))
    assert [module.path for module in (alone, nested, deep)] == list(overrides)
    assert (alone.rendered, nested.rendered, deep.rendered) == (
        {"force_destroy": True},
        {"object_versioning": True},
        {},
    )
    assert [module.interface.ref for module in (alone, nested, deep)] == ["v0.40.1", "v0.38.0", "v0.40.1"]
    calls = stack.to_terraform()["module"]
    mirrored = [name for name, call in calls.items() if "git.example.com/acme" in call["source"]]
    assert mirrored == [deep.module_id]


@pytest.mark.parametrize("wrong", ["vpc", "team/vpcc", "other/vpc", "test/team/vpc", "ADDRESS"])
def test_fails_on_an_override_by_anything_but_the_path(wrong: str, tmp_path: pathlib.Path) -> None:
    def build(app: App, name: str) -> VpcModule:
        stack = CloudStack(app, "test", sources=Sources(overrides={name: ModuleOverride(inputs={"tags": {}})}))
        return VpcModule(Construct(stack, "team"), "vpc")

    address = build(App(tmp_path / "a"), "team/vpc").module_id  # Terraform's name of the same module
    name = address if wrong == "ADDRESS" else wrong
    with pytest.raises(SynthesisError, match=rf"test: modules\.\S+: unknown module '{name}': .*team/vpc"):
        build(App(tmp_path / "b"), name).cdktf_stack.to_terraform()


def test_fails_on_a_wrong_override(tmp_path: pathlib.Path) -> None:
    (line,) = refusal(S3Module, overridden(tmp_path, inputs={"force_destroi": True}))
    assert line == "module.m: unknown input 'force_destroi': did you mean 'force_destroy'?"


def test_another_ref_has_another_interface(tmp_path: pathlib.Path) -> None:
    stack = overridden(tmp_path, ref="v0.38.0")
    module = S3Module(stack, "m", anyscale_bucket_name="acme-bucket")
    assert module.interface.ref == "v0.38.0"
    assert module.interface.commit in json.dumps(stack.to_terraform())


def test_fails_on_an_input_that_another_ref_lacks(tmp_path: pathlib.Path) -> None:
    """Drift: bucket_namespace came with v0.39.0."""
    (line,) = refusal(S3Module, overridden(tmp_path, ref="v0.38.0"), bucket_namespace="global")
    assert line.startswith("module.m: unknown input 'bucket_namespace': ")


def test_fails_on_a_ref_that_the_catalog_lacks(tmp_path: pathlib.Path) -> None:
    (line,) = refusal(S3Module, overridden(tmp_path, ref="v0.1.0"))
    assert line == (
        "modules.m.ref: the catalog does not contain aws/s3 at that ref; got 'v0.1.0'; expected v0.38.0, v0.40.1. "
        "Fix: anyscale-constructs modules add aws/s3 --ref v0.1.0"
    )
