"""Plans what a change replaces with `terraform test`, without credentials, a state or a cloud.

A test has three runs that share a state: the first applies the base with mocked providers, the second and third plan
the base and the head on that state with real providers. The changes in the second run come from the mocks, and are
subtracted from those in the third.

Source: https://developer.hashicorp.com/terraform/language/tests
"""

import contextlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.review import terraform
from anyscale_constructs.review.mocks import CLOUD_DATA, OFFLINE_DATA, PROVIDERS, data_values, resource_values
from anyscale_constructs.review.noise import without_noise
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.sides import Side
from anyscale_constructs.terraform.locks import TERRAFORM_LOCK

_JSON, _VERSIONS = "cdk.tf.json", "versions.tf"
_SIDES = ("base", "head")
_RUNS = ("base", "base_again", "head")
"""The names of the runs' files in alphabetical order, in which Terraform runs them."""
_TEXT = "placeholder-of-a-variable"
_BLOCK = re.compile(r'^\s*(data|resource)\s+"([\w-]+)"\s+"([\w-]+)"\s*\{', re.MULTILINE)
_CALL = re.compile(r'^module\s+"([\w-]+)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
_REPEATED = re.compile(r"^\s*(count|for_each)\s*=", re.MULTILINE)
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Plans:
    """Offline plans.

    Args:
        changes: The changes of each stack that exists on both sides and differs.
        failures: The reason why a stack has no plan, by stack.
    """

    changes: Mapping[str, list[Change]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


def differing(base: Side, head: Side) -> list[str]:
    """Returns the stacks that exist on both sides and whose Terraform differs."""
    both = {*base.stacks()} & {*head.stacks()}
    return sorted(name for name in both if _content(base.out, name) != _content(head.out, name))


def plan(base: Side, head: Side) -> Plans:
    """Plans the stacks that differ, one after the other.

    Args:
        base: The older side.
        head: The newer side.
    """
    found: dict[str, list[Change]] = {}
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as work:
        for name in differing(base, head):
            try:
                found[name] = _plan(name, base.out, head.out, Path(work))
            except ReviewError as error:
                failures[name] = error.findings[0].text
    return Plans(found, failures)


def _content(out: Path, name: str) -> tuple[Any, str]:
    folder = out / "stacks" / name
    tree = json.loads((folder / _JSON).read_text(encoding="utf-8"))
    tree.pop("//", None)
    versions = folder / _VERSIONS
    return tree, versions.read_text(encoding="utf-8") if versions.is_file() else ""


def _plan(name: str, base: Path, head: Path, work: Path) -> list[Change]:
    folder = work / name
    trees = {}
    for side, out in zip(_SIDES, (base, head), strict=True):
        tree, versions = _content(out, name)
        (folder / side).mkdir(parents=True)
        (folder / side / _VERSIONS).write_text(versions, encoding="utf-8")
        trees[side] = _prepared(tree)
        _write(folder / side / _JSON, trees[side])
    required = {key: value for tree in trees.values() for key, value in _required(tree).items()}
    _write(folder / "main.tf.json", {"terraform": {"required_providers": required}})
    lock = head / "stacks" / name / TERRAFORM_LOCK
    if lock.is_file():
        (folder / TERRAFORM_LOCK).write_bytes(lock.read_bytes())
    # Terraform installs the modules of the test's runs, whose sources show what must be mocked.
    file = folder / "offline.tftest.json"
    _write(file, {"run": _runs(trees, {})})
    terraform.init(folder, work / "providers")
    source = _Source.read(folder)
    region = _region(trees)
    mocks = _mocks(trees, source.types, region)
    targets = {*source.data}
    if source.repeated:  # the keys of the instances are only in a state
        _write(file, {"run": _first(trees, mocks), "mock_provider": mocks})
        states = [event["test_state"] for event in terraform.test(folder) if "test_state" in event]
        targets |= {address for state in states for address in _data_in(state["root_module"])}
    overrides = [
        {"target": target, "values": data_values(kind, region)}
        for target in sorted(targets)
        if _asks_cloud(kind := target.rpartition("data.")[2].partition(".")[0])
    ]
    _write(file, {"run": _runs(trees, mocks), "mock_provider": mocks, "override_data": overrides})
    plans: dict[str, list[dict[str, Any]]] = {}
    # Closed here: Python ignores an interrupt that arrives while it finalizes a generator.
    with contextlib.closing(terraform.test(folder)) as events:
        for event in events:
            if "test_plan" in event:
                plans[event["@testrun"]] = event["test_plan"].get("resource_changes", [])
            if "head" in plans:
                break
    if "head" not in plans:
        raise ReviewError("terraform test returned no plan")
    return without_noise(plans["base_again"], plans["head"], source.text)


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2, sort_keys=True), encoding="utf-8")


def _required(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the sources of a stack's providers; the stack itself constrains their versions."""
    given = tree.get("terraform", {}).get("required_providers", {})
    return {
        name: {"source": each["source"]}
        for name, each in given.items()
        if isinstance(each, Mapping) and "source" in each
    }


def _blocks(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _prepared(tree: dict[str, Any]) -> dict[str, Any]:
    """Returns the stack without anything that would call a cloud or prevent the test from ending."""
    for name in ("backend", "cloud"):
        tree.get("terraform", {}).pop(name, None)
    tree.pop("import", None)
    for name, blocks in tree.get("provider", {}).items():
        kept, added = PROVIDERS.get(name, ((), {}))
        tree["provider"][name] = [
            {key: each[key] for key in ("alias", *kept) if key in each} | dict(added) for each in _blocks(blocks)
        ]
    for variable in tree.get("variable", {}).values():
        variable.pop("validation", None)
    for resources in tree.get("resource", {}).values():
        for resource in resources.values():
            for lifecycle in _blocks(resource.get("lifecycle", {})):
                lifecycle.pop("prevent_destroy", None)
    return tree


def _region(trees: Mapping[str, Mapping[str, Any]]) -> str:
    found = (
        each.get("region", "")
        for tree in trees.values()
        for blocks in tree.get("provider", {}).values()
        for each in blocks
    )
    return next((region for region in found if region and "$" not in region), _DEFAULT_REGION)


def _names(tree: Mapping[str, Any]) -> list[str]:
    """Returns the names of the stack's providers in a test, `aws` or `aws.west`."""
    names = {*tree.get("terraform", {}).get("required_providers", {})}
    for name, blocks in tree.get("provider", {}).items():
        names |= {f"{name}.{each['alias']}" if "alias" in each else name for each in blocks}
    return sorted(names)


def _mocks(trees: Mapping[str, Any], types: Mapping[str, set[str]], region: str) -> dict[str, Any]:
    """Returns the mocked providers; those that can plan offline have another name, for the first run only."""
    found: dict[str, list[Any]] = {}
    for name in sorted({name for tree in trees.values() for name in _names(tree)}):
        provider, _, alias = name.partition(".")
        prefix = f"{provider.removesuffix('-beta').replace('-', '_')}_"
        bodies: dict[str, Any] = {
            "mock_resource": {
                kind: {"defaults": values}
                for kind in sorted(types["resource"])
                if kind.startswith(prefix) and (values := resource_values(kind, region))
            },
            "mock_data": {
                kind: {"defaults": data_values(kind, region)}
                for kind in sorted(types["data"])
                if kind.startswith(prefix)
            },
        }
        body: dict[str, Any] = {key: value for key, value in bodies.items() if value}
        if provider in PROVIDERS:
            body["alias"] = f"{alias}_mock" if alias else "mock"
        elif alias:
            body["alias"] = alias
        found.setdefault(provider, []).append(body)
    return found


def _mocked(tree: Mapping[str, Any]) -> dict[str, str]:
    """Returns the mocked provider for each of a stack's providers."""
    found = {}
    for name in _names(tree):
        provider, _, alias = name.partition(".")
        real = provider in PROVIDERS
        found[name] = f"{provider}.{f'{alias}_mock' if alias else 'mock'}" if real else name
    return found


def _run(trees: Mapping[str, Any], side: str, command: str, state: str, *, mocked: bool) -> dict[str, Any]:
    run: dict[str, Any] = {"command": command, "state_key": state, "module": {"source": f"./{side}"}}
    variables = trees[side].get("variable", {})
    text = json.dumps(trees[side])
    given = {name: _value(name, each, text) for name, each in variables.items() if "default" not in each}
    if given:
        run["variables"] = given
    if mocked:
        run["providers"] = _mocked(trees[side])
    if command == "plan":
        run["plan_options"] = {"refresh": False}
    return run


def _runs(trees: Mapping[str, Any], mocks: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "base": _run(trees, "base", "apply", "cloud", mocked=bool(mocks)),
        "base_again": _run(trees, "base", "plan", "cloud", mocked=False),
        "head": _run(trees, "head", "plan", "cloud", mocked=False),
    }


def _first(trees: Mapping[str, Any], mocks: Mapping[str, Any]) -> dict[str, Any]:
    return {side: _run(trees, side, "apply", side, mocked=bool(mocks)) for side in _SIDES}


def _value(name: str, variable: Mapping[str, Any], text: str) -> Any:
    """Returns a value of the right type for a variable without a default."""
    given = str(variable.get("type", "string"))
    scalars = {"number": 1, "bool": False}
    if given in scalars:
        return scalars[given]
    constructor, _, inner = given.partition("(")
    match constructor:
        case "list" | "set" | "tuple":
            return [_value(name, {"type": inner.removesuffix(")")}, text)]
        case "map":
            keys = re.findall(rf'var\.{re.escape(name)}\[\\*"([^"\\]+)', text)
            return {key: _value(name, {"type": inner.removesuffix(")")}, text) for key in keys}
        case "object":
            fields = re.findall(r"(\w+)\s*=\s*(?:optional\()?(\w+)", inner)
            return {key: _value(name, {"type": each}, text) for key, each in fields}
    return _DEFAULT_REGION if "region" in name else _TEXT


@dataclass(frozen=True)
class _Source:
    """The contents of both sides' sources.

    Args:
        types: The types of resources and of data sources.
        data: The addresses of data sources, including those in modules.
        repeated: Whether a module that is called with count or for_each has data sources that call a cloud.
        text: The text of all files.
    """

    types: Mapping[str, set[str]]
    data: set[str]
    repeated: bool
    text: str

    @classmethod
    def read(cls, folder: Path) -> "_Source":
        installed = json.loads((folder / ".terraform/modules/modules.json").read_text(encoding="utf-8"))["Modules"]
        types: dict[str, set[str]] = {"data": set(), "resource": set()}
        data: set[str] = set()
        texts: dict[str, str] = {}
        repeated: set[str] = set()
        for module in installed:
            key, place = module["Key"], folder / module["Dir"]
            files = [*sorted(place.glob("*.tf")), *sorted(place.glob("*.tf.json"))]
            texts[key] = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
            repeated |= {f"{key}.{name}" for name, body in _CALL.findall(texts[key]) if _REPEATED.search(body)}
            repeated |= {f"{key}.{name}" for name, call in _calls(folder, key) if {"count", "for_each"} & call.keys()}
        for key, text in texts.items():
            for block, kind, name in (*_BLOCK.findall(text), *_in_json(folder, key)):
                types[block].add(kind)
                if block == "data":
                    data.add(f"{_address(key)}data.{kind}.{name}")
        inside = [key for key in texts if any(f"{key}.".startswith(f"{each}.") for each in repeated)]
        found = (each for key in inside for each in _BLOCK.findall(texts[key]))
        asks = any(block == "data" and _asks_cloud(kind) for block, kind, _ in found)
        return cls(types, data, asks, "\n".join(texts.values()))


def _asks_cloud(kind: str) -> bool:
    return bool(CLOUD_DATA.match(kind)) and kind not in OFFLINE_DATA


def _address(key: str) -> str:
    """Returns the prefix of addresses in a module, by its key in the list of installed modules: `test.FILE.RUN.vpc`."""
    steps = key.split(".")
    run = next((index for index, step in enumerate(steps) if step in _RUNS), len(steps))
    steps = steps[run + 1 :]
    return "".join(f"module.{step}." for step in steps)


def _stack(folder: Path, key: str) -> dict[str, Any]:
    """Returns the JSON of a stack by its key in the list of modules; empty for other modules."""
    side = key.rpartition(".")[2]
    if side not in _SIDES or _address(key):
        return {}
    found: dict[str, Any] = json.loads((folder / side / _JSON).read_text(encoding="utf-8"))
    return found


def _calls(folder: Path, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from _stack(folder, key).get("module", {}).items()


def _in_json(folder: Path, key: str) -> Iterator[tuple[str, str, str]]:
    """Yields the blocks of a stack in JSON."""
    tree = _stack(folder, key)
    for block in ("data", "resource"):
        yield from ((block, kind, name) for kind, named in tree.get(block, {}).items() for name in named)


def _data_in(module: Mapping[str, Any]) -> Iterator[str]:
    yield from (each["address"] for each in module.get("resources", ()) if each["mode"] == "data")
    for inner in module.get("child_modules", ()):
        yield from _data_in(inner)
