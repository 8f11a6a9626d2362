import io
import json
import pathlib
from typing import Any

import pytest
import yaml

from anyscale_constructs.cli.project import output_directory
from anyscale_constructs.errors import ConfigError, RegistrationError
from anyscale_constructs.registration.outputs import find_registration, read_outputs
from anyscale_constructs.terraform.program import terraform
from tests.registration_samples import AWS_VM, ORG_ID

_VALUES = {"anyscale_cloud_name": "prod", "anyscale_cloud_resource": AWS_VM, "vpc_id": "vpc-0123456789abcdef0"}

FORMS: dict[str, Any] = {
    "terraform output": {k: {"sensitive": False, "type": "string", "value": v} for k, v in _VALUES.items()},
    "cdktf deploy": {"staging": {"anyscale_cloud_resource": {}}, "prod": _VALUES},
    "plain values": _VALUES,
}


@pytest.mark.parametrize("outputs", FORMS.values(), ids=FORMS)
def test_every_format_contains_name_and_resource(outputs: Any) -> None:
    found = find_registration(outputs, "prod", source="outputs")
    assert found.cloud_name == "prod"
    assert found.resource.mapping() == AWS_VM


OUT = pathlib.Path("cdktf.out")


def test_a_resource_file_needs_a_name() -> None:
    found = find_registration(AWS_VM, "prod", source="resource.yaml", name="staging")
    assert (found.cloud_name, found.resource.mapping()) == ("staging", AWS_VM)
    with pytest.raises(RegistrationError, match="set the cloud's name with --name"):
        find_registration(AWS_VM, "prod", source="resource.yaml")


def test_a_name_option_takes_precedence() -> None:
    assert find_registration(_VALUES, "prod", source="outputs", name="other").cloud_name == "other"


def test_an_external_id_of_the_same_organization_passes() -> None:
    assert find_registration({**_VALUES, "anyscale_org_id": ORG_ID}, "prod", source="outputs").cloud_name == "prod"


def test_fails_on_an_organization_that_is_only_a_prefix() -> None:
    with pytest.raises(RegistrationError, match="must begin with the organization ID and a hyphen, org_e2e123-;"):
        find_registration({**_VALUES, "anyscale_org_id": ORG_ID[:-1]}, "prod", source="outputs")


@pytest.mark.parametrize("dump", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_outputs_come_from_a_file_or_from_standard_input(
    dump: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "outputs"
    file.write_text(dump(_VALUES))
    assert read_outputs("prod", str(file), OUT, 60) == (_VALUES, str(file))
    monkeypatch.setattr("sys.stdin", io.StringIO(dump(_VALUES)))
    assert read_outputs("prod", "-", OUT, 60) == (_VALUES, "standard input")


def test_fails_without_the_stack_s_directory_and_names_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegistrationError, match=r"has no directory cdktf\.out/stacks/prod"):
        read_outputs("prod", None, output_directory(), 60)
    (tmp_path / "cdktf.json").write_text('{"output": "build"}')
    with pytest.raises(RegistrationError, match="has no directory build/stacks/prod"):
        read_outputs("prod", None, output_directory(), 60)


def test_fails_on_the_outputs_of_another_cloud() -> None:
    with pytest.raises(RegistrationError, match="has the outputs of the cloud prod, not of staging"):
        find_registration(_VALUES, "staging", source="outputs")


@pytest.mark.parametrize("text", ["{", '{"output": 5}'])
def test_fails_on_a_broken_cdktf_json(text: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cdktf.json").write_text(text)
    with pytest.raises(ConfigError, match=r"cdktf\.json"):
        read_outputs("prod", None, output_directory(), 60)


def test_an_empty_variable_names_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "")
    assert terraform() == "terraform"


def test_fails_without_terraform(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "/no/such/terraform")
    (tmp_path / "cdktf.out/stacks/prod").mkdir(parents=True)
    with pytest.raises(RegistrationError, match="/no/such/terraform cannot be run"):
        read_outputs("prod", None, output_directory(), 60)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'Error: Backend initialization required, please run "terraform init"\n\nReason: Initial configuration',
            "the stack prod is not initialized in cdktf.out/stacks/prod. Fix: run {run} init, then {run} apply",
        ),
        (
            "Error: no credentials\n\nNone",
            (
                "terraform output of prod failed: Error: no credentials\n\nNone. "
                "Fix: fix the problem that Terraform reports"
            ),
        ),
        ("", "terraform output of prod failed: exit status 1. Fix: fix the problem that Terraform reports"),
    ],
    ids=["before init", "anything else", "nothing"],
)
def test_fails_when_terraform_fails(
    said: str, told: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform = tmp_path / "tf"
    terraform.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    terraform.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform))
    (tmp_path / "cdktf.out/stacks/prod").mkdir(parents=True)
    with pytest.raises(RegistrationError) as error:
        read_outputs("prod", None, output_directory(), 60)
    assert str(error.value) == told.format(run=f"{terraform} -chdir=cdktf.out/stacks/prod")


@pytest.mark.parametrize("code", ["${var.a}", "${module.vpc.vpc_id}", "${data.aws_region.current.name}"])
@pytest.mark.parametrize("outputs", FORMS.values(), ids=FORMS)
def test_fails_on_references_in_place_of_values(outputs: Any, code: str) -> None:
    text = json.dumps(outputs).replace(f'"{AWS_VM["region"]}"', f'"{code}"')
    with pytest.raises(RegistrationError, match=r"region: is a reference of Terraform's, not its value"):
        find_registration(json.loads(text), "prod", source="outputs")
    for key, value in AWS_VM.items():
        if isinstance(value, str | dict):
            with pytest.raises(RegistrationError, match=f"{key}: is a reference"):
                find_registration(AWS_VM | {key: code}, "prod", source="resource.yaml", name="prod")
