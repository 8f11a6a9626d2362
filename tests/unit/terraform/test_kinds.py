"""Values of a configuration that replace those of a cloud, and have the same kind or another one."""

import enum
from typing import Any

import pytest

from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.kinds import wrong_kinds


class Colour(enum.StrEnum):
    RED = "red"


# A value of the cloud, a value that cannot replace it, and the message.
REFUSED: list[tuple[Any, Any, str]] = [
    ("a", {"b": 1}, "x must be a single value; got a mapping"),
    ("a", ["b"], "x must be a single value; got a list"),
    (Colour.RED, ["b"], "x must be a single value; got a list"),
    (expr("var.a", "string"), {}, "x must be a single value; got a mapping"),
    (["a"], "b", "x must be a list; got 'b'"),
    (["a"], {"b": 1}, "x must be a list; got a mapping"),
    ([], "b", "x must be a list; got 'b'"),
    (["a"], ["b", {"c": 1}], "x.1 must be a single value; got a mapping"),
    ([["a"]], [["b"], "c"], "x.1 must be a list; got 'c'"),
    (expr("var.a", "list(string)"), 1, "x must be a list; got 1"),
    (expr("var.a", "set(string)"), {}, "x must be a list; got a mapping"),
    ({"a": 1}, "b", "x must be a mapping; got 'b'"),
    ({"a": 1}, ["b"], "x must be a mapping; got a list"),
    ({}, True, "x must be a mapping; got true"),
    (expr("var.a", "map(string)"), "b", "x must be a mapping; got 'b'"),
    ({"a": "b"}, {"a": ["c"]}, "x.a must be a single value; got a list"),
    ([{"a": "b"}], [{"a": "c"}, {"a": {}}], "x.1.a must be a single value; got a mapping"),
    ([{"a": "b"}], ["c"], "x.0 must be a mapping; got 'c'"),
]
# The same, for arguments of Terraform only.
REFUSED_BY_TERRAFORM: list[tuple[Any, Any, str]] = [
    ({"a": "b"}, [{"a": {}}], "x.0.a must be a single value; got a mapping"),
    ({"a": "b"}, [{"a": "c"}, "d"], "x.1 must be a mapping; got 'd'"),
    ([{"a": "b"}], {"a": {}}, "x.a must be a single value; got a mapping"),
    (True, "maybe", "x must be true or false; got 'maybe'"),
    (False, 0, "x must be true or false; got 0"),
    (1, "many", "x must be a number; got 'many'"),
    (0.5, True, "x must be a number; got true"),
    (expr("var.a", "bool"), "maybe", "x must be true or false; got 'maybe'"),
    (expr("var.a", "number"), "many", "x must be a number; got 'many'"),
]
ACCEPTED: list[tuple[Any, Any]] = [
    ("a", "b"),
    ("a", 1),
    ("a", True),
    ("a", None),
    (None, {"b": 1}),
    (True, False),
    (True, "false"),
    (1, "2"),
    (1, "2.5"),
    (1, 1e3),
    (["a"], []),
    ([{"a": "b"}], []),
    (["a"], ["b", 1]),
    ([], [{"a": 1}]),
    ({}, {"a": {"b": 1}}),
    ({"a": 1}, {"b": {"c": 1}}),
    ({"a": 1}, {"a": None}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "e": []}}),
    ("a", expr("var.b")),
    (True, expr("var.b")),
    (1, expr("var.b", "string")),
    ({"a": 1}, expr("var.b")),
    (["a"], expr("var.b", "set(string)")),
    (["a"], [expr("var.b")]),
    (expr("var.a"), {"b": 1}),
]


def said(ours: Any, theirs: Any, *, terraform: bool) -> list[str]:
    found = [*wrong_kinds({"x": ours, "y": 1}, {"x": theirs, "z": {}}, terraform=terraform)]
    assert all(each.key[0] == "x" and each.on == ["x"] for each in found)
    return [each.text for each in found]


@pytest.mark.parametrize(("ours", "theirs", "says"), REFUSED, ids=repr)
@pytest.mark.parametrize("terraform", [False, True])
def test_fails_on_another_kind(ours: Any, theirs: Any, says: str, terraform: bool) -> None:
    assert said(ours, theirs, terraform=terraform) == [says]


@pytest.mark.parametrize(("ours", "theirs", "says"), REFUSED_BY_TERRAFORM, ids=repr)
def test_fails_on_what_terraform_cannot_convert(ours: Any, theirs: Any, says: str) -> None:
    assert said(ours, theirs, terraform=True) == [says]


@pytest.mark.parametrize(("ours", "theirs"), ACCEPTED, ids=repr)
@pytest.mark.parametrize("terraform", [False, True])
def test_the_same_kind_and_unknown_values_are_accepted(ours: Any, theirs: Any, terraform: bool) -> None:
    assert said(ours, theirs, terraform=terraform) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        ({"a": "b"}, [{"a": "c"}], "x must be a mapping; got a list"),
        ([{"a": "b"}], {"a": "c"}, "x must be a list; got a mapping"),
    ],
    ids=repr,
)
def test_only_a_block_of_terraform_can_be_in_a_list(ours: Any, theirs: Any, says: str) -> None:
    assert said(ours, theirs, terraform=True) == []
    assert said(ours, theirs, terraform=False) == [says]
