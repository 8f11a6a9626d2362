"""Matchers, and the description of differences."""

from typing import Any

import pytest

from anyscale_constructs import fn
from anyscale_constructs.expressions import expr
from anyscale_constructs.testing import ANY, Capture, partial
from anyscale_constructs.testing.matching import differences, unlike

TAGS = {"Team": "ml", "Env": {"name": "prod", "zones": ["a", "b"]}}


@pytest.mark.parametrize(
    ("expected", "actual", "said"),
    [
        ("10.0.0.0/16", "10.0.0.0/16", []),
        ("10.0.0.0/16", "10.0.0.0/19", ['x: got "10.0.0.0/19"; expected "10.0.0.0/16"']),
        (True, 1, ["x: got 1; expected true"]),
        (1, True, ["x: got true; expected 1"]),
        ("1", 1, ['x: got 1; expected "1"']),
        (1.0, 1, []),
        (None, None, []),
        ({"a": 1}, "text", ['x: got "text"; expected {"a": 1}']),
        ([1], {"a": 1}, ['x: got {"a": 1}; expected [1]']),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["x.a.b: got 2; expected 1"]),
        ({"team": "ml"}, {"Team": "ml"}, [
            'x.team: is not set; expected "ml"; did you mean \'Team\'?',
            'x.Team: got "ml"; expected no such key',
        ]),
        ([1, 2], [1, 3], ["x[1]: got 3; expected 2"]),
        ([1, 2], [1], ["x[1]: is missing; expected 2"]),
        ((1,), [1, 2], ["x[1]: got 2; expected no such element"]),
        ({"a": ANY}, {"a": None}, []),
        ({"a": ANY}, {}, ["x.a: is not set; expected ANY"]),
        (partial({"Team": "ml"}), TAGS, []),
        (partial({"Env": {"name": "prod"}}), TAGS, []),
        (partial({"Env": {"zones": ["a"]}}), TAGS, ['x.Env.zones[1]: got "b"; expected no such element']),
        (partial({"Env": {"zones": partial(["b"])}}), TAGS, []),
        (partial({"Env": {"name": "test"}}), TAGS, ['x.Env.name: got "prod"; expected "test"']),
        (partial(["b", "a"]), ["a", "b"], ['x: got ["a", "b"]; expected an element "a"']),
        (partial(["a", "c"]), ["a", "b", "c"], []),
        (partial([{"a": 1}]), [{"a": 2}, {"a": 1, "b": 2}], []),
        (partial(["a"]), "a", ['x: got "a"; expected ["a"]']),
    ],
)  # fmt: skip
def test_each_difference_names_its_key(expected: Any, actual: Any, said: list[str]) -> None:
    assert [*differences(expected, actual, "x")] == said


def test_a_long_text_is_shown_from_where_it_differs() -> None:
    (said,) = differences("a" * 500 + "b", "a" * 500 + "c", "policy")
    assert said == f'policy: got "...{"a" * 20}c"; expected "...{"a" * 20}b"'


def test_expressions_are_code() -> None:
    subnets = expr("module.vpc.subnet_ids", "list(string)")
    expected = {"ids": subnets, "text": "s3://" + expr("module.s3.id", "string"), "joined": fn.join(",", subnets)}
    actual = {
        "ids": "${module.vpc.subnet_ids}",
        "text": "s3://${module.s3.id}",
        "joined": '${join(",", module.vpc.subnet_ids)}',
    }
    assert [*differences(expected, actual)] == []
    assert [*differences({"ids": subnets}, {"ids": "${var.ids}"})] == [
        'ids: got "${var.ids}"; expected "${module.vpc.subnet_ids}"'
    ]


def test_matchers_work_in_comparisons_too() -> None:
    actual = {"a": 1, "b": [1, 2]}
    assert actual == {"a": ANY, "b": partial([2])}
    assert {"a": ANY, "b": partial([2])} == actual
    assert actual == partial({"a": 1})
    assert actual != partial({"a": 2})


def test_a_capture_keeps_only_matched_values() -> None:
    capture = Capture()
    with pytest.raises(AssertionError, match="has not matched a value yet"):
        _ = capture.value
    assert unlike({"a": capture, "b": 1}, {"a": "one", "b": 2})
    assert capture.values == []
    assert not unlike({"a": capture, "b": 1}, {"a": "two", "b": 1})
    assert not unlike(
        {"a": partial([{"kind": 2, "name": capture}])}, {"a": [{"kind": 1, "name": 3}, {"kind": 2, "name": 4}]}
    )
    assert capture.values == ["two", 4]
    assert capture.value == 4
