"""Expressions: operations that create Terraform code, and errors for those that need the value itself."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions import Expr, expr, fn, is_unresolved
from tests import spelled

VPC_ID = expr("module.vpc.vpc_id", "string")
SUBNETS = expr("module.vpc.private_subnet_ids", "list(string)")
ZONES = expr("module.vpc.private_subnet_ids_az_map", "map(string)")
COUNT = expr(f"length({SUBNETS})", "number")
RULES = expr("var.rules", "object({name = string})")


MADE: dict[str, tuple[Expr, str]] = {
    "${module.vpc.private_subnet_ids[0]}": (SUBNETS[0], "string"),
    '${module.vpc.private_subnet_ids_az_map["subnet-a"]}': (ZONES["subnet-a"], "string"),
    '${module.vpc.private_subnet_ids_az_map["a\\"$${b}"]}': (ZONES['a"${b}'], "string"),
    '${var.x[0]["k"]}': (expr("var.x")[0]["k"], "any"),
    '${var.y[0]["k"]}': (expr("var.y", "list(map(number))")[0]["k"], "number"),
    "s3://${module.vpc.vpc_id}": ("s3://" + VPC_ID, "string"),
    "${module.vpc.vpc_id}/*": (VPC_ID + "/*", "string"),
    "${module.vpc.vpc_id}${module.vpc.vpc_id}": (VPC_ID + VPC_ID, "string"),
    "n-${length(module.vpc.private_subnet_ids)}": ("n-" + COUNT, "string"),
    "$${aws:username}-${module.vpc.vpc_id}": ("${aws:username}-" + VPC_ID, "string"),
    "%%{ if }${module.vpc.vpc_id}": ("%{ if }" + VPC_ID, "string"),
}


@pytest.mark.parametrize("code", MADE)
def test_indexing_and_joining_make_terraform(code: str) -> None:
    value, type_ = MADE[code]
    assert isinstance(value, Expr)
    assert (spelled(value), value.type) == (code, type_)


def test_strings_with_expressions_sort_in_order_of_creation() -> None:
    made = [expr(f"var.x{number}") for number in range(12)]
    assert sorted(map(str, reversed(made))) == [str(each) for each in made]


def test_equal_expressions_are_equal() -> None:
    same, typed, elsewhere = (expr("module.vpc.vpc_id", *more) for more in (("string",), ("any",), ("string",)))
    assert same == VPC_ID
    assert typed != VPC_ID
    assert expr("module.vpc.vpc_id", "string", stack="another") != elsewhere
    assert len({VPC_ID, expr("module.vpc.vpc_id", "string"), SUBNETS}) == 2


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "==": (lambda: VPC_ID == "vpc-1", "cannot be compared with 'vpc-1'.*use an expression, such as expr"),
    "reflected ==": (lambda: "vpc-1" == VPC_ID, "cannot be compared with 'vpc-1'"),  # noqa: SIM300 - what users write
    "== None": (lambda: VPC_ID == None, "cannot be compared with None"),  # noqa: E711 - what users write
    "!=": (lambda: VPC_ID != "vpc-1", "cannot be compared with 'vpc-1'"),
    "in a list": (lambda: VPC_ID in ["vpc-1", "vpc-2"], "cannot be compared with 'vpc-1'"),
    "sorted": (lambda: sorted([VPC_ID, "vpc-1"]), "cannot be compared or sorted"),
    "len": (
        lambda: len(SUBNETS),
        r"cannot be counted. Fix: use the Terraform function fn.length\(...\), or take",
    ),
    "if": (lambda: bool(VPC_ID), r"cannot be tested.*fn.coalesce"),
    "for": (lambda: list(SUBNETS), "cannot be iterated.*fn.tolist"),
    "in": (lambda: "a" in SUBNETS, "cannot be searched.*fn.contains"),
    "*": (lambda: SUBNETS * 2, "cannot be repeated.*fn.format"),
    "reflected *": (lambda: 2 * SUBNETS, "cannot be repeated"),
    "%": (lambda: VPC_ID % 1, "cannot be formatted with %"),
    "upper": (VPC_ID.upper, r"cannot be used with .upper\(\).*fn.upper"),
    "replace": (lambda: VPC_ID.replace("a", "b"), r"cannot be used with .replace\(\).*fn.replace"),
    "split": (lambda: VPC_ID.split(","), r".split\(\).*fn.split"),
    "removeprefix": (lambda: VPC_ID.removeprefix("a"), r".removeprefix\(\).*fn.trimprefix"),
    "startswith": (lambda: VPC_ID.startswith("a"), r".startswith\(\).*fn.startswith"),
    "join": (lambda: VPC_ID.join(["a"]), r".join\(\).*fn.join"),
    "strip": (VPC_ID.strip, r".strip\(\).*fn.trimspace"),
    "format": (lambda: VPC_ID.format(1), r".format\(\).*fn.format"),
    "a format's width": (lambda: f"{VPC_ID:>10}", "cannot be formatted with '>10'"),
    "a negative index": (lambda: SUBNETS[-1], r"cannot be indexed with -1.*fn.element"),
    "a slice": (lambda: SUBNETS[0:2], "cannot be indexed with slice.*because its type is list.*fn.slice"),
    "a string's letter": (lambda: VPC_ID[0], "cannot be indexed with 0, because its type is string"),
    "a set's element": (lambda: expr("var.s", "set(string)")[0], "cannot be indexed with 0, because its type is set"),
}


def advised(error: ExpressionError) -> str:
    """The function that an error says to use instead; for comparisons, `expr`."""
    (name,) = re.findall(r"use (?:the Terraform function fn\.|an expression, such as )(\w+)\(", str(error))
    return str(name)


@pytest.mark.parametrize(("use", "says"), REFUSED.values(), ids=REFUSED)
def test_fails_where_the_value_itself_is_needed(use: Callable[[], Any], says: str) -> None:
    with pytest.raises(ExpressionError, match=says) as error:
        use()
    assert advised(error.value) in {"expr", *dir(fn)}


@pytest.mark.parametrize("name", sorted({name for name in dir(str) if not name.startswith("_")} - {"maketrans"}))
def test_fails_for_every_method_of_a_string(name: str) -> None:
    with pytest.raises(ExpressionError, match=rf"\.{name}\(\)") as error:
        getattr(VPC_ID, name)()
    assert hasattr(fn, advised(error.value))


def test_an_error_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        len(VPC_ID)


@pytest.mark.parametrize("type_", ["any", "list(any)", "map(string)"])
def test_element_types_follow_the_collection(type_: str) -> None:
    assert expr("var.x", type_)[0].type == ("string" if "string" in type_ else "any")


def test_representation_names_code_and_type() -> None:
    assert repr(COUNT) == "Expr('length(module.vpc.private_subnet_ids)', 'number')"
    assert repr("a-" + VPC_ID) == "Expr('a-${module.vpc.vpc_id}', 'string')"


def test_as_list_is_a_list_for_the_engines_constructs() -> None:
    (element,) = SUBNETS.as_list()
    assert "TfToken[" in element
    assert is_unresolved([element])
