"""Upstream's validation conditions are evaluated as Terraform does, or left to it."""

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from anyscale_constructs.aws import S3, Vpc
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.conditions import allowed_values, holds
from anyscale_constructs.terraform.guards import Guard, Inputs, refused_by_upstream
from anyscale_constructs.terraform.interface import Interface, Variable, parse
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.stack import CloudStack
from tests import ROOT
from tests.unit.terraform.parts import refusal

CATALOG = ROOT / "anyscale_constructs" / "modules" / "catalog"
FILES: list[pathlib.Path] = sorted(CATALOG.glob("*/*.json"))
LEFT_TO_TERRAFORM: set[tuple[str, str]] = set()
"""Conditions of a form that is not evaluated, by the module's file and the variable."""

OPTIONAL_ID = 'var.x == null ? true : (length(var.x) > 4 && substr(var.x, 0, 4) == "cld_")'
NAME = r'can(regex("^[a-z](?:[-a-z0-9]{0,3}[a-z0-9])?$", var.x))'
FIRST_IS_A = '(length(var.x) == 1 ? contains(["a"], var.x[0]) : length(var.x) == 0)'
EACH_IS_A = 'alltrue([for each in var.x : contains(["a"], each)])'

CASES: list[tuple[str, Any, bool]] = [
    (OPTIONAL_ID, None, True),
    (OPTIONAL_ID, "cld_1", True),
    (OPTIONAL_ID, "cld_", False),
    (OPTIONAL_ID, "org_1", False),
    ("(var.x)", True, True),
    ("!var.x", True, False),
    ("!var.x == false", True, True),
    ("!(var.x == false)", False, False),
    ("var.x || false && false", True, True),
    ("(var.x || false) && false", True, False),
    ("var.x ? false : true ? true : false", False, True),
    ('contains(["a", "b"], var.x)', "b", True),
    ('contains(["a", "b"], var.x)', "B", False),
    ('contains(["a", "b",], var.x)', "c", False),
    ('contains(["a"], var.x)', None, False),
    ("contains(var.x, null)", ["a"], False),
    ('contains(["é"], var.x)', "e\u0301", True),
    (FIRST_IS_A, [], True),
    (FIRST_IS_A, ["a"], True),
    (FIRST_IS_A, ["b"], False),
    (FIRST_IS_A, ["a", "a"], False),
    ("var.x[1] == 2", [1], False),
    ("length(var.x) <= 2", ["a", "b"], True),
    ("length(var.x) <= 2", ["a", "b", "c"], False),
    ("length(var.x) == 1", {"a": 1}, True),
    ("length(var.x) >= 0", None, False),
    ('substr(var.x, 1, 9) == "bc"', "abc", True),
    ('substr(var.x, 9, 1) == ""', "abc", True),
    ("var.x % 2 == 0 || var.x < 4", 3, True),
    ("var.x % 2 == 0 || var.x < 4", 5, False),
    ("var.x % 3 == 2", -5, False),
    ("var.x % 3 != 2", -5, True),
    ("var.x > 0.5", 0.5, False),
    ("var.x >= 0.5", 0.5, True),
    ("var.x < 1000", 1000, False),
    ("var.x < 1000", None, False),
    ("var.x != 4.0", 4, False),
    ("!var.x", None, False),
    ("var.x ? true : true", None, False),
    ('var.x["a"] == "b"', {"a": "b"}, True),
    ("var.x.a != null", {"a": None}, False),
    ("var.x.a == null", {"a": "b"}, False),
    (EACH_IS_A, [], True),
    (EACH_IS_A, ["a", "a"], True),
    (EACH_IS_A, ["a", "b"], False),
    ("alltrue(var.x)", [True, None], False),
    ('!contains([for t in keys(var.x) : contains(["a"], t)], false)', {"a": "1"}, True),
    ('!contains([for t in keys(var.x) : contains(["a"], t)], false)', {"b": "1"}, False),
    ('keys(var.x)[0] == "a"', {"b": 1, "a": 2}, True),
    (NAME, "a-1", True),
    (NAME, "a", True),
    (NAME, "a-", False),
    (NAME, "a\n", False),
    (NAME, None, False),
    (r'can(regex("^a\\z", var.x))', "a", True),
    (r'can(regex("^a\\z", var.x))', "a\n", False),
    (r'can(regex("^\\d+$", var.x))', "12", True),
    (r'can(regex("^\\d+$", var.x))', "\u0661", False),
    (r'can(regex("^\\w+$", var.x))', "é", False),
    (r'can(regex("^[\\w.-]+/[]a]$", var.x))', "b.c/]", True),
    ('can(regex("^[^a-c]$", var.x))', "b", False),
    ('can(regex("b", var.x))', "abc", True),
    ('can(regex("^(a|bc)+?$", var.x))', "abca", True),
    ('regex("[a-z]+", var.x) == "ab"', "1ab2", True),
    ('regex("([a-z])([a-z])", var.x)[1] == "b"', "1ab2", True),
    ('regex("a", var.x) == "a"', "b", False),
]

NOT_KNOWN: list[tuple[str, Any]] = [
    # A value of another type, which Terraform converts or refuses.
    ('var.x == "1"', 1),
    ('contains(["true"], var.x)', True),
    ("var.x < 4", "3"),
    ("length(var.x) == 1", 5),
    ("var.x == []", []),
    ("var.x", "true"),
    ("var.x % 0 == 0", 1),
    ("var.x % 2 == 0", 2.5),
    # Characters that Terraform counts in another way.
    ("length(var.x) == 2", "e\u0301"),
    ("length(var.x) == 2", "\r\n"),
    ("substr(var.x, -1, 1) == var.x", "a"),
    ("substr(var.x, 0, -1) == var.x", "a"),
    # What Terraform knows only when it plans, and attributes with defaults.
    ('contains(["a"], var.x)', expr("module.a.b", "string", stack=None)),
    ('contains(var.x, "a")', ["a", expr("module.a.b", "string", stack=None)]),
    ("var.x[0] == null", [expr("module.a.b", "string", stack=None)]),
    ('var.x["b"] == null', {"a": 1}),
    ("var.y == null", 1),
    # Where the left side decides, older versions of Terraform evaluate the right side too.
    ("var.x == null || length(var.x) > 1", None),
    ("var.x != null && length(var.x) > 1", None),
    # Regular expressions that RE2 and Python read differently.
    (r'can(regex("^\\s$", var.x))', "\v"),
    ('can(regex("[[:alpha:]]", var.x))', "a"),
    ('can(regex("(?i)a", var.x))', "A"),
    ('can(regex("(?=a)a", var.x))', "a"),
    ('can(regex("a++", var.x))', "a"),
    ('can(regex("a{,2}", var.x))', "a"),
    (r'can(regex("\\pL", var.x))', "a"),
    ('can(regex("[a--z]", var.x))', "a"),
    ('can(regex("(a", var.x))', "a"),
    # Forms that are not evaluated.
    ("try(var.x, true)", True),
    ('var.x == "${path.module}"', "a"),
    ("var.x + 1 == 2", 1),
    ("length(var.x, 1) == 1", "a"),
    ("length(var.x", "a"),
    ("var.x == ", "a"),
    ("var.x true", True),
    ("var.x[*] == 1", [1]),
    ("", True),
]


def interface(file: pathlib.Path) -> Interface:
    return parse(file.stem, file.read_text(encoding="utf-8"))


def conditions() -> Iterator[tuple[str, str, Variable, str]]:
    for file in FILES:
        for name, variable in interface(file).variables.items():
            for condition in variable.validation:
                yield f"{file.parent.name}/{file.stem}", name, variable, condition


@pytest.mark.parametrize(("condition", "value", "expected"), CASES)
def test_a_condition_holds_or_not(condition: str, value: object, expected: bool) -> None:
    assert holds(condition, {"x": value}) is expected


@pytest.mark.parametrize(("condition", "value"), NOT_KNOWN)
def test_a_condition_is_left_to_terraform(condition: str, value: object) -> None:
    assert holds(condition, {"x": value}) is None


def test_every_condition_of_the_catalog_is_evaluated() -> None:
    samples: dict[str, object] = {
        "string": "a",
        "number": 1,
        "list(string)": ["a"],
        "map(string)": {"a": "b"},
        "object({persistence_mode = string, rdb_snapshot_period = string})": {
            "persistence_mode": "RDB",
            "rdb_snapshot_period": "ONE_HOUR",
        },
    }
    left = {
        (module, name)
        for module, name, variable, condition in conditions()
        if holds(condition, {name: samples[variable.type]}) is None
    }
    assert left == LEFT_TO_TERRAFORM


def test_upstreams_defaults_meet_upstreams_conditions() -> None:
    broken = [
        (module, name)
        for module, name, variable, condition in conditions()
        if not variable.required and holds(condition, {name: variable.default}) is False
    ]
    assert broken == []


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ('contains(["a", "b"], var.x)', ["a", "b"]),
        ('(var.x == "a" || var.x == "b")', ["a", "b"]),
        ('var.x == null ? true : contains(["a"], var.x)', ["a"]),
        ('(var.x == null ? true : (contains(["a"], var.x)))', ["a"]),
        ("contains([1, 2], var.x)", [1, 2]),
        ('contains(["a"], var.y)', []),
        ('contains(["a", var.y], var.x)', []),
        ('var.x == "a" || var.y == "b"', []),
        ("contains([for t in var.x : t], var.x)", []),
        ("length(var.x) > 1", []),
        ('contains(["a"], var.x) && contains(["b"], var.x)', []),
    ],
)
def test_the_values_that_a_condition_lists(condition: str, values: list[str]) -> None:
    assert allowed_values(condition, "x") == values


TENANCY = Rule("test-tenancy", "error", "A rule of this test.")
BROKEN: list[tuple[type[Module], dict[str, Any], str]] = [
    (
        Vpc,
        {"vpc_instance_tenancy": "shared"},
        "got 'shared'; expected default, dedicated. Fix: use one of these values",
    ),
    (S3, {"bucket_namespace": "eu"}, "got 'eu'; expected global, account-regional. Fix: use one of these values"),
]


@pytest.mark.parametrize(("cls", "inputs", "says"), BROKEN)
def test_a_construct_rejects_what_upstream_rejects(
    cls: type[Module], inputs: dict[str, Any], says: str, stack: CloudStack
) -> None:
    (name,) = inputs
    assert any(f"{name} violates a validation condition of the upstream module; {says}" in line
               for line in refusal(cls, stack, **inputs))  # fmt: skip


def test_an_input_is_reported_by_the_guard_only(stack: CloudStack) -> None:
    class Guarded(Vpc):
        @staticmethod
        def _found(i: Inputs) -> Finding | None:
            return Finding("the tenancy is refused") if i["vpc_instance_tenancy"] == "shared" else None

        guards = (Guard(_found, TENANCY, ["vpc_instance_tenancy"]),)

    with pytest.raises(InputError) as error:
        Guarded(stack, "m", vpc_instance_tenancy="shared", anyscale_cloud_id="acme")
    said = [(each.rule and each.rule.id, *each.on) for each in error.value.findings]
    assert ("input-validation", "anyscale_cloud_id") in said
    assert [each for each in said if "vpc_instance_tenancy" in each] == [(TENANCY.id, "vpc_instance_tenancy")]


def test_a_condition_without_a_list_of_values_is_shown_as_written() -> None:
    found = list(refused_by_upstream(Inputs(Interface.load("google/gke"), {"shadow_firewall_rules_priority": 1000})))
    assert [(each.value, each.allowed, each.on) for each in found] == [
        (1000, "var.shadow_firewall_rules_priority < 1000", ["shadow_firewall_rules_priority"])
    ]


def test_a_required_input_cannot_be_removed() -> None:
    (found,) = refused_by_upstream(Inputs(Interface.load("google/iam"), {"anyscale_org_id": "acme"}))
    assert found.fix == "use a value that meets the condition"


def test_sets_are_left_to_terraform() -> None:
    variable = Variable("set(string)", [], validation=("length(var.x) == 2",))
    module = Interface("a", "a/b", ".", "v1", "0", ">= 1.0", {}, {"x": variable}, {})
    assert list(refused_by_upstream(Inputs(module, {"x": ["a", "a", "b"]}))) == []
