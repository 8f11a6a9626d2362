"""`anyscale-constructs schema`: the JSON Schema of a cloud's YAML."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from anyscale_constructs import cli
from anyscale_constructs.cli.project import load_stack
from anyscale_constructs.clouds import KINDS
from tests import ROOT, flat
from tests.examples import CLOUDS, FOLDER

Run = Callable[..., tuple[int, str, str]]

IDLE = [(kind, key) for kind in KINDS for key in load_stack(kind).config_type.idle_keys]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this repository; returns its exit status, stdout and stderr."""
    monkeypatch.chdir(ROOT)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "schema", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, flat(err)

    return run


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Returns whether a value matches a schema, for the parts of JSON Schema that pydantic writes."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    choices = schema.get("anyOf") or schema.get("oneOf") or []
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    checks: list[tuple[object, Callable[[], bool]]] = [
        (True, lambda: isinstance(value, TYPES.get(schema.get("type", ""), object))),
        (choices, lambda: any(fits(value, choice, root) for choice in choices)),
        ("const" in schema, lambda: value == schema["const"]),
        ("enum" in schema, lambda: value in schema["enum"]),
        (isinstance(value, str), lambda: bool(re.search(schema.get("pattern", ""), value))),
        (isinstance(value, list), lambda: all(fits(element, schema.get("items", {}), root) for element in value)),
        (isinstance(value, dict), lambda: set(schema.get("required", ())) <= set(value)),
        (isinstance(value, dict) and others is False, lambda: set(value) <= set(properties)),
        (
            isinstance(value, dict),
            lambda: all(
                fits(v, properties.get(k, others if isinstance(others, dict) else {}), root) for k, v in value.items()
            ),
        ),
    ]
    return all(check() for applies, check in checks if applies)


@pytest.fixture
def schema(run: Run) -> dict[str, Any]:
    status, out, err = run("ec2")
    assert (status, err) == (0, "")
    loaded: dict[str, Any] = json.loads(out)
    return loaded


def test_the_schema_names_its_dialect(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["stack", "org_id", "region"]


@pytest.mark.parametrize("example", CLOUDS, ids=lambda file: file.stem)
def test_examples_fit_the_schema(example: Path, run: Run) -> None:
    cloud = yaml.safe_load(example.read_text())
    schema = json.loads(run(cloud["stack"])[1])
    assert fits(cloud, schema, schema)


CLOUD: dict[str, Any] = {"stack": "ec2", "region": "us-east-2", "org_id": "org_1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"vpcs": {}},
        {"region": "cn-north-1"},
        {"external_id": "prod"},
        {"vpc": {"cidr_blok": "10.0.0.0/16"}},
        {"bucket": {"name": "Acme"}},
        {"networking_mode": "private"},
        {"backend": {"type": "s3", "bucket": "acme"}},
        {"tags": {"cost": 4711}},
    ],
)
def test_refused_clouds_do_not_match_the_schema(wrong: dict[str, Any], schema: dict[str, Any]) -> None:
    assert fits(CLOUD, schema, schema)
    assert not fits(CLOUD | wrong, schema, schema)


@pytest.mark.parametrize("kind", KINDS)
def test_idle_keys_are_not_in_the_schema(kind: str, run: Run) -> None:
    config_type = load_stack(kind).config_type
    schema = json.loads(run(kind)[1])
    keys = {field.validation_alias or name for name, field in config_type.model_fields.items()}
    assert schema["properties"].keys() == {"stack", *keys} - set(config_type.idle_keys)
    assert schema["properties"]["stack"]["const"] == kind


@pytest.mark.parametrize(("kind", "key"), IDLE)
def test_fails_on_an_idle_key(kind: str, key: str) -> None:
    config_type = load_stack(kind).config_type
    cloud = yaml.safe_load((FOLDER / f"{kind}.yaml").read_text())
    del cloud["stack"]
    default = config_type.model_fields[key].get_default(call_default_factory=True)
    with pytest.raises(ValidationError, match=f"{key} has no effect for this kind of cloud. Fix: remove it"):
        config_type.model_validate({**cloud, key: default})


def test_the_help_names_all_kinds(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert f"A kind of cloud: {', '.join(KINDS)}, or one of your own." in run("--help")[1]


def test_fails_on_an_unknown_kind(run: Run) -> None:
    assert run("ec3") == (2, "", "error: unknown kind of stack 'ec3': did you mean 'ec2'?\n")


def test_fails_on_a_missing_package_of_cdktf_json(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").write_text('{"context": {"stacks": "not_there"}}')
    monkeypatch.chdir(tmp_path)
    assert run("ec2") == (
        2,
        "",
        (
            "error: cdktf.json: context.stacks does not name a package in this directory; got 'not_there'. "
            "Fix: name the directory of your own kinds of clouds, or remove the key\n"
        ),
    )
