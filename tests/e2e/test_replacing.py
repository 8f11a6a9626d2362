"""The tables of forced replacements: plans on doubles replace the same resources, as do offline plans."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.review import environment
from anyscale_constructs.review.forcing import ARGUMENTS, FORCING
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.replaced import Configuration, of_changes, of_configuration
from anyscale_constructs.review.sides import Side
from tests import ROOT
from tests.e2e.doubles.provider import Rules
from tests.e2e.doubles.schema import Block, Type, type_of
from tests.e2e.doubles.server import Doubles
from tests.e2e.doubles.table import PROVIDERS
from tests.e2e.lives import EXAMPLES, Config, edit, merged
from tests.e2e.reviewing import Workshop, planned, replace_environment
from tests.e2e.terraform import SERVED

FORCED: defaultdict[str, set[str]] = defaultdict(set, {kind: set(names) for kind, names in ARGUMENTS.items()})
for _rows in FORCING.values():
    for _row in _rows:
        FORCED[_row.type].add(_row.attribute)
WORDS = ("aaaaaa", "bbbbbb")


def value(type_: Type, possible: list[str], side: int) -> Any:
    """Returns a value of a type that differs between the sides."""
    match type_:
        case "string":
            return possible[side] if possible else WORDS[side]
        case "number":
            return side + 1
        case "bool":
            return bool(side)
        case ["map", inner]:
            return {"key": value(inner, [], side)}
        case [_, inner]:
            return [value(inner, [], side)]
    raise ValueError(f"no value of {type_}")


def configured(block: Block, rules: Rules, needed: set[str], side: int, path: str = "") -> dict[str, Any]:
    """A block with what it needs; what is needed besides is another value on each side."""
    made: dict[str, Any] = {}
    for name, attribute in block["attributes"].items():
        if attribute.get("required") or name in needed:
            possible = rules.possible.get(f"{path}{name}", "").split() or attribute.get("possible", [])
            made[name] = value(type_of(attribute), possible, side if name in needed else 0)
    for name, kind in block["block_types"].items():
        if kind["min_items"] or name in needed:
            inner = kind["block"]
            every = {*inner["attributes"]} if name in needed else set()
            settable = {each for each in every if inner["attributes"][each].get("required")}
            made[name] = configured(inner, rules, settable, side, f"{path}{name}.")
    return made


def complete(block: Block, rules: Rules, name: str, side: int) -> dict[str, Any]:
    """A resource with an argument, and one of each of the arguments of which one must be given."""
    needed = configured(block, rules, {name}, side)
    for group in (group.split() for group in rules.one_of):
        if not needed.keys() & set(group):
            needed |= {key: each for key, each in configured(block, rules, {group[0]}, 0).items() if key == group[0]}
    return needed


@pytest.mark.parametrize("provider", ["aws", "azurerm", "google"])
def test_each_argument_of_the_tables_replaces_its_resource(provider: str, doubles: Doubles, tmp_path: Path) -> None:
    double = PROVIDERS[f"hashicorp/{provider}"]
    blocks = double.schema()["resource_schemas"]
    rows = [(kind, name) for kind in sorted(FORCED) for name in sorted(FORCED[kind]) if kind.startswith(provider)]

    def write(side: int) -> None:
        resources: dict[str, Any] = {}
        for kind, name in rows:
            resources.setdefault(kind, {})[name] = complete(blocks[kind], double.rules_of(kind), name, side)
        required = {provider: {"source": f"hashicorp/{provider}"}}
        stack = {"terraform": {"required_providers": required}, "resource": resources}
        (tmp_path / "cdk.tf.json").write_text(json.dumps(stack), encoding="utf-8")

    write(0)
    terraform = doubles.terraform(tmp_path, tmp_path)
    terraform.init()
    terraform.plan()
    terraform.apply()
    write(1)
    replaced = {
        change["address"]: {path[0] for path in change["change"].get("replace_paths", ())}
        for change in terraform.plan_document()["resource_changes"]
    }
    assert rows
    assert [row for row in rows if row[1] not in replaced[".".join(row)]] == []


INPUTS = {
    "anyscale_bucket_name": "other-bucket",
    "anyscale_filestore_name": "other-files",
    "anyscale_memorystore_name": "other-store",
    "anyscale_vpc_name": "other-network",
    "bucket_location": "EU",
    "filestore_location": "europe-west4-b",
    "filestore_network_conect_mode": "PRIVATE_SERVICE_ACCESS",
    "filestore_tier": "ENTERPRISE",
    "memorystore_encryption_mode": "SERVER_AUTHENTICATION",
}
"""Other values of the inputs of Google's modules that replace resources."""
ONE_VALUE = {"memorystore_tier"}
"""Those that the modules accept one value of, at the commit that we pin."""


@pytest.fixture
def workshop(doubles: Doubles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Served":
    return Served(tmp_path, doubles, monkeypatch)


class Served(Workshop):
    """Where clouds are changed and planned as a review does, with doubles of the providers.

    Args:
        work: A folder for all of it.
        doubles: The doubles.
        monkeypatch: Changes the environment.
    """

    def __init__(self, work: Path, doubles: Doubles, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(work)
        self._doubles = doubles
        self._monkeypatch = monkeypatch

    def sides(self, name: str, change: Config) -> tuple[Side, Side]:
        """An example before and after a change."""
        base, head = (yaml.safe_dump(merged(EXAMPLES[name], each)) for each in ({}, change))
        return self.side("base", {name: base}), self.side("head", {name: head})

    def planned(self, name: str, base: Side, head: Side) -> list[Change]:
        """Returns the offline plan of a stack."""
        terraform = self._doubles.terraform(base.out / "stacks" / name, self.work)
        terraform.init()
        replace_environment(self._monkeypatch, {**terraform.environment, "PYTHONPATH": str(ROOT)})
        kept = re.compile(f"{environment._KEPT.pattern}|{SERVED}")  # noqa: SLF001 - a review starts its providers itself
        self._monkeypatch.setattr(environment, "_KEPT", kept)
        return planned(base, head, name)


def test_each_input_of_the_table_replaces_in_an_offline_plan_of_google(workshop: Served) -> None:
    name = "gce-private"
    base, head = workshop.sides(name, {})
    rows = [
        (module.partition("/")[2], row)
        for module, of_module in FORCING.items()
        if module.startswith("google/")
        for row in of_module
        if row.input not in ONE_VALUE
    ]

    def give_others(document: dict[str, Any]) -> None:
        for module, row in rows:
            document["module"][module][row.input] = INPUTS[row.input]

    edit(head.out / "stacks" / name, give_others)
    changes = workshop.planned(name, base, head)
    replaced = {(change.module, change.type, path[0]) for change in changes if change.replaces for path in change.paths}
    assert {(module, row.type, row.attribute) for module, row in rows} - replaced == set()
    by_tables = of_configuration(Configuration.of(name, base, head))
    assert {(finding.construct, *finding.on) for finding in by_tables} == {
        (f"module.{module}", row.input) for module, row in rows
    }


REPLACING: dict[str, tuple[Config, str, str]] = {
    "eks": ({"vpc": {"cidr_block": "10.8.0.0/16"}}, "module.vpc.aws_vpc.anyscale_vpc[0]", "cidr_block"),
    "gke": (
        {"cluster": {"master_ipv4_cidr_block": "172.16.9.0/28"}},
        "module.gke.google_container_cluster.primary",
        "private_cluster_config",
    ),
}


@pytest.mark.parametrize("name", REPLACING)
def test_an_offline_plan_contains_replacements(name: str, workshop: Served) -> None:
    change, address, attribute = REPLACING[name]
    base, head = workshop.sides(name, change)
    changes = workshop.planned(name, base, head)
    (found,) = (each for each in changes if each.address == address)
    assert found.replaces
    assert attribute in {path[0] for path in found.paths}
    findings = of_changes(changes, Configuration.of(name, base, head))
    assert address in {finding.construct for finding in findings}


def test_the_tables_report_the_replacement_of_a_cluster_on_azure(workshop: Served) -> None:
    base, head = workshop.sides("aks", {"cluster": {"name": "other"}})
    found = of_configuration(Configuration.of("aks", base, head))
    assert "azurerm_kubernetes_cluster.this" in {finding.construct for finding in found}
