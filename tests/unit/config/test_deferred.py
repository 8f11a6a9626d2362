"""Models that are built when they are used."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from anyscale_constructs.config.model import Model


class Inner(Model):
    size: int = 1


class Outer(Model):
    inner: Inner | None = None
    others: dict[str, Inner] = Field(default_factory=dict)


def is_built(model: type[Model]) -> bool:
    return bool(model.__pydantic_complete__)


def test_the_model_of_a_field_is_built_when_it_is_used() -> None:
    assert Outer() == Outer(inner=None)
    assert (is_built(Outer), is_built(Inner)) == (True, False)
    made = Outer.model_validate({"inner": {"size": 2}})
    assert is_built(Inner)
    assert made == Outer(inner=Inner(size=2))


def test_an_error_has_the_path_from_the_root() -> None:
    wrong: dict[str, Any] = {"inner": {"size": "x"}, "others": {"a": {"size": None, "b": 1}}}
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(wrong)
    assert {each["loc"] for each in error.value.errors()} == {
        ("inner", "size"),
        ("others", "a", "size"),
        ("others", "a", "b"),
    }


def test_the_json_schema_defines_the_model_once() -> None:
    schema = Outer.model_json_schema()
    assert schema["$defs"].keys() == {"Inner"}
    assert schema["properties"]["others"]["additionalProperties"] == {"$ref": "#/$defs/Inner"}


def test_a_model_can_be_part_of_another_type() -> None:
    assert TypeAdapter(list[Outer]).validate_python([{"inner": {"size": 3}}]) == [Outer(inner=Inner(size=3))]


def test_a_model_can_refer_to_one_that_follows_in_a_function() -> None:
    class First(Model):
        second: Second | None = None

    class Second(Model):
        size: int = 1

    First.model_rebuild()
    assert First.model_validate({"second": {"size": 2}}) == First(second=Second(size=2))
