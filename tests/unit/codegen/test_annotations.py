"""Python annotations for Terraform's types."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs.codegen.annotations import Annotations
from anyscale_constructs.errors import CodegenError


@pytest.mark.parametrize(
    ("type_", "annotation"),
    [
        ("string", "TfString"),
        ("any", "TfAny"),
        ("set(number)", "TfList[TfNumber]"),
        ("list(map(bool))", "TfList[TfMap[TfBool]]"),
        ("map(list)", "TfMap[TfList[TfAny]]"),
        ("tuple([string, number])", "TfList[TfAny]"),
        ("map(object({a = string}))", "TfMap[TfObject[It]]"),
    ],
)
def test_annotation(type_: str, annotation: str) -> None:
    assert Annotations().annotate(type_, "It") == annotation


def test_objects_become_shapes_nested_ones_first() -> None:
    annotations = Annotations()
    inner = 'object({c = optional(string, "a, b"), d = map(bool)})'
    annotations.annotate(f"object({{a = string, the_b = optional({inner}, {{}})}})", "It")
    assert {shape.name: shape.attributes for shape in annotations.shapes} == {
        "ItTheB": {"c": "NotRequired[TfString | None]", "d": "TfMap[TfBool] | None"},
        "It": {"a": "TfString | None", "the_b": "NotRequired[TfObject[ItTheB] | None]"},
    }
    assert [shape.name for shape in annotations.shapes] == ["ItTheB", "It"]
    assert annotations.imports == {"TfString", "TfBool", "TfMap", "TfObject"}
    assert annotations.typing == {"NotRequired"}


def test_shapes_of_different_inputs_never_share_a_name() -> None:
    annotations = Annotations()
    annotations.annotate("object({b = object({c = string})})", "ItA")
    assert annotations.annotate("object({d = string})", "ItAB") == "TfObject[ItAB2]"


def test_attributes_may_be_quoted_or_in_parentheses() -> None:
    annotations = Annotations()
    annotations.annotate('object({"a" = string, (b) = number})', "It")
    assert list(annotations.shapes[0].attributes) == ["a", "b"]


@pytest.mark.parametrize("key", ["from", "a-b"])
def test_fails_on_an_attribute_python_cannot_name(key: str) -> None:
    with pytest.raises(CodegenError, match=f"is not a valid field name in Python; got '{key}'"):
        Annotations().annotate(f'object({{"{key}" = string}})', "It")


def test_fails_on_an_invalid_type() -> None:
    with pytest.raises(CodegenError, match=r"a type cannot be parsed; got 'strong'"):
        Annotations().annotate("strong", "It")


types = st.recursive(
    st.sampled_from(["string", "number", "bool", "any"]),
    lambda inner: st.one_of(
        inner.map("list({})".format),
        inner.map("map({})".format),
        st.tuples(inner, inner).map(lambda two: f"object({{a = {two[0]}, b = optional({two[1]}, null)}})"),
    ),
    max_leaves=8,
)


@given(types)
def test_every_type_has_a_valid_annotation(type_: str) -> None:
    annotations = Annotations()
    ast.parse(annotations.annotate(type_, "It"), mode="eval")
    assert len(annotations.shapes) == type_.count("object(")
    assert len({shape.name for shape in annotations.shapes}) == len(annotations.shapes)
