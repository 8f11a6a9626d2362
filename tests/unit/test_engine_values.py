"""Values that a program passes to constructs: of the engine's classes, and of Python's."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import aws, google
from anyscale_constructs.engine import TerraformVariable, Token
from anyscale_constructs.engine import name as engine_name
from anyscale_constructs.errors import ConstructsError, InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.google.operator_account import OperatorAccount
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.aws import parts as of_aws
from tests.unit.google import parts as of_google

engine: Any = importlib.import_module(engine_name)
"""The engine itself, whose classes users import."""

Make = Callable[..., Any]


def groups(stack: CloudStack, **inputs: Any) -> aws.SecurityGroups:
    return aws.SecurityGroups(stack, vpc=of_aws.NETWORK, **inputs)


def aws_vpc(stack: CloudStack, **inputs: Any) -> aws.Vpc:
    return aws.Vpc(stack, **inputs)


def firewall(stack: CloudStack, **inputs: Any) -> google.VpcFirewall:
    return google.VpcFirewall(stack, project=of_google.PROJECT, vpc=of_google.NETWORK, **inputs)


def google_vpc(stack: CloudStack, **inputs: Any) -> google.Vpc:
    return google.Vpc(stack, project=of_google.PROJECT, region=of_google.REGION, **inputs)


def account(stack: CloudStack, **inputs: Any) -> OperatorAccount:
    return OperatorAccount(stack, project=of_google.PROJECT, account_id="anyscale", **inputs)


# How a program names a variable's value, by Terraform's type of it.
FORMS: dict[str, dict[str, Callable[[CloudStack, Any], Any]]] = {
    "string": {
        "string_value": lambda _, variable: variable.string_value,
        "a local value": lambda stack, variable: engine.TerraformLocal(stack, "near", variable.value).as_string,
        "a token": lambda _, variable: Token.as_string(variable.value),
    },
    "list(string)": {
        "list_value": lambda _, variable: variable.list_value,
        "string_value": lambda _, variable: variable.string_value,
        "a local value": lambda stack, variable: engine.TerraformLocal(stack, "near", variable.value).as_list,
        "a token": lambda _, variable: Token.as_list(variable.value),
        "a list of our own": lambda _, __: expr("var.given", "list(string)").as_list(),
    },
    "number": {
        "number_value": lambda _, variable: variable.number_value,
        "a local value": lambda stack, variable: engine.TerraformLocal(stack, "near", variable.value).as_number,
        "a token": lambda _, variable: Token.as_number(variable.value),
    },
    "bool": {
        "boolean_value": lambda _, variable: variable.boolean_value,
        "a local value": lambda stack, variable: engine.TerraformLocal(stack, "near", variable.value).as_boolean,
        "a token": lambda _, variable: Token.as_any(variable.value),
    },
    "map(string)": {
        "a local value": lambda stack, variable: engine.TerraformLocal(stack, "near", variable.value).as_string_map,
        "a token": lambda _, variable: Token.as_string_map(variable.value),
    },
}
for _type, _forms in FORMS.items():
    _forms["an expression"] = lambda _, __, type_=_type: expr("var.given", type_)  # type: ignore[misc] # bound now
    _forms["a reference"] = lambda _, __: "${var.given}"

# (a construct, its argument, the argument's type, the input that it comes to, and the input's value)
ARGUMENTS: list[tuple[Make, str, str, str, Any]] = [
    (
        groups,
        "ingress_cidr_blocks",
        "list(string)",
        "ingress_from_cidr_map",
        [{"cidr_blocks": '${join(",", CODE)}', "rule": "https-443-tcp"}],
    ),
    (groups, "security_group_name", "string", "security_group_name", "${CODE}"),
    (groups, "create_security_group", "bool", "create_security_group", "${CODE}"),
    (groups, "tags", "map(string)", "tags", "${CODE}"),
    (groups, "machine_pool_cidr_ranges", "list(string)", "machine_pool_cidr_ranges", "${CODE}"),
    (
        firewall,
        "ingress_cidr_blocks",
        "list(string)",
        "ingress_from_cidr_map",
        [{"cidr_blocks": '${join(",", CODE)},10.21.0.0/23', "rule": "https-443-tcp"}],
    ),
    (aws_vpc, "public_subnets", "list(string)", "public_subnets", "${CODE}"),
    (aws_vpc, "max_az_count", "number", "max_az_count", "${CODE}"),
    (aws_vpc, "enable_vpc_flow_logs", "bool", "create_flow_log_cloudwatch_iam_role", "${CODE}"),
    (google_vpc, "subnet_cidr", "string", "public_subnet_cidr", "${CODE}"),
]


@pytest.mark.parametrize(("case", "form"), [(case, form) for case in ARGUMENTS for form in FORMS[case[2]]])
def test_engine_values_are_accepted(case: tuple[Make, str, str, str, Any], form: str, stack: CloudStack) -> None:
    make, argument, type_, name, value = case
    given = FORMS[type_][form](stack, TerraformVariable(stack, "given", type=type_))
    module: Module = make(stack, **{argument: given})
    code = "local.near" if form == "a local value" else "var.given"
    found = stack.to_terraform()["module"][module.module_id][name]
    assert str(found).replace(code, "CODE") == str(value)


def iterator(_: CloudStack) -> Any:
    return engine.TerraformIterator.from_list(["10.0.0.0/8"])


# (a construct, its argument, an invalid value, and the message)
REFUSED: list[tuple[Make, str, Callable[[CloudStack], Any], str]] = [
    *(
        (make, name, value, says)
        for make, name in (
            (groups, "ingress_cidr_blocks"),
            (firewall, "ingress_cidr_blocks"),
            (aws_vpc, "public_subnets"),
        )
        for value, says in (
            (lambda _: "10.0.0.0/8", f"{name}: must be a list; got '10.0.0.0/8'"),
            (lambda _: {"10.0.0.0/8"}, f"{name}: must be a list; got {{'10.0.0.0/8'}}"),
            (iterator, f"{name} is an object of the engine, not its value"),
            (
                lambda _: expr("var.x", "string"),
                f"{name}: must be a Terraform list, but the expression var.x is a string",
            ),
        )
    ),
    *(
        (make, name, lambda stack, form=form: form(stack, TerraformVariable(stack, "v")), says)
        for make, name, type_ in (
            (groups, "enable_ssh_access", "bool"),
            (firewall, "enable_ssh_access", "bool"),
            (account, "file_storage", "bool"),
            (aws_vpc, "networking_mode", "string"),
            (google_vpc, "networking_mode", "string"),
            (aws_vpc, "availability_zone_count", "number"),
        )
        for form in FORMS[type_].values()
        for says in (f"{name} shapes the stack, so it must be known at synthesis",)
    ),
    (
        aws_vpc,
        "availability_zones",
        lambda _: expr("var.zones", "list(string)"),
        "availability_zones shapes the stack, so it must be known at synthesis; got '${var.zones}'",
    ),
]


@pytest.mark.parametrize(("make", "argument", "value", "says"), REFUSED)
def test_fails_on_values_of_the_wrong_type(
    make: Make, argument: str, value: Callable[[CloudStack], Any], says: str, stack: CloudStack
) -> None:
    with pytest.raises(ConstructsError) as error:
        make(stack, **{argument: value(stack)})
    assert isinstance(error.value, InputError)
    assert says in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_unresolved_subnets_are_counted_by_terraform(stack: CloudStack) -> None:
    TerraformVariable(stack, "given", type="list(string)")
    vpc = aws.Vpc(stack, public_subnets=expr("var.given", "list(string)"), availability_zone_count=None)
    aws.Efs(stack, vpc=vpc, security_group=of_aws.GROUP)
    assert stack.to_terraform()["module"]["efs"]["mount_targets_subnet_count"] == "${length(var.given)}"


def test_an_existing_vpc_of_values_of_the_engine(stack: CloudStack) -> None:
    first, second, zone, vpc_id = (
        TerraformVariable(stack, name, type="string").string_value for name in ("first", "second", "zone", "vpc")
    )
    zones = {first: zone, second: "us-east-2b"}
    network = aws.ExistingVpc(vpc_id=vpc_id, subnet_ids_to_az=zones)
    aws.Efs(stack, vpc=network, security_group=of_aws.GROUP)
    aws.MemoryDb(stack, vpc=network, security_group=of_aws.GROUP)
    groups = aws.SecurityGroups(stack, vpc=network, ingress_cidr_blocks=["10.0.0.0/8"])
    modules = stack.to_terraform()["module"]
    assert modules["efs"]["mount_targets_subnets"] == ["${var.first}", "${var.second}"]
    assert modules["memorydb"]["memorydb_subnet_ids"] == ["${var.first}", "${var.second}"]
    assert modules[groups.module_id]["vpc_id"] == "${var.vpc}"
