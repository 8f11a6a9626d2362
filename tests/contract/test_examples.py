"""Every example, through the real `terraform init` and `terraform validate`, against upstream's interfaces."""

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.errors import InputError
from anyscale_constructs.testing import SynthesizedCloud
from tests.contract import standins
from tests.contract.conftest import Validate
from tests.examples import SYNTHESIZED


def test_an_example_is_valid_for_its_modules(
    cloud: SynthesizedCloud, tmp_path: pathlib.Path, validate: Validate
) -> None:
    for stack in cloud.stacks:
        result = validate(standins.redirect(stack.terraform, stack.construct, tmp_path / "modules"))
        assert result.returncode == 0, f"{stack.name}: {result.stdout}{result.stderr}"


def change_type(configuration: dict[str, Any]) -> None:
    configuration["module"]["vpc"]["public_subnets"] = {"not": "a list"}


def leave_out_a_required_input(configuration: dict[str, Any]) -> None:
    del configuration["module"]["securitygroups"]["vpc_id"]


def add_an_unknown_input(configuration: dict[str, Any]) -> None:
    configuration["module"]["s3"]["no_such_input"] = 1


def refer_to_an_unknown_output(configuration: dict[str, Any]) -> None:
    configuration["output"]["anyscale_vpc_id"]["value"] = "${module.vpc.no_such_output}"


def break_a_validation(configuration: dict[str, Any]) -> None:
    configuration["module"]["s3"]["bucket_namespace"] = "local"


def change_the_type_of_a_providers_argument(configuration: dict[str, Any]) -> None:
    configuration["module"]["provider-aws"]["region_"] = {"not": "text"}


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (change_type, "list of string required"),
        (leave_out_a_required_input, 'The argument "vpc_id" is required'),
        (add_an_unknown_input, 'No argument or block type is named "no_such_input"'),
        (refer_to_an_unknown_output, "no_such_output"),
        (break_a_validation, "upstream refuses it"),
        (
            change_the_type_of_a_providers_argument,
            "The given value is not suitable for module.provider-aws.var.region_",
        ),
    ],
)
def test_the_check_finds_a_fault(
    spoil: Callable[[dict[str, Any]], None], complaint: str, tmp_path: pathlib.Path, validate: Validate
) -> None:
    (stack,) = SYNTHESIZED["minimal"].stacks
    spoiled = standins.redirect(stack.terraform, stack.construct, tmp_path / "modules")
    spoil(spoiled)
    result = validate(spoiled)
    assert result.returncode != 0
    assert complaint in " ".join((result.stdout + result.stderr).split())


def test_the_check_finds_a_fault_in_provider_blocks(tmp_path: pathlib.Path) -> None:
    (stack,) = SYNTHESIZED["registered-by-terraform"].stacks
    configuration = stack.terraform
    (provider,) = configuration["provider"]["aws"]
    provider["assume_role"]["external"] = provider["assume_role"].pop("external_id")
    with pytest.raises(InputError, match=r"provider\.aws\.assume_role: unknown argument 'external'"):
        standins.redirect(configuration, stack.construct, tmp_path / "modules")


def test_the_check_finds_a_fault_in_lists_of_blocks(tmp_path: pathlib.Path) -> None:
    _, stack = SYNTHESIZED["generic"].stacks
    configuration = stack.terraform
    (token,) = configuration["resource"]["helm_release"]["anyscale-operator-token"]["set_wo"]
    token["typ"] = token.pop("type")
    with pytest.raises(InputError, match=r"anyscale-operator-token\.set_wo\[0\]: unknown argument 'typ'"):
        standins.redirect(configuration, stack.construct, tmp_path / "modules")


@pytest.mark.parametrize("argument", ["values", "set_wo"])
def test_terraform_keeps_the_operators_token_out_of_plans_and_states(
    argument: str, tmp_path: pathlib.Path, validate: Validate
) -> None:
    _, stack = SYNTHESIZED["generic"].stacks
    configuration = stack.terraform
    (token,) = configuration["resource"]["helm_release"]["anyscale-operator-token"]["set_wo"]
    given = {"values": [token["value"]], "set_wo": [token]}
    configuration["resource"]["helm_release"]["anyscale-operator-token"][argument] = given[argument]
    result = validate(standins.redirect(configuration, stack.construct, tmp_path / "modules"))
    assert (result.returncode == 0) == (argument == "set_wo")
    assert ("Ephemeral value" in result.stdout + result.stderr) == (argument == "values")
