"""Every guard of every construct: sprung by its trap, passed by a near miss, and never by what isn't known yet."""

import pathlib
import re

import pytest

from anyscale_constructs import google
from anyscale_constructs.core.app import App
from anyscale_constructs.core.expressions import expr
from anyscale_constructs.core.interface import Interface
from anyscale_constructs.core.module import Module
from anyscale_constructs.core.stack import CloudStack
from tests.unit.google import (
    test_cloudapis,
    test_cloudstorage,
    test_filestore,
    test_iam,
    test_loggingsink,
    test_memorystore,
    test_project,
    test_vpc,
    test_vpc_firewall,
)
from tests.unit.guards import Case, Table, said, unknown

TABLES = [
    test_cloudapis.TABLE,
    test_cloudstorage.TABLE,
    test_filestore.TABLE,
    test_iam.TABLE,
    test_loggingsink.TABLE,
    test_memorystore.TABLE,
    test_project.TABLE,
    test_vpc.TABLE,
    test_vpc_firewall.TABLE,
]
CASES = [
    pytest.param(table, case, id=f"{table.construct.__name__}-{case.guard.__name__}")
    for table in TABLES
    for case in table.cases
]
TRAPPING_DEFAULTS = {
    "anyscale_activate_required_apis",
    "bucket_iam_members",
    "folder_id",
    "ingress_from_cidr_map",
    "ingress_with_self_cidr_range",
    "private_subnet_flow_log_config",
    "vpc_id",
    "vpc_name",
}
INPUTS = [
    pytest.param(table, name, variable.type, id=f"{table.construct.__name__}-{name}")
    for table in TABLES
    for name, variable in Interface.load(table.construct.interface_name).variables.items()
    if not variable.required
]


@pytest.mark.parametrize(("table", "case"), CASES)
def test_fails_or_warns_when_sprung(table: Table, case: Case, tmp_path: pathlib.Path) -> None:
    for properties in case.springs:
        lines = said(CloudStack(App(tmp_path), "test"), table, properties)
        assert [line for line in lines if case.says in line], (properties, lines)
        assert all(". To mend it: " in line for line in lines), lines


@pytest.mark.parametrize(("table", "case"), CASES)
def test_near_misses_pass(table: Table, case: Case, tmp_path: pathlib.Path) -> None:
    for properties in case.passes:
        construct = table.construct(CloudStack(App(tmp_path), "test"), "m", **{**table.base, **properties})
        assert case.guard(construct.inputs) is None, properties


def test_every_construct_has_a_table() -> None:
    constructs = {value for value in vars(google).values() if isinstance(value, type) and issubclass(value, Module)}
    assert {table.construct for table in TABLES} == constructs


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.construct.__name__)
def test_every_guard_is_sprung_and_passed(table: Table) -> None:
    assert {case.guard for case in table.cases if case.springs and case.passes} == set(table.construct.guards)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.construct.__name__)
def test_every_guard_is_a_rule_with_its_reason(table: Table) -> None:
    for guard in table.construct.guards:
        assert guard.__doc__, guard.__name__
        assert re.fullmatch(r"[a-z0-9_]+", guard.__name__)


@pytest.mark.parametrize(("table", "name", "type_"), INPUTS)
def test_what_is_known_only_later_is_never_taken_for_wrong(
    table: Table, name: str, type_: str, tmp_path: pathlib.Path
) -> None:
    for value in unknown(type_, expr("var.later")):
        lines = said(CloudStack(App(tmp_path), "test"), table, {name: value})
        wrong = [line for line in lines if line.startswith((f"module.m: {name}: must be", f"module.m: {name} must be"))]
        assert not wrong, repr(value)


@pytest.mark.parametrize(("table", "name", "type_"), INPUTS)
def test_upstreams_own_default_passes_or_is_refused_with_a_reason(
    table: Table, name: str, type_: str, tmp_path: pathlib.Path
) -> None:
    default = Interface.load(table.construct.interface_name).variables[name].default
    lines = said(CloudStack(App(tmp_path), "test"), table, {name: default})
    assert bool(lines) == (name in TRAPPING_DEFAULTS), (type_, lines)
