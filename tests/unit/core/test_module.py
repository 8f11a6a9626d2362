"""The base of the wrappers: what goes into a module, and what is refused before Terraform sees it."""

import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest

from anyscale_constructs.codegen.catalog import table
from anyscale_constructs.core.app import App
from anyscale_constructs.core.interface import Interface
from anyscale_constructs.core.module import Finding, Guard, Inputs, Module, without_effect
from anyscale_constructs.core.sources import ModuleOverride, Sources
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.engine import Construct, Token
from anyscale_constructs.errors import InputError, SynthesisError
from anyscale_constructs.expressions import NULL, expr
from anyscale_constructs.modules.aws import (
    EfsModule,
    IamModule,
    MemoryDbModule,
    S3Module,
    SecurityGroupsModule,
    VpcModule,
)
from tests import spelled

OUTPUT = expr("module.other.out")


def refusal(cls: type[Module], stack: CloudStack, **inputs: Any) -> list[str]:
    """What is said of a module's inputs, line by line."""
    with pytest.raises(InputError) as error:
        cls(stack, "m", **inputs)
    return str(error.value).splitlines()


def warnings(construct: Construct) -> list[str]:
    return [entry.data for entry in construct.node.metadata if entry.type == "@cdktf/warn"]


def test_only_what_is_set_is_rendered(stack: CloudStack) -> None:
    module = S3Module(stack, "m", anyscale_bucket_name="acme-bucket", force_destroy=None, tags={})
    assert module.rendered == {"anyscale_bucket_name": "acme-bucket", "tags": {}}


def test_null_is_said_out_loud(stack: CloudStack) -> None:
    assert S3Module(stack, "m", anyscale_bucket_prefix=NULL).rendered == {"anyscale_bucket_prefix": "${null}"}


def test_none_meets_a_requirement_no_more_than_leaving_out_does(stack: CloudStack) -> None:
    required = ["module.m: vpc_id is required"]
    assert refusal(SecurityGroupsModule, stack, vpc_id=None) == required


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"anyscale_bucket_nam": "a"}, "unknown input 'anyscale_bucket_nam': did you mean 'anyscale_bucket_name'?"),
        ({"force_destroy": "yes"}, "force_destroy: must be true or false; given: 'yes'"),
        ({"tags": {"a": 1}}, "tags.a: must be text; given: 1. To mend it: put it in quotes"),
        ({"tags": expr("var.x", "list(string)")}, "tags: must be a Terraform map, but the expression var.x is a"),
    ],
)
def test_fails_on_a_wrong_input(inputs: dict[str, Any], said: str, stack: CloudStack) -> None:
    (line,) = refusal(S3Module, stack, **inputs)
    assert line.startswith(f"module.m: {said}")


def test_fails_on_an_unknown_input_with_all_known_ones_when_none_is_near(stack: CloudStack) -> None:
    (line,) = refusal(S3Module, stack, zzz=1)
    assert line.startswith("module.m: unknown input 'zzz': known are anyscale_bucket_name, anyscale_bucket_prefix, ")


def test_fails_once_for_all_that_is_wrong(stack: CloudStack) -> None:
    lines = refusal(SecurityGroupsModule, stack, vpc_id=None, tagz={}, create_security_group="no")
    assert len(lines) == 3
    assert all(line.startswith("module.m: ") for line in lines)


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (expr("var.x"), "${var.x}")])
def test_booleans_that_upstream_declares_as_strings_are_text(value: Any, text: str, stack: CloudStack) -> None:
    """Trap 1: Terraform refuses "True"."""
    iam = IamModule(stack, "iam", enable_ec2_container_registry_readonly_access=value)
    memorydb = MemoryDbModule(
        stack,
        "memorydb",
        memorydb_subnet_ids=[],
        memorydb_security_group_ids=[],
        enable_memorydb_data_tiering=value,
    )
    assert iam.rendered["enable_ec2_container_registry_readonly_access"] == text
    assert memorydb.rendered["enable_memorydb_data_tiering"] == text


# (wrapper, input, of another module, said of it), for trap 19
AT_PLAN: list[tuple[type[Module], str, Any, str]] = [
    (IamModule, "anyscale_custom_policy", OUTPUT, "value"),
    (IamModule, "anyscale_custom_policy", f'{{"a": "{OUTPUT}"}}', "value"),
    (IamModule, "anyscale_cluster_node_custom_policy", OUTPUT, "value"),
    (IamModule, "anyscale_cluster_node_byod_custom_secrets_policy", OUTPUT, "value"),
    (IamModule, "anyscale_cluster_node_managed_policy_arns", OUTPUT, "length"),
    (IamModule, "anyscale_cluster_node_byod_secret_arns", OUTPUT, "length"),
    (IamModule, "anyscale_access_managed_policy_arns", OUTPUT, "length"),
    (VpcModule, "existing_vpc_id", OUTPUT, "value"),
    (VpcModule, "public_subnets", OUTPUT, "length"),
    (VpcModule, "private_subnets", OUTPUT, "length"),
    (VpcModule, "existing_private_subnet_ids", OUTPUT, "length"),
    (VpcModule, "existing_public_route_table_ids", OUTPUT, "length"),
    (VpcModule, "existing_private_route_table_ids", OUTPUT, "length"),
    (VpcModule, "gateway_vpc_endpoints", OUTPUT, "keys"),
    (VpcModule, "gateway_vpc_endpoints", {OUTPUT: {"name": "s3", "policy": None}}, "keys"),
    (S3Module, "cors_rule", OUTPUT, "keys"),
    (S3Module, "logging", OUTPUT, "keys"),
    (S3Module, "server_side_encryption", OUTPUT, "keys"),
    (S3Module, "lifecycle_rule", OUTPUT, "value"),
    (EfsModule, "mount_targets_subnet_count", OUTPUT, "value"),
    (EfsModule, "access_points", OUTPUT, "keys"),
]


@pytest.mark.parametrize(("cls", "name", "value", "part"), AT_PLAN)
def test_fails_on_what_must_be_known_at_plan(
    cls: type[Module], name: str, value: Any, part: str, stack: CloudStack
) -> None:
    """Trap 19: upstream counts with it."""
    (line,) = refusal(cls, stack, **{name: value})
    assert line.startswith(
        f"module.m: {name}: upstream counts with its {part}, which must be known when Terraform plans; given: "
    )
    assert line.endswith("To mend it: give a literal from your configuration, not another module's output")


@pytest.mark.parametrize(
    "name",
    ["ingress_with_self", "ingress_from_cidr_map", "ingress_with_existing_security_groups_map", "egress_to_cidr_map"],
)
def test_fails_on_rules_of_unknown_length(name: str, stack: CloudStack) -> None:
    """Trap 19: every rule list's length must be known at plan."""
    (line,) = refusal(SecurityGroupsModule, stack, vpc_id="vpc-1", **{name: OUTPUT})
    assert f"{name}: upstream counts with its length" in line


@pytest.mark.parametrize(
    ("cls", "inputs"),
    [
        (VpcModule, {"existing_vpc_id": expr("data.aws_vpc.this.id", "string")}),
        (VpcModule, {"existing_vpc_id": expr("var.vpc_id", "string")}),
        (VpcModule, {"existing_private_subnet_ids": [OUTPUT[0], OUTPUT[1]]}),
        (IamModule, {"anyscale_cluster_node_managed_policy_arns": [OUTPUT]}),
        (S3Module, {"server_side_encryption": {"kms_master_key_id": OUTPUT}}),
        (EfsModule, {"access_points": {"a": OUTPUT}}),
    ],
)
def test_what_terraform_knows_at_plan_passes(cls: type[Module], inputs: dict[str, Any], stack: CloudStack) -> None:
    assert set(cls(stack, "m", **inputs).rendered) == set(inputs)


def test_fails_on_a_list_token_whose_length_is_not_known(stack: CloudStack) -> None:
    (line,) = refusal(VpcModule, stack, public_subnets=Token.as_list("${module.other.subnets}"))
    assert "public_subnets: upstream counts with its length" in line


def too_short(i: Inputs) -> Finding | None:
    return Finding("name is short", "write more", i["anyscale_bucket_name"], "3 letters")


def too_plain(i: Inputs) -> Finding | None:
    return Finding("name is plain", "add some colour") if i.known("anyscale_bucket_name") else None


def too_new(_: Inputs) -> Finding | None:
    return Finding("name is new", "wait", warning=True)


class Guarded(S3Module):
    guards: ClassVar[Sequence[Guard]] = (too_short, too_plain, too_new)


class Warned(S3Module):
    guards: ClassVar[Sequence[Guard]] = (too_new,)


def test_fails_once_for_all_that_the_guards_find(stack: CloudStack) -> None:
    assert refusal(Guarded, stack, anyscale_bucket_name="ab") == [
        "module.m: name is short; given: 'ab'. Allowed: 3 letters. To mend it: write more",
        "module.m: name is plain. To mend it: add some colour",
    ]


def test_guards_wait_until_the_types_are_right(stack: CloudStack) -> None:
    (line,) = refusal(Guarded, stack, anyscale_bucket_name=1)
    assert line == "module.m: anyscale_bucket_name: must be text; given: 1. To mend it: put it in quotes"


def test_fails_on_two_of_the_same_id(stack: CloudStack) -> None:
    S3Module(stack, "m")
    with pytest.raises(InputError, match=r"^module.m is there already. To mend it: give each of them an id"):
        VpcModule(stack, "m")


def test_warnings_are_annotations(stack: CloudStack) -> None:
    assert warnings(Warned(stack, "m")) == ["name is new. To mend it: wait"]


class Found(S3Module):
    guards: ClassVar[Sequence[Guard]] = (too_new,)

    def findings(self) -> Iterator[Finding]:
        yield Finding("scope is odd", "move it", warning="anyscale_bucket_name" not in self.inputs.given)
        yield Finding("scope is dull", "paint it", note=True)


def test_findings_beside_the_guards_are_told_in_the_same_ways(stack: CloudStack) -> None:
    found = Found(stack, "a")
    assert warnings(found) == ["name is new. To mend it: wait", "scope is odd. To mend it: move it"]
    assert found.notes == ["scope is dull. To mend it: paint it"]
    (line,) = refusal(Found, stack, anyscale_bucket_name="ab")
    assert line == "module.m: scope is odd. To mend it: move it"


def test_guards_see_upstreams_defaults() -> None:
    inputs = Inputs(Interface.load("aws/s3"), {"tags": {"a": "b"}})
    assert (inputs["tags"], inputs["force_destroy"], inputs["anyscale_bucket_prefix"]) == (
        {"a": "b"},
        False,
        "anyscale-",
    )
    assert set(inputs) == set(Interface.load("aws/s3").variables)
    assert len(inputs) == len(Interface.load("aws/s3").variables)
    assert "tags" in inputs
    assert "tagz" not in inputs
    with pytest.raises(InputError, match=r"aws/s3 at v0.40.1: unknown input 'tagz': did you mean 'tags'"):
        _ = inputs["tagz"]


def test_tuples_are_lists(stack: CloudStack) -> None:
    module = VpcModule(stack, "m", public_subnets=("10.0.0.0/24",))
    assert module.inputs["public_subnets"] == module.rendered["public_subnets"] == ["10.0.0.0/24"]


def overridden(tmp_path: pathlib.Path, **override: Any) -> CloudStack:
    return CloudStack(App(tmp_path), "test", sources=Sources(overrides={"m": ModuleOverride(**override)}))


def test_override_inputs_win(tmp_path: pathlib.Path) -> None:
    stack = overridden(tmp_path, inputs={"force_destroy": True, "object_versioning": True})
    module = S3Module(stack, "m", force_destroy=False, anyscale_bucket_name="acme-bucket")
    assert module.rendered == {
        "force_destroy": True,
        "object_versioning": True,
        "anyscale_bucket_name": "acme-bucket",
    }
    assert S3Module(stack, "other", force_destroy=False).rendered == {"force_destroy": False}


class Completed(S3Module):
    """Adds one input of each kind, unless it is given."""

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
# what the configuration gives -> what it changes of what is rendered, None: what it removes; and what is warned of
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
        ['lifecycle_rule replaces what the cloud sets, and lacks {"id": "construct"}.'],
    ),
    "a longer list": (
        {"lifecycle_rule": [{"id": "mine"}, {"id": "construct"}]},
        {"lifecycle_rule": [{"id": "mine"}, {"id": "construct"}]},
        [],
    ),
}


@pytest.mark.parametrize(("inputs", "changes", "warned"), MERGED.values(), ids=MERGED)
def test_override_inputs_are_merged_by_key_into_what_the_stack_and_the_construct_give(
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


def test_null_leaves_out_what_an_older_ref_lacks_and_nothing_misspelt(tmp_path: pathlib.Path) -> None:
    inputs = {"bucket_namespace": None}
    assert S3Module(overridden(tmp_path, ref="v0.38.0", inputs=inputs), "m", bucket_namespace="global").rendered == {}
    (line,) = refusal(S3Module, overridden(tmp_path, inputs={"tagz": None}), tags={"a": "b"})
    assert line == "module.m: unknown input 'tagz': did you mean 'tags'?"


def test_fails_once_for_all_that_is_wrong_with_an_override(tmp_path: pathlib.Path) -> None:
    stack = overridden(tmp_path, inputs={"tagz": {}, "tags": {"a": 1}, "logging": {"b": 1}, "force_destroy": "no"})
    assert len(refusal(Completed, stack, **OURS)) == 4


USED_WITH = [
    (name, variable, groups)
    for name in table()
    for variable, spec in Interface.load(name).variables.items()
    if (groups := spec.used_with)
]


@pytest.mark.parametrize(("name", "variable", "groups"), USED_WITH)
def test_finds_inputs_of_any_module_that_have_no_effect(
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
    """Only of the configuration's: a cloud says what it is for all modules, used or not."""
    policies = {"anyscale_cluster_node_managed_policy_arns": ["arn:aws:iam::aws:policy/SecretsManagerReadWrite"]}
    without = {"create_cluster_node_instance_profile": False, "anyscale_cluster_node_role_path": "/mine/"}
    (line,) = refusal(IamModule, overridden(tmp_path, inputs=policies), **without)
    assert line == (
        "module.m: anyscale_cluster_node_managed_policy_arns has no effect without "
        "create_cluster_node_instance_profile. To mend it: leave it out"
    )
    assert IamModule(overridden(tmp_path, inputs=policies), "m").rendered == policies


def test_an_override_reaches_a_construct_inside_of_others_by_its_path(tmp_path: pathlib.Path) -> None:
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
    with pytest.raises(SynthesisError, match=f"test: modules: unknown module '{name}': .*team/vpc"):
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
        "the catalog does not hold aws/s3 at that ref; given: 'v0.1.0'. Allowed: v0.38.0, v0.40.1. "
        "To mend it: anyscale-constructs modules add aws/s3 --ref v0.1.0"
    )


def test_the_address_is_the_id(stack: CloudStack) -> None:
    vpc = VpcModule(stack, "network")
    assert vpc.address == "module.network"
    assert spelled(vpc.vpc_id) == "${module.network.vpc_id}"
    assert vpc.private_subnet_ids.type == "list(string)"
    assert stack.modules == {"network": vpc}


def test_the_address_inside_another_construct_is_terraforms(stack: CloudStack) -> None:
    vpc = VpcModule(Construct(stack, "team"), "vpc")
    assert vpc.address.removeprefix("module.") in stack.to_terraform()["module"]
    assert spelled(vpc.vpc_id) == f"${{{vpc.address}.vpc_id}}"


def test_fails_on_an_unknown_output(stack: CloudStack) -> None:
    with pytest.raises(InputError, match=r"aws/vpc at v0.40.1: unknown output 'vpc_idd': did you mean 'vpc_id'\?"):
        VpcModule(stack, "m").output("vpc_idd")


def test_depends_on_names_the_modules(stack: CloudStack) -> None:
    vpc = VpcModule(stack, "vpc")
    S3Module(stack, "s3", depends_on=[vpc])
    assert stack.to_terraform()["module"]["s3"]["depends_on"] == ["module.vpc"]
