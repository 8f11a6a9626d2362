"""The parts of Terraform code, and the types of outputs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs.codegen.infer import output_type, split


def test_split_keeps_strings_and_brackets_intact() -> None:
    assert split('a[0, 1], "x, \\" ) y", f({b, c}), d', ",") == ["a[0, 1]", '"x, \\" ) y"', "f({b, c})", "d"]


@given(st.lists(st.sampled_from(["a", '"b, c"', "f(d, e)", "[1, 2]", "{g = h}"]), min_size=1))
def test_split_is_the_inverse_of_join(parts: list[str]) -> None:
    assert split(", ".join(parts), ",") == parts


@pytest.mark.parametrize(
    ("raw", "type_"),
    [
        ('${try(aws_x.y[0].id, "")}', "string"),
        ("${try(zipmap(a[*].id, a[*].zone), {})}", "map(string)"),
        ("${try(a[*].id, var.ids, [])}", "list(string)"),
        ("${a[*].id}", "list(string)"),
        ("${a[*]}", "any"),
        ("${var.ports}", "list(number)"),
        ("${try(a.b, var.ports)}", "list(number)"),
        ('${var.on ? a.b : ""}', "any"),
        ('${var.on ? "yes" : ""}', "string"),
        ('${var.on ? "yes" : null}', "string"),
        ("${length(var.ports)}", "number"),
        ("${zipmap(a, b)}", "map(string)"),
        ('${join(",", a)}', "string"),
        ("${try(a, true)}", "bool"),
        ("${try(a, 0)}", "number"),
        ("${length(a) + length(b)}", "any"),
        ("${concat(a, b)}", "any"),
        ("${a.b}", "any"),
        ('"plain"', "string"),
        ('"${a.b}"', "any"),
        ('"vpc-${a.b}"', "string"),
        (True, "bool"),
        (3, "number"),
        ([], "list(string)"),
        ({}, "map(string)"),
        ({"a": "${a.b}"}, "any"),
        (None, "any"),
    ],
)
def test_the_type_of_an_output(raw: object, type_: str) -> None:
    assert output_type(raw, {"var.ports": "list(number)"}) == type_
