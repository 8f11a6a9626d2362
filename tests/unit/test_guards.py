"""Every guard of every construct: it finds its cases, passes similar input, and ignores unresolved values."""

import contextlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from anyscale_constructs import aws, google
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit import aws as aws_tests
from tests.unit import google as google_tests
from tests.unit.guards import Case, Table, said, tables

PROVIDERS = {aws: aws_tests, google: google_tests}


TABLES = [table for tests in PROVIDERS.values() for table in tables(tests)]


CASES = [
    pytest.param(
        table,
        case,
        id=f"{table.construct.interface_name}-{case.guard.find.__name__}{case.trap and f'-trap {case.trap}'}",
    )
    for table in TABLES
    for case in table.cases
]


@pytest.mark.parametrize(("table", "case"), CASES)
def test_fails_or_warns_on_invalid_inputs(table: Table, case: Case, tmp_path: Path) -> None:
    for properties in case.springs:
        findings = said(CloudStack(App(tmp_path), "test"), table, properties)
        (found,) = [finding for finding in findings if case.says in str(finding)]
        assert found.fix
        assert found.rule
        assert found.on


@pytest.mark.parametrize(("table", "case"), CASES)
def test_similar_inputs_are_valid(table: Table, case: Case, tmp_path: Path) -> None:
    for properties in case.passes:
        construct = table.construct(CloudStack(App(tmp_path), "test"), "m", **{**table.base, **properties})
        assert case.says not in str(case.guard.find(construct.inputs)), properties


@pytest.mark.parametrize(("constructs", "tests"), PROVIDERS.items(), ids=lambda package: package.__name__)
def test_every_construct_has_a_table(constructs: ModuleType, tests: ModuleType) -> None:
    public = {value for _, value in inspect.getmembers(constructs, inspect.isclass) if issubclass(value, Module)}
    assert {table.construct for table in tables(tests)} == public


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.construct.interface_name)
def test_every_guard_has_cases(table: Table) -> None:
    assert {case.guard for case in table.cases if case.springs and case.passes} == set(table.construct.guards)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.construct.interface_name)
def test_every_guard_is_a_rule_with_its_reason(table: Table) -> None:
    variables = Interface.load(table.construct.interface_name).variables
    for guard in table.construct.guards:
        assert guard.rule is None or guard.rule.why, guard
        assert guard.on, guard
        assert set(guard.on) <= variables.keys(), guard


def unknown(type_: str) -> list[Any]:
    """Yields values of a Terraform type that contain something unresolved."""
    element = expr("var.later")
    shapes: dict[str, list[Any]] = {
        "list": [[element], [f"{element}"], [{"rule": element, "cidr_blocks": element}]],
        "map": [{"key": element}],
        "any": [{"key": element}, {"allowed_origins": element, "sse_algorithm": element}, [element]],
    }
    return [expr("var.later", type_), element, f"{element}", *shapes.get(type_.partition("(")[0], ())]


INPUTS = [
    pytest.param(table, name, variable.type, id=f"{table.construct.interface_name}-{name}")
    for table in TABLES
    for name, variable in Interface.load(table.construct.interface_name).variables.items()
    if not variable.required
]


@pytest.mark.parametrize(("table", "name", "type_"), INPUTS)
def test_no_guard_needs_unresolved_values(table: Table, name: str, type_: str, tmp_path: Path) -> None:
    """An unresolved value passes, or is an error with a reason; no guard reads it."""
    for value in unknown(type_):
        with contextlib.suppress(InputError):
            table.construct(CloudStack(App(tmp_path), "test"), "m", **{**table.base, name: value})


@pytest.mark.parametrize(("table", "case"), CASES)
def test_no_guard_needs_unresolved_values_beside_invalid_ones(table: Table, case: Case, tmp_path: Path) -> None:
    variables = Interface.load(table.construct.interface_name).variables
    for properties in (*case.springs, *case.passes):
        for name in variables.keys() & properties.keys():
            later = {**table.base, **properties, name: expr("var.later", variables[name].type)}
            with contextlib.suppress(InputError):
                table.construct(CloudStack(App(tmp_path), "test"), "m", **later)


@pytest.mark.parametrize("number", [0, -1, 2.5, -0.5, 1e300, 10**400], ids=lambda number: str(number)[:9])
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.construct.interface_name)
def test_no_guard_fails_on_a_number(table: Table, number: float, tmp_path: Path) -> None:
    for name, variable in Interface.load(table.construct.interface_name).variables.items():
        if variable.type == "number":
            switches = {switch: True for group in variable.used_with for switch in group}
            with contextlib.suppress(InputError):
                said(CloudStack(App(tmp_path / name), "test"), table, {**switches, name: number})
