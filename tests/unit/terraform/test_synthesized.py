"""The structure of a stack's JSON, which overrides and edits of the output can break."""

import contextlib
import copy
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.aws import S3
from anyscale_constructs.cli.locking import lock_stacks
from anyscale_constructs.errors import ConstructsError, EngineRefusalError, LockError, SynthesisError
from anyscale_constructs.review.report import review
from anyscale_constructs.review.sides import from_folder
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.ejecting import eject
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.terraform.synthesized import read_synthesized
from tests.unit.odd import ODD, with_odd_values

TREE: dict[str, Any] = {
    "//": {"metadata": {"stackName": "prod"}},
    "terraform": {
        "backend": {"local": {"path": "a.tfstate"}},
        "cloud": {"workspaces": {"name": "a"}},
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6.0"}, "time": ">= 0.9"},
    },
    "provider": {"aws": [{"region": "us-east-2", "alias": "b"}], "time": {}},
    "module": {"vpc": {"source": "git::https://example.com/a.git//b?ref=1", "cidr_block": "10.0.0.0/16"}},
    "resource": {"aws_s3_bucket": {"a": {"bucket": "c"}}},
    "data": {"terraform_remote_state": {"a": {"backend": "local", "config": {"path": "b"}}}},
    "variable": {"a": {"type": "string"}},
    "locals": {"a": [1]},
    "output": {"a": {"value": "${module.vpc.a}"}},
    "check": {"a": {"data": {"aws_s3_bucket": {"b": {"bucket": "c"}}}}},
    "moved": [{"from": "aws_s3_bucket.b", "to": "aws_s3_bucket.a"}],
    "import": [{"to": "aws_s3_bucket.a", "id": "c"}],
    "removed": [{"from": "aws_s3_bucket.c", "lifecycle": {"destroy": False}}],
}


def put(folder: Path, text: str) -> Path:
    stack = folder / "stacks" / "prod"
    stack.mkdir(parents=True, exist_ok=True)
    (stack / "cdk.tf.json").write_text(text)
    (folder / "manifest.json").write_text(json.dumps({"stacks": {"prod": {"workingDirectory": "stacks/prod"}}}))
    return folder


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ("", "it is not valid JSON"),
        ("[" * 100_000, "it is not valid JSON"),
        ([], "must be a mapping; got a list"),
        ({"terraform": 1}, "terraform: must be a mapping; got 1"),
        ({"terraform": {"required_providers": {"a": 1}}}, "terraform.required_providers.a: must be a mapping; got 1"),
        ({"module": {"vpc": {}}}, "module.vpc.source: is required"),
        ({"resource": {"a": {"b": "c"}}}, "resource.a.b: must be a mapping; got 'c'"),
        ({"provider": {"aws": "a"}}, "provider.aws.0: must be a mapping; got 'a'"),
    ],
)
def test_fails_on_another_structure(tree: Any, says: str, tmp_path: Path) -> None:
    file = put(tmp_path, tree if isinstance(tree, str) else json.dumps(tree)) / "stacks/prod/cdk.tf.json"
    for read in (
        lambda: read_synthesized(file),
        lambda: from_folder(tmp_path),
        lambda: eject(file.parent, file.parent, tmp_path / "ejected"),
        lambda: [*lock_stacks(tmp_path, [], tmp_path / "locks", [], upgrade=False, say=print)],
    ):
        with pytest.raises(SynthesisError) as error:
            read()
        what = f"{file} is not what synthesis writes: {says}"
        assert str(error.value) == f"{what}. Fix: synthesize it again"


def test_what_synthesis_writes_is_read(tmp_path: Path) -> None:
    assert read_synthesized(put(tmp_path, json.dumps(TREE)) / "stacks/prod/cdk.tf.json") == TREE


def _locks(folder: Path) -> None:
    with pytest.raises(LockError, match="failed: exit status 1"):
        [*lock_stacks(folder, [], folder / "locks", [], upgrade=False, say=str)]


USES: dict[str, Callable[[Path, Path], object]] = {
    "review": lambda base, head: review(from_folder(base), from_folder(head), None, plan="without a plan"),
    "eject": lambda _, head: eject(head / "stacks/prod", head / "stacks/prod", head / "ejected"),
    "lock": lambda _, head: _locks(head),
}


@pytest.mark.parametrize("use", USES)
def test_an_unexpected_value_anywhere_is_used_or_refused(
    use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "false")
    base = put(tmp_path / "base", json.dumps(TREE))
    refused = 0
    step = len(ODD) + 1 if use == "lock" else 1  # it starts a program
    for number, tree in enumerate(itertools.islice(with_odd_values(TREE), 0, None, step)):
        try:
            USES[use](base, put(tmp_path / f"head-{number}", json.dumps(tree)))
        except ConstructsError:
            refused += 1
    assert refused > 0


PATHS = [
    *("//", "//.metadata", "terraform", "terraform.backend", "terraform.backend.s3", "terraform.backend.local.path"),
    *("terraform.cloud", "terraform.cloud.workspaces", "terraform.required_version", "terraform.required_providers"),
    *("terraform.required_providers.aws", "terraform.required_providers.aws.version", "provider", "provider.aws"),
    *("provider.aws.0", "provider.aws.1", "module", "module.s3", "module.s3.source", "module.s3.tags", "module.other"),
    *("module.s3.depends_on", "resource", "resource.aws_vpc", "resource.aws_vpc.a", "resource.terraform_data.mine"),
    *("data", "data.aws_vpc", "data.aws_vpc.a", "variable", "variable.a", "locals", "locals.a", "output", "output.a"),
    *("check", "check.a", "check.a.data", "moved", "import", "removed", "ephemeral", "", ".", "a..b", "0"),
]
WRONG: list[tuple[str, Any, str]] = [
    ("terraform.required_providers.aws.version", 6, "version must be a string; got 6"),
    ("terraform.required_version", 1.5, "terraform.required_version must be a string; got 1.5"),
    ("provider.aws", "x", "provider.aws.0 must be a mapping; got 'x'"),
    ("module", [], "module must be a mapping; got a list"),
    ("moved", "a", "moved.0 must be a mapping; got 'a'"),
]


def overridden(path: str, value: Any, folder: Path) -> CloudStack:
    stack = CloudStack(App(folder), "test")
    S3(stack, anyscale_bucket_name="acme-bucket")
    Resource(stack, "terraform_data", "mine", {"input": "a"})
    stack.add_provider("aws", region="us-east-2")
    stack.add_override(path, value)
    return stack


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=str)
def test_fails_on_an_override_that_breaks_the_structure(path: str, value: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(SynthesisError) as error:
        overridden(path, value, tmp_path).to_terraform()
    assert says in str(error.value)
    assert str(error.value).endswith("Fix: correct the override")


@pytest.mark.parametrize("path", PATHS)
def test_an_unexpected_override_is_synthesized_or_refused(path: str, tmp_path: Path) -> None:
    for odd in (*ODD, {"a": {"b": {"c": 1}}}, [{"from": "a.b", "to": "c.d"}]):
        with contextlib.suppress(ConstructsError, EngineRefusalError):
            overridden(path, copy.deepcopy(odd), tmp_path).to_terraform()
