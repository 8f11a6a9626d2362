"""What users add to a stack, through the real `terraform init` and `terraform validate`."""

import importlib
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import engine
from anyscale_constructs.aws import S3
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.backend import Hcp
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from tests.contract import standins
from tests.contract.conftest import Validate

cdktf: Any = importlib.import_module(engine.name)

BUILT_IN = {"source": "terraform.io/builtin/terraform"}
STATE = {"backend": "local", "config": {"path": "other.tfstate"}}
ADDITIONS: dict[str, Any] = {
    "terraform.required_providers.terraform": BUILT_IN,
    "terraform.required_version": ">= 1.11",
    "moved": [{"from": "module.bucket", "to": "module.s3"}, {"from": "terraform_data.a", "to": "terraform_data.mine"}],
    "import": [{"to": "terraform_data.mine", "id": "mine"}],
    "removed": [{"from": "terraform_data.old", "lifecycle": {"destroy": False}}],
    "check.reachable": {
        "data": {"terraform_remote_state": {"other": STATE}},
        "assert": [
            {"condition": "${length(data.terraform_remote_state.other.outputs) > 0}", "error_message": "No outputs."},
            {"condition": '${module.s3.s3_bucket_id != ""}', "error_message": "No name: ${module.s3.s3_bucket_arn}"},
        ],
    },
    "locals.names": ["a", "b"],
    "variable.size": {"type": "number", "default": 1},
    "output.added": {"value": "${local.names[var.size]}"},
    "module.s3.tags.Team": "ml",
}


def configuration(stack: CloudStack, directory: pathlib.Path) -> dict[str, Any]:
    """The stack's JSON with stand-in modules, which need only the provider that is built into Terraform."""
    tree: dict[str, Any] = stack.to_terraform()
    for name, call in tree["module"].items():
        call["source"] = str(standins.write(stack.modules[name].interface, directory))
    del tree["terraform"]["required_providers"]["aws"]
    return tree


@pytest.fixture
def stack(tmp_path: pathlib.Path) -> CloudStack:
    stack = CloudStack(App(tmp_path / "out"), "test", backend=Hcp(type="hcp", organization="acme"))
    S3(stack, anyscale_bucket_name="acme-bucket")
    Resource(stack, "terraform_data", "mine", {"input": "a"})
    return stack


def test_terraform_accepts_what_users_add(stack: CloudStack, tmp_path: pathlib.Path, validate: Validate) -> None:
    for path, value in ADDITIONS.items():
        stack.add_override(path, value)
    tree = configuration(stack, tmp_path / "modules")
    assert {path.partition(".")[0] for path in ADDITIONS} <= tree.keys()
    result = validate(tree)
    assert result.returncode == 0, result.stdout + result.stderr


BACKENDS: dict[str, Callable[[CloudStack], object]] = {
    "a construct": lambda stack: cdktf.HttpBackend(stack, address="https://state.example.com"),
    "an override of backend": lambda stack: stack.add_override("terraform.backend.http.address", "https://example.com"),
    "an override of cloud": lambda stack: stack.add_override("terraform.cloud.workspaces", {"tags": ["acme"]}),
}


@pytest.mark.parametrize("add", BACKENDS.values(), ids=BACKENDS)
def test_terraform_finds_one_backend(
    add: Callable[[CloudStack], object], stack: CloudStack, tmp_path: pathlib.Path, validate: Validate
) -> None:
    add(stack)
    tree = configuration(stack, tmp_path / "modules")
    result = validate(tree)
    assert result.returncode == 0, result.stdout + result.stderr
    spoilt = tree["terraform"]
    spoilt["backend"] = spoilt.get("backend", {}) | {"s3": {}}
    spoilt.setdefault("cloud", {"organization": "acme"})
    assert validate(tree).returncode != 0  # or the line above could not fail


@pytest.mark.parametrize(
    ("addition", "complaint"),
    [
        ({"moved": [{"from": "module.bucket"}]}, 'The argument "to" is required'),
        ({"check.it.assert": [{"condition": "${module.s3.s3_bucket_id == 1}"}]}, '"error_message" is required'),
        ({"removed": [{"lifecycle": {"destroy": False}}]}, 'The argument "from" is required'),
    ],
)
def test_the_check_finds_a_fault(
    addition: dict[str, Any], complaint: str, stack: CloudStack, tmp_path: pathlib.Path, validate: Validate
) -> None:
    """Terraform validates these blocks, so it finds an invalid one."""
    stack.add_override(*addition.popitem())
    result = validate(configuration(stack, tmp_path / "modules"))
    assert result.returncode != 0
    assert complaint in " ".join((result.stdout + result.stderr).split())
