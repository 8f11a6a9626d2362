"""The engine without Node.js writes the same bytes as the others, for the examples and for random trees."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anyscale_constructs import engine
from anyscale_constructs.errors import EngineError, EngineRefusalError
from anyscale_constructs.expressions import expr
from anyscale_constructs.expressions.resolve import Resolver
from tests import ROOT

native: Any = importlib.import_module("anyscale_constructs.engine.native")


def synthesized(name: str, out: pathlib.Path) -> dict[str, bytes]:
    """Returns every file that the examples produce on an engine."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ANYSCALE_CONSTRUCTS_ENGINE": name}
    subprocess.run(
        [sys.executable, "-m", "stacks", "--out", str(out)], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    return {str(file.relative_to(out)): file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()}


def test_the_examples_are_identical(tmp_path: pathlib.Path) -> None:
    expected = synthesized(engine.name, tmp_path / engine.name)
    found = synthesized("native", tmp_path / "native")
    assert found.keys() == expected.keys()
    if engine.name == "cdktn":  # its manifest has its own version, and another layout of empty lists
        manifests = [json.loads(files.pop("manifest.json"))["stacks"] for files in (found, expected)]
        assert manifests[0] == manifests[1]
    assert [name for name in expected if found[name] != expected[name]] == []


# Names that JavaScript orders, cdktf renames, or Terraform keeps.
KEYS = [*"ab", "camelCase", "Kebab-Key", "tags", "environment", "9z", "10", "2", "dynamic", "ünï", "A B", "for_each",
        "depends_on", "source", "version", "providers", "count", "//x"]  # fmt: skip
TEXTS = ["", "x", "${module.vpc.id}", "$${lit}", "%{if}", 'a\nb"c\\', "ünïcode \u2028 😀", "12e5", "}", "${a}${b}"]
SCALARS = st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.sampled_from([1.5, 3.0, -0.0, 1e-7]),
                    st.sampled_from(TEXTS), st.none())  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
OVERRIDES = st.lists(
    st.tuples(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3).map(".".join), VALUES), max_size=4
)
BACKENDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "none": lambda engine, stack: engine.LocalBackend(stack, path="x.tfstate"),
    "s3": lambda engine, stack: engine.S3Backend(
        stack, bucket="b", region="r", key="k", kms_key_id=None, assume_role={"role_arn": "r", "external_id": "e"}
    ),
    "gcs": lambda engine, stack: engine.GcsBackend(stack, bucket="b", prefix="p"),
    "azurerm": lambda engine, stack: engine.AzurermBackend(
        stack, storage_account_name="a", container_name="c", key="k", use_azuread_auth=True
    ),
    "cloud": lambda engine, stack: engine.CloudBackend(
        stack, organization="o", hostname="tfe.acme.com", workspaces=engine.NamedCloudWorkspace("w")
    ),
    "remote": lambda engine, stack: engine.RemoteBackend(
        stack, organization="o", hostname="app.terraform.io", workspaces=engine.NamedRemoteWorkspace("w")
    ),
    "http": lambda engine, stack: engine.HttpBackend(
        stack, address="https://a/b", username=None, lock_address="https://a/b/lock", lock_method="POST"
    ),
}
ELEMENT = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["module", "resource", "data", "output", "variable", "local"]),
        "group": st.sampled_from(["", "Group", "Default", "Resource", "my group"]),
        "values": OBJECTS,
        "value": VALUES.filter(lambda value: value is not None),
        "overrides": OVERRIDES,
        "renamed": st.booleans(),
        "depends": st.booleans(),
        "warning": st.sampled_from(["", *TEXTS[1:]]),
    }
)
STACKS = st.fixed_dictionaries(
    {"backend": st.sampled_from([*BACKENDS]), "elements": st.lists(ELEMENT, max_size=5), "overrides": OVERRIDES}
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_backends_are_the_same(backend: str, tmp_path: pathlib.Path) -> None:
    given = {"backend": backend, "elements": [], "overrides": []}
    other = importlib.import_module(engine.name)
    constructs = importlib.import_module("constructs")
    expected = build(other, constructs.Construct, given, str(tmp_path / "other"))
    found = build(native, native.Construct, given, str(tmp_path / "native"))
    assert found["cdk.tf.json"] == expected["cdk.tf.json"]


def build(module: Any, construct: Any, given: Mapping[str, Any], out: str) -> dict[str, str]:
    """Builds a stack on an engine; returns its output."""
    app = module.App(outdir=out, stack_traces=False)
    app.node.set_context("cdktfVersion", "0.21.0")
    stack = module.TerraformStack(app, "stack")
    BACKENDS[given["backend"]](module, stack)
    before: list[Any] = []
    for index, each in enumerate(given["elements"]):
        scope = construct(stack, f"{each['group']}{index}") if each["group"] else stack
        depends = before[-1:] if each["depends"] else None
        element = _element(module, scope, f"e{index}", each, depends)
        if each["renamed"] and each["kind"] != "output":
            element.override_logical_id(f"renamed-{index}")
        if each["kind"] in {"module", "resource", "data"}:
            before.append(element)
        for path, value in each["overrides"]:
            if each["kind"] != "module":
                element.add_override(path, value)
            # cdktf merges an override into the map of a module twice, so a list in it is duplicated.
            elif not (isinstance(value, dict) and "[" in json.dumps(value)):
                element.add_override(path.partition(".")[0], value)
        if each["warning"]:
            module.Annotations.of(element).add_warning(each["warning"])
            element.node.add_metadata("info", each["warning"])  # which the manifest does not list
    for path, value in given["overrides"]:
        stack.add_override(path, value)
    app.synth()
    files = {file.name: file.read_text(encoding="utf-8") for file in pathlib.Path(out).rglob("*.json")}
    files["cdk.tf.json"] = json.dumps(json.loads(files["cdk.tf.json"]), sort_keys=True)
    return files


def _element(module: Any, scope: Any, id: str, given: Mapping[str, Any], depends: list[Any] | None) -> Any:
    match given["kind"]:
        case "module":
            return module.TerraformHclModule(
                scope, id, source="git::x", variables=given["values"], depends_on=depends,
                skip_asset_creation_from_local_modules=True,
            )  # fmt: skip
        case "resource":
            return module.TerraformResource(scope, id, terraform_resource_type="aws_x", depends_on=depends)
        case "data":
            return module.TerraformDataSource(scope, id, terraform_resource_type="aws_x", depends_on=depends)
        case "output":
            return module.TerraformOutput(scope, id, value=given["value"], description="d", sensitive=True)
        case "variable":
            return module.TerraformVariable(scope, id, type="string", nullable=False)
    return module.TerraformLocal(scope, id, given["value"])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(STACKS)
def test_any_tree_is_identical(given: Mapping[str, Any]) -> None:
    other, construct = importlib.import_module(engine.name), importlib.import_module("constructs").Construct
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        expected, found = build(other, construct, given, one), build(native, native.Construct, given, two)
    if engine.name == "cdktn":
        del expected["manifest.json"], found["manifest.json"]
    assert found == expected


def made(out: pathlib.Path) -> list[Any]:
    """Returns an object of each of the engine's classes, and the classes of which it needs none."""
    app = native.App(outdir=str(out))
    stack = native.TerraformStack(app, "stack")
    given = {"values": {}, "value": 1}
    kinds = ("module", "resource", "data", "output", "variable", "local")
    elements = [_element(native, stack, kind, given | {"kind": kind}, None) for kind in kinds]
    provider = native.TerraformProvider(stack, "aws", terraform_resource_type="aws")
    asset = native.TerraformAsset(stack, "asset", path=str(out))
    backend = native.LocalBackend(stack, path="x.tfstate")
    construct = native.Construct(stack, "construct")
    classes = [native.Annotations, native.Token, native.Tokenization, native.Testing]
    return [app, stack, *elements, provider, asset, backend, construct, stack.node, *classes]


def public(members: Any) -> set[str]:
    return {name for name in members if not name.startswith("_")}


@given(OBJECTS)
def test_a_cloud_stack_resolves_values_like_the_engine(values: dict[str, Any]) -> None:
    given = {**values, "others": (1e21, MappingProxyType(values))}
    assert Resolver(None, str, native.resolved).resolve(given) == native.resolved(given)


def test_a_cloud_stack_resolves_expressions_in_the_engines_elements() -> None:
    one, other = expr("var.one", "string"), expr("var.other", "string")
    given = {"list": [one, None, 1.0], "map": {other: 1, one: None, "a": one}, "single": {one: (other,)}}
    found = Resolver(None, str, native.resolved).resolve({"output": {"all": {"value": given}}})
    assert found["output"]["all"]["value"] == {
        "list": ["${var.one}", 1],
        "map": {"${var.other}": 1, "a": "${var.one}"},
        "single": {"${var.one}": ["${var.other}"]},
    }


@pytest.mark.parametrize("keys", [{1: "a"}, {1: "a", "b": "c"}, {None: "a", "b": "c"}])
def test_a_cloud_stack_refuses_keys_that_are_no_strings(keys: dict[Any, str]) -> None:
    with pytest.raises(EngineRefusalError, match="a key must be a string"):
        Resolver(None, str, native.resolved).resolve({"locals": {"x": keys}})


def test_elements_are_not_changed(tmp_path: pathlib.Path) -> None:
    class Shared(native.TerraformElement):  # type: ignore[misc] # a type at run time only
        content: ClassVar[dict[str, Any]] = {"locals": {"names": {"list": ["a"]}}}

        def to_terraform(self) -> dict[str, Any]:
            return self.content

    stack = native.TerraformStack(native.App(outdir=str(tmp_path)), "stack")
    Shared(stack, "one"), Shared(stack, "two")
    assert [stack.to_terraform()["locals"] for _ in range(2)] == [{"names": {"list": ["a", "a"]}}] * 2
    assert Shared.content == {"locals": {"names": {"list": ["a"]}}}


def test_has_or_refuses_every_member_of_the_others(tmp_path: pathlib.Path) -> None:
    other, constructs = importlib.import_module(engine.name), importlib.import_module("constructs")
    lacking = []
    for each in made(tmp_path):
        kind = each if isinstance(each, type) else type(each)
        theirs = getattr(other, kind.__name__, None) or getattr(constructs, kind.__name__)
        ours = {name for base in kind.__mro__ for name in vars(base)} | {*getattr(each, "__dict__", ())}
        lacking += [f"{kind.__name__}.{name}" for name in public(dir(theirs)) - ours]
    assert lacking == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("resource.count", "TerraformResource.count"),
        ("resource.count = 2", "TerraformResource.count"),
        ("resource.node.lock()", "Node.lock"),
        ("native.Token.as_any(1)", "Token.as_any"),
    ],
)
def test_refuses_a_member_that_it_lacks(code: str, what: str, tmp_path: pathlib.Path) -> None:
    stack = native.TerraformStack(native.App(outdir=str(tmp_path)), "stack")
    resource = native.TerraformResource(stack, "resource", terraform_resource_type="aws_x")
    with pytest.raises(EngineError, match=f"^the native engine does not support {what}"):
        exec(code, {"native": native, "resource": resource})  # noqa: S102 - the test's own code
