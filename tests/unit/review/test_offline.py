"""The input of Terraform for an offline plan, and its result; the program is a double here."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.review import offline
from anyscale_constructs.review.sides import Side
from tests.unit.review.plans import VPC, change

TERRAFORM = """#!{python}
import json, os, pathlib, shutil, sys
record = pathlib.Path({record!r})
if sys.argv[1] == "init":
    keys = ["", *(f"test.offline.json.{{run}}" for run in ("base", "base_again", "head"))]
    modules = [{{"Key": key, "Dir": key.rpartition(".")[2].removesuffix("_again") or "."}} for key in keys]
    place = pathlib.Path(".terraform/modules")
    place.mkdir(parents=True)
    (place / "modules.json").write_text(json.dumps({{"Modules": modules}}))
else:
    shutil.copytree(".", record / "folder")
(record / f"{{sys.argv[1]}}.json").write_text(json.dumps(dict(os.environ)))
print(pathlib.Path(record / f"{{sys.argv[1]}}.out").read_text())
"""
STACK: dict[str, Any] = {
    "//": {"metadata": {"stackName": "prod"}},
    "terraform": {
        "backend": {"s3": {"bucket": "state"}},
        "required_providers": {
            "aws": {"source": "hashicorp/aws", "version": "5.100.0"},
            "helm": {"source": "hashicorp/helm", "version": "3.1.1"},
        },
    },
    "provider": {
        "aws": [
            {
                "region": "eu-west-1",
                "default_tags": {"tags": {"a": "b"}},
                "assume_role": {"role_arn": "arn"},
                "allowed_account_ids": ["1"],
                "profile": "production",
                "endpoints": [{"ec2": "http://example.com"}],
            },
            {"alias": "west", "region": "us-west-2"},
        ],
        "helm": [{"kubernetes": {"host": "https://example.com"}}],
    },
    "variable": {
        "secret": {"type": "map(list(string))", "sensitive": True},
        "token": {"type": "string", "ephemeral": True, "validation": [{"condition": "${false}"}]},
        "size": {"type": "number", "default": 3},
    },
    "data": {"aws_caller_identity": {"this": {}}, "aws_iam_policy_document": {"this": {}}},
    "resource": {
        "aws_vpc": {"this": {"cidr_block": "10.0.0.0/19", "lifecycle": {"prevent_destroy": True}}},
        "aws_memorydb_user": {"a": {"passwords": '${var.secret["anyscale"]}'}},
    },
}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory where the double stores its input, and reads its output."""
    folder = tmp_path / "record"
    folder.mkdir()
    program = tmp_path / "terraform"
    program.write_text(TERRAFORM.format(python=sys.executable, record=str(folder)))
    program.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(program))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    says(folder, init=[], test=[])
    return folder


def says(record: Path, **events: list[dict[str, Any]]) -> None:
    for command, lines in events.items():
        (record / f"{command}.out").write_text("\n".join(map(json.dumps, lines)))


def side(folder: Path, **stacks: dict[str, Any]) -> Side:
    for name, content in stacks.items():
        place = folder / "stacks" / name
        place.mkdir(parents=True)
        (place / "cdk.tf.json").write_text(json.dumps(content))
    return Side(folder.name, folder)


def changed(range: str = "10.0.0.0/18") -> dict[str, Any]:
    stack: dict[str, Any] = json.loads(json.dumps(STACK))
    stack["resource"]["aws_vpc"]["this"]["cidr_block"] = range
    return stack


def plan(tmp_path: Path) -> offline.Plans:
    return offline.plan(side(tmp_path / "base", prod=STACK), side(tmp_path / "head", prod=changed()))


def given(record: Path, name: str) -> Any:
    return json.loads((record / "folder" / name).read_text())


def test_only_stacks_that_differ_in_both_sides_are_planned(tmp_path: Path) -> None:
    comment = STACK | {"//": {"metadata": {"stackName": "other"}}}
    base = side(tmp_path / "base", same=STACK, gone=STACK, other=STACK)
    head = side(tmp_path / "head", same=comment, new=STACK, other=changed())
    assert offline.differing(base, head) == ["other"]


def test_providers_keep_what_decides_a_plan_and_nothing_that_calls(record: Path, tmp_path: Path) -> None:
    plan(tmp_path)
    for name in ("base", "head"):
        tree = given(record, f"{name}/cdk.tf.json")
        first, second = tree["provider"]["aws"]
        assert {"region": "eu-west-1", "default_tags": {"tags": {"a": "b"}}}.items() <= first.items()
        assert not {"assume_role", "allowed_account_ids", "profile", "endpoints"} & first.keys()
        assert (second["alias"], second["region"], second["access_key"]) == ("west", "us-west-2", "mock")
        assert tree["provider"]["helm"] == [{}]
        assert "backend" not in tree["terraform"]
        assert tree["resource"]["aws_vpc"]["this"]["lifecycle"] == {}
        assert "validation" not in tree["variable"]["token"]


def test_runs_share_a_state_that_is_mocked(record: Path, tmp_path: Path) -> None:
    plan(tmp_path)
    test = given(record, "offline.tftest.json")
    runs = test["run"]
    assert [*runs] == ["base", "base_again", "head"]
    assert {run["state_key"] for run in runs.values()} == {"cloud"}
    assert [run["command"] for run in runs.values()] == ["apply", "plan", "plan"]
    assert runs["base"]["providers"] == {"aws": "aws.mock", "aws.west": "aws.west_mock", "helm": "helm"}
    assert [mock.get("alias") for mock in test["mock_provider"]["aws"]] == ["mock", "west_mock"]
    assert [mock.get("alias") for mock in test["mock_provider"]["helm"]] == [None]
    assert [each["target"] for each in test["override_data"]] == ["data.aws_caller_identity.this"]
    variables = runs["head"]["variables"]
    assert variables.keys() == {"secret", "token"}
    assert [*variables["secret"]] == ["anyscale"]


def test_credentials_and_the_network_stay_out(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "GOOGLE_CREDENTIALS", "ARM_CLIENT_SECRET", "KUBECONFIG", "TF_VAR_token"):
        monkeypatch.setenv(name, "there")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "here.rc")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    plan(tmp_path)
    init, test = (json.loads((record / f"{command}.json").read_text()) for command in ("init", "test"))
    for environment in (init, test):
        assert "there" not in environment.values()
        assert environment["TF_CLI_CONFIG_FILE"] == "here.rc"
    assert init["HTTPS_PROXY"] == "http://proxy.example.com"
    assert test["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert test["AWS_CONFIG_FILE"] == os.devnull


def test_differences_from_the_plan_of_the_base_are_returned(record: Path, tmp_path: Path) -> None:
    before = VPC["change"]["before"]
    noise = change(VPC["address"], before, before)
    plans = [("base_again", noise), ("head", VPC)]
    says(record, test=[{"@testrun": run, "test_plan": {"resource_changes": [each]}} for run, each in plans])
    found = plan(tmp_path)
    assert found.failures == {}
    assert [(each.address, each.replaces) for each in found.changes["prod"]] == [(VPC["address"], True)]


@pytest.mark.parametrize("command", ["init", "test"])
def test_an_error_of_terraform_is_one_line_and_nothing_is_left(command: str, record: Path, tmp_path: Path) -> None:
    detail = "It is not\navailable."
    diagnostic = {"severity": "error", "summary": "No provider", "detail": detail, "address": "aws_vpc.this"}
    says(record, **{command: [{"type": "diagnostic", "diagnostic": diagnostic}]})
    assert plan(tmp_path).failures == {"prod": "aws_vpc.this: No provider: It is not available"}
    assert [*(tmp_path / "temporary").iterdir()] == []


@pytest.mark.usefixtures("record")
def test_a_test_without_a_plan_is_no_plan_without_changes(tmp_path: Path) -> None:
    assert plan(tmp_path) == offline.Plans({}, {"prod": "terraform test returned no plan"})


@pytest.mark.usefixtures("record")
def test_no_home_directory_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown_user(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", unknown_user)
    assert plan(tmp_path).failures.keys() == {"prod"}
