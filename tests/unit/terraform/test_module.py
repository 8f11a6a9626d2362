"""The base of the wrappers: the inputs of a module, and errors before Terraform sees it."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest

from anyscale_constructs.engine import Construct, Token
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import NULL, expr
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws import (
    EfsModule,
    IamModule,
    MemoryDbModule,
    S3Module,
    SecurityGroupsModule,
    VpcModule,
)
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.terraform.parts import notes, refusal, warnings

OUTPUT = expr("module.other.out")


def test_only_what_is_set_is_rendered(stack: CloudStack) -> None:
    module = S3Module(stack, "m", anyscale_bucket_name="acme-bucket", force_destroy=None, tags={})
    assert module.rendered == {"anyscale_bucket_name": "acme-bucket", "tags": {}}


def test_null_is_written_explicitly(stack: CloudStack) -> None:
    assert S3Module(stack, "m", anyscale_bucket_prefix=NULL).rendered == {"anyscale_bucket_prefix": "${null}"}


def test_none_does_not_satisfy_a_required_input(stack: CloudStack) -> None:
    required = ["module.m: vpc_id is required"]
    assert refusal(SecurityGroupsModule, stack, vpc_id=None) == required


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"anyscale_bucket_nam": "a"}, "unknown input 'anyscale_bucket_nam': did you mean 'anyscale_bucket_name'?"),
        ({"force_destroy": "yes"}, "force_destroy: must be true or false; got 'yes'"),
        ({"tags": {"a": 1}}, "tags.a: must be a string; got 1. Fix: put it in quotes"),
        ({"tags": expr("var.x", "list(string)")}, "tags: must be a Terraform map, but the expression var.x is a"),
    ],
)
def test_fails_on_a_wrong_input(inputs: dict[str, Any], said: str, stack: CloudStack) -> None:
    (line,) = refusal(S3Module, stack, **inputs)
    assert line.startswith(f"module.m: {said}")


def test_fails_on_an_unknown_input_and_lists_known_ones_if_none_is_similar(stack: CloudStack) -> None:
    (line,) = refusal(S3Module, stack, zzz=1)
    assert line.startswith(
        "module.m: unknown input 'zzz': expected one of anyscale_bucket_name, anyscale_bucket_prefix, "
    )


def test_fails_once_with_all_errors(stack: CloudStack) -> None:
    lines = refusal(SecurityGroupsModule, stack, vpc_id=None, tagz={}, create_security_group="no")
    assert len(lines) == 3
    assert all(line.startswith("module.m: ") for line in lines)


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (expr("var.x"), "${var.x}")])
def test_booleans_that_upstream_declares_as_strings_are_strings(value: Any, text: str, stack: CloudStack) -> None:
    """Trap 1: Terraform rejects "True"."""
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
    """Trap 19: the number of upstream's resources depends on it."""
    (line,) = refusal(cls, stack, **{name: value})
    assert line.startswith(
        f"module.m: {name}: the number of resources depends on its {part}, which must be known at plan; got "
    )
    assert line.endswith("Fix: pass a literal value instead of another module's output")


@pytest.mark.parametrize(
    "name",
    ["ingress_with_self", "ingress_from_cidr_map", "ingress_with_existing_security_groups_map", "egress_to_cidr_map"],
)
def test_fails_on_rules_of_unknown_length(name: str, stack: CloudStack) -> None:
    """Trap 19: every rule list's length must be known at plan."""
    (line,) = refusal(SecurityGroupsModule, stack, vpc_id="vpc-1", **{name: OUTPUT})
    assert f"{name}: the number of resources depends on its length" in line


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
def test_values_known_at_plan_pass(cls: type[Module], inputs: dict[str, Any], stack: CloudStack) -> None:
    assert set(cls(stack, "m", **inputs).rendered) == set(inputs)


def test_fails_on_a_list_token_of_unknown_length(stack: CloudStack) -> None:
    (line,) = refusal(VpcModule, stack, public_subnets=Token.as_list("${module.other.subnets}"))
    assert "public_subnets: the number of resources depends on its length" in line


@guard("test-short", "anyscale_bucket_name")
def too_short(i: Inputs) -> Finding | None:
    return Finding("name is short", "write more", i["anyscale_bucket_name"], "3 letters")


@guard("test-plain", "anyscale_bucket_name")
def too_plain(i: Inputs) -> Finding | None:
    return Finding("name is plain", "add some colour") if i.known("anyscale_bucket_name") else None


@guard("test-new", "anyscale_bucket_name", severity="warning")
def too_new(_: Inputs) -> Finding | None:
    return Finding("name is new", "wait")


class Guarded(S3Module):
    guards: ClassVar[Sequence[Guard]] = (too_short, too_plain, too_new)


class Warned(S3Module):
    guards: ClassVar[Sequence[Guard]] = (too_new,)


def test_fails_once_with_the_findings_of_all_guards(stack: CloudStack) -> None:
    assert refusal(Guarded, stack, anyscale_bucket_name="ab") == [
        "module.m: name is short; got 'ab'; expected 3 letters. Fix: write more",
        "module.m: name is plain. Fix: add some colour",
    ]


def test_guards_run_after_the_type_checks(stack: CloudStack) -> None:
    (line,) = refusal(Guarded, stack, anyscale_bucket_name=1)
    assert line == "module.m: anyscale_bucket_name: must be a string; got 1. Fix: put it in quotes"


def test_fails_on_two_modules_with_the_same_id(stack: CloudStack) -> None:
    S3Module(stack, "m")
    with pytest.raises(InputError, match=r"^module.m already exists. Fix: give each module a unique ID"):
        VpcModule(stack, "m")


def test_warnings_are_annotations(stack: CloudStack) -> None:
    assert warnings(Warned(stack, "m")) == ["name is new. Fix: wait"]


ODD, WRONG, DULL = Rule("test-odd", "warning", ""), Rule("test-wrong", "error", ""), Rule("test-dull", "note", "")


class Found(S3Module):
    guards: ClassVar[Sequence[Guard]] = (too_new,)

    def findings(self) -> Iterator[Finding]:
        works = "anyscale_bucket_name" not in self.inputs.given
        yield Finding("scope is odd", "move it", rule=ODD if works else WRONG)
        yield Finding("scope is dull", "paint it", rule=DULL)


def test_findings_of_constructs_are_reported_like_those_of_guards(stack: CloudStack) -> None:
    found = Found(stack, "a")
    assert warnings(found) == ["name is new. Fix: wait", "scope is odd. Fix: move it"]
    assert notes(found) == ["scope is dull. Fix: paint it"]
    (line,) = refusal(Found, stack, anyscale_bucket_name="ab")
    assert line == "module.m: scope is odd. Fix: move it"


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


def test_the_address_contains_the_id(stack: CloudStack) -> None:
    vpc = VpcModule(stack, "network")
    assert vpc.address == "module.network"
    assert spelled(vpc.vpc_id) == "${module.network.vpc_id}"
    assert vpc.private_subnet_ids.type == "list(string)"
    assert stack.modules == {"network": vpc}


def test_the_address_in_a_nested_construct_is_the_terraform_address(stack: CloudStack) -> None:
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
