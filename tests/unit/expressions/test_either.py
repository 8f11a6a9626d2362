"""Python evaluates known values, and Terraform unresolved ones, with the same result."""

from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, choose, count, expr, join, known, maximum, merge, minimum, unless
from tests import spelled

X = expr("var.x")
LIST = expr("var.list", "list(string)")

CASES: list[tuple[Callable[[], Any], Any, str]] = [
    (lambda: choose(True, "a", X), "a", ""),
    (lambda: choose(False, "a", X), "${var.x}", "any"),
    (lambda: choose(X, "a", None), '${var.x ? "a" : null}', "any"),
    (lambda: choose(X, X, ["b"]), '${var.x ? var.x : ["b"]}', "any"),
    (lambda: count(["a", X]), 2, ""),
    (lambda: count(LIST), "${length(var.list)}", "number"),
    (lambda: join(["a", "b"]), "a,b", ""),
    (lambda: join([]), "", ""),
    (lambda: join(["a", X], "/"), "a/${var.x}", "string"),
    (lambda: join([X]), "${var.x}", "any"),
    (lambda: join(LIST), '${join(",", var.list)}', "string"),
    (lambda: merge({"a": 1}, {"a": X, "b": 2}), {"a": "${var.x}", "b": 2}, ""),
    (lambda: merge({"a": "$"}, X, {}), '${merge({"a" = "$"}, var.x, {})}', "any"),
    (lambda: minimum(2, 1), 1, ""),
    (lambda: minimum(2, X), "${min(2, var.x)}", "number"),
    (lambda: maximum(X, 2), "${max(var.x, 2)}", "number"),
    (lambda: unless([], []), None, ""),
    (lambda: unless(["a"], []), ["a"], ""),
    (lambda: unless(LIST, []), "${var.list}", "list(string)"),
]


@pytest.mark.parametrize(("call", "value", "type_"), CASES)
def test_python_or_terraform_decides(call: Callable[[], Any], value: Any, type_: str) -> None:
    found = call()
    assert spelled(found) == value
    assert (found.type if isinstance(found, Expr) else "") == type_


def test_known_values_pass() -> None:
    assert known(["a"], "zones") == ["a"]


@pytest.mark.parametrize(
    ("value", "given"),
    [(X, "'${var.x}'"), ("${var.x}", "'${var.x}'"), (f"a-{X}", "'a-${var.x}'"), (["a", X], "['a', '${var.x}']")],
)
def test_fails_on_unresolved_values_that_must_be_known(value: Any, given: str) -> None:
    with pytest.raises(InputError) as error:
        known(value, "zones")
    assert str(error.value) == (
        f"zones shapes the stack, so it must be known at synthesis; got {given}. Fix: set a literal value"
    )
