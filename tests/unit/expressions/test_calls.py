"""Python's values as Terraform code, and the types that calls accept."""

import datetime
import enum
import ipaddress
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import words
from anyscale_constructs.engine import TerraformVariable, Token
from anyscale_constructs.errors import ExpressionError, InputError
from anyscale_constructs.expressions import Expr, as_code, expr, fn
from anyscale_constructs.terraform.stack import CloudStack

VPC_ID = expr("module.vpc.vpc_id", "string")
SUBNETS = expr("module.vpc.private_subnet_ids", "list(string)")


class Size(enum.Enum):
    SMALL = "small"


CODE: dict[str, tuple[Any, str]] = {
    "an expression": (VPC_ID, "module.vpc.vpc_id"),
    "a reference": ("${var.x}", "var.x"),
    "text": ('a\n${aws:x} "b" %{c} \\b', '"a\\n$${aws:x} \\"b\\" %%{c} \\\\b"'),
    "text that JSON writes otherwise": ("\b\f\\f", '"\\u0008\\u000c\\\\f"'),
    "an f-string": (f"a-{VPC_ID}", '"a-${module.vpc.vpc_id}"'),
    "an f-string that is wholly an expression": (f"{VPC_ID}", "module.vpc.vpc_id"),
    "a template": ("$" + VPC_ID, '"${"$"}${module.vpc.vpc_id}"'),
    "a list": ([1, None, True, 0.5], "[1, null, true, 0.5]"),
    "a large number": (2**64, "18446744073709551616"),
    "a mapping": ({"a": ("b", VPC_ID), "c-d": {}}, '{"a" = ["b", module.vpc.vpc_id], "c-d" = {}}'),
    "a mapping with expressions as keys": (
        {VPC_ID: 1, f"{VPC_ID}-b": 2, "${var.x}": 3},
        '{"${module.vpc.vpc_id}" = 1, "${module.vpc.vpc_id}-b" = 2, "${var.x}" = 3}',
    ),
    "an enumeration's member": (Size.SMALL, '"small"'),
    "a path": (pathlib.PurePosixPath("a/b"), '"a/b"'),
    "a date": (datetime.date(2026, 1, 2), '"2026-01-02"'),
    "a network": (ipaddress.IPv4Network("10.0.0.0/8"), '"10.0.0.0/8"'),
}


@pytest.mark.parametrize(("value", "code"), CODE.values(), ids=CODE)
def test_values_become_code(stack: CloudStack, value: object, code: str) -> None:
    assert stack.resolve(str(expr(as_code(value)))) == f"${{{code}}}"


NO_CODE: dict[str, Callable[[], object]] = {
    "a set": lambda: {"a"},
    "a frozen set": lambda: frozenset({VPC_ID}),
    "a set in a list in a mapping": lambda: {"a": [{"b"}]},
    "an iterator": lambda: iter(["a"]),
    "a generator": lambda: (each for each in "ab"),
    "not a number": lambda: float("nan"),
    "infinity": lambda: [float("inf")],
    "an object": object,
    "bytes": lambda: b"a",
}


@pytest.mark.parametrize("value", NO_CODE.values(), ids=NO_CODE)
def test_fails_on_values_without_an_equivalent(value: Callable[[], object]) -> None:
    with pytest.raises(ExpressionError, match=r"^fn\.jsonencode\.val.* has no equivalent in Terraform code; got"):
        fn.jsonencode(value())


def test_fails_on_a_key_that_is_not_a_string() -> None:
    with pytest.raises(ExpressionError, match=r"a key of fn\.jsonencode\.val\.a must be a string; got 1"):
        fn.jsonencode({"a": {1: 2}})


@pytest.mark.parametrize("value", ["a-${var.x}", ["${upper(var.x)}"], {"a-${var.x}": 1}])
def test_fails_on_code_in_a_plain_string(value: object) -> None:
    with pytest.raises(InputError, match=r"^fn\.jsonencode\.val.* contains Terraform code in a plain string"):
        fn.jsonencode(value)


@pytest.mark.node
def test_fails_on_an_object_of_the_engine(stack: CloudStack) -> None:
    with pytest.raises(InputError, match=r"fn\.jsonencode\.val\[0\] is an object of the engine, not its value"):
        fn.jsonencode([TerraformVariable(stack, "x")])


@pytest.mark.node
def test_tokens_of_the_engine_are_code(stack: CloudStack) -> None:
    variable = TerraformVariable(stack, "x")
    given = {
        "string": variable.string_value,
        "text": f"a-{variable.string_value}",
        "number": variable.number_value,
        "bool": variable.boolean_value,
        "list": variable.list_value,
        "map": Token.as_string_map(variable.list_value),
        "elements": [variable.string_value],
        "keys": {variable.string_value: 1},
    }
    assert stack.resolve(str(fn.jsonencode(given))) == (
        '${jsonencode({"string" = var.x, "text" = "a-${var.x}", "number" = var.x, "bool" = var.x, "list" = var.x, '
        '"map" = var.x, "elements" = [var.x], "keys" = {"${var.x}" = 1}})}'
    )


WRONG_TYPE: dict[str, tuple[Callable[[], Expr], str]] = {
    "text for a list": (lambda: fn.join(",", "ab"), "fn.join.lists must be a Terraform list(string); got 'ab'"),
    "an expression of a string for a list": (lambda: fn.sort(VPC_ID), "fn.sort.list must be a Terraform list(string)"),
    "a list for a string": (lambda: fn.upper(SUBNETS), "fn.upper.str must be a Terraform string"),
    "a list for a number": (lambda: fn.max(1, 2, SUBNETS), "fn.max.numbers must be a Terraform number"),
    "a mapping for a bool": (lambda: fn.alltrue([True, {}]), "fn.alltrue.list[1] must be a Terraform bool"),  # type: ignore[list-item]
    "a list in a list": (lambda: fn.join(",", ["a", SUBNETS]), "fn.join.lists[1] must be a Terraform string"),
    "text in a mapping of lists": (
        lambda: fn.transpose({"a": "bc"}),
        "fn.transpose.values.a must be a Terraform list(string)",
    ),
}


@pytest.mark.parametrize(("call", "says"), WRONG_TYPE.values(), ids=WRONG_TYPE)
def test_fails_on_an_argument_of_another_type(call: Callable[[], Expr], says: str) -> None:
    with pytest.raises(ExpressionError) as error:
        call()
    assert str(error.value).startswith(says)


@pytest.mark.parametrize("text", [f"a-{VPC_ID}", {f"a-{VPC_ID}": {1}}])
def test_errors_show_code_instead_of_words(text: Any) -> None:
    with pytest.raises(ExpressionError, match=r"a-\$\{module.vpc.vpc_id\}") as error:
        fn.merge(text) if isinstance(text, dict) else fn.sort(text)
    assert words.PREFIX not in str(error.value)
