"""The expected result of a case, derived from its kind, way and place, without the library."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.contract.product.kinds import KINDS
from tests.contract.product.places import Place
from tests.contract.product.ways import TEXT, VALUE, Way

WAYS = {**VALUE, **TEXT}


@dataclass(frozen=True)
class Refused:
    """A case that is an error.

    Args:
        when: The time of the error: `put`, when the value is added to its place; `engine`, when the engine reads the
            stack's elements; `code`, when code replaces placeholders; `left`, when the finished JSON is checked.
        says: What the message contains in addition to the place.
    """

    when: str
    says: str


ACCEPTED = "accepted"
PYTHON = "Python"
"""Python itself does not support this operation for the value."""
TERRAFORMS = "Terraform's"
"""Only Terraform knows the type: `terraform validate` reports an error with the place."""

Outcome = Refused | str
_IN_TEXT = "inside a string"
_LETTERS = Refused("code", "passes a reference to a function as a literal string")
_LEFT = Refused("left", "contains an unresolved token")
_MARK = re.compile(
    r'(?P<quote>\\*"?)Qmark(?P<kind>\d{3})(?P<number>N)?(?:W(?P<way>\d{2}))?(?P<encoded>E)?Z(?P<end>(?P=quote))'
)
_NOT_OF_OBJECTS = {"a copy", "json.dumps", "json.dumps, sorted", "yaml.safe_dump"}
_EXPRESSIONS = {"fn.try", "nested fn", "fn of Fn", "fn of an f-string"}
"""The ways that create an expression of unknown type."""
_ENGINES = Refused("engine", "Found an encoded list token string in a scalar string context")


@cache
def outcome(way_name: str, kind_name: str, place: Place) -> Outcome:
    """Returns the expected result of a case."""
    way, kind = WAYS[way_name], KINDS[kind_name]
    if way_name == "in a tuple" and not place.ours:
        return PYTHON
    if kind.carrier == "reference":
        return _of_reference(way_name, way, place)
    if kind.carrier not in {"expr", "str"} and way.strings:
        return PYTHON
    if kind.carrier == "proxy" and way_name in _NOT_OF_OBJECTS:
        return PYTHON
    if kind.carrier in {"str", "float"} and way_name == "f-string after a dollar" and not place.ours:
        return TERRAFORMS  # the engine's own text
    if kind.carrier == "float" and way_name == "f-string after a dollar":
        return Refused("put", _IN_TEXT)
    in_text = way.text or (place.text and "jsonencode" not in way_name)
    if not in_text or (not way.text and is_encoded(way_name, kind_name, place)):
        return ACCEPTED
    if kind.is_collection:
        return _of_collection(way_name, kind_name, way, place)
    if way.text and kind.carrier in {"float", "proxy"} and not (way.number and kind.carrier == "float"):
        return _LEFT
    return ACCEPTED


def is_encoded(way_name: str, kind_name: str, place: Place) -> bool:
    """Returns whether the value is written with `jsonencode`: an expression that may not be a string."""
    way, kind = WAYS[way_name], KINDS[kind_name]
    if not place.text or way.code or way.text:
        return place.text and way_name in _EXPRESSIONS
    if kind.carrier == "expr":
        return kind.is_untyped or not isinstance(kind.value, str)
    return kind.carrier in {"list", "dict"} or (place.field and kind.carrier in {"float", "reference"})


def _of_collection(name: str, kind_name: str, way: Way, place: Place) -> Outcome:
    kind = KINDS[kind_name]
    if kind.carrier == "proxy" and way.text:
        return _LEFT
    if kind.carrier == "dict" and name == "as text in a key" and not place.ours:
        return Refused("engine", "Cannot concatenate strings in a tokenized map")
    if kind.is_untyped or (way.code and not way.text):
        return TERRAFORMS
    if kind.carrier == "expr":
        return Refused("code", _IN_TEXT)
    if name.startswith("Fn "):
        return _ENGINES if kind.carrier == "list" else _LEFT
    if place.ours or name.startswith("fn "):
        return Refused("put", _IN_TEXT)
    return _ENGINES if kind.carrier == "list" else _LEFT


def _of_reference(name: str, way: Way, place: Place) -> Outcome:
    if name.startswith(("Fn", "nested Fn", "fn of Fn")) and name != "Fn of fn":
        return _LETTERS
    if name == "f-string after a dollar":
        return TERRAFORMS  # two signs stand for letters
    if name == "as a key" or not way.text:
        return ACCEPTED
    if place.ours or name.startswith("fn "):
        return Refused("put", "contains Terraform code in a plain string")
    return ACCEPTED


def text_of(way_name: str, kind_name: str, place: Place) -> Any:
    """Returns what a case adds to the JSON, with marks instead of code."""
    way, kind = WAYS[way_name], list(KINDS).index(kind_name)
    end = "EZ" if is_encoded(way_name, kind_name, place) else "Z"
    if way.code:
        return f"Qmark{kind:03d}W{list(WAYS).index(way_name):02d}{end}"
    mark = f"Qmark{kind:03d}{'N' if way.text or not place.field else ''}{end}"
    return way.apply(Quoted(mark) if KINDS[kind_name].is_quoted else mark)


class Quoted(str):
    """Text that is quoted in YAML."""

    __slots__ = ()


for _dumper in (yaml.Dumper, yaml.SafeDumper):
    yaml.add_representer(
        Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), '"'), Dumper=_dumper
    )


def spelled(value: Any) -> Any:
    """Returns JSON with code instead of marks; `jsonencode` and numbers in strings are not quoted."""
    match value:
        case str():
            return _MARK.sub(_code, value)
        case dict():
            return {spelled(key): spelled(inner) for key, inner in value.items()}
        case list() | tuple():
            return [spelled(element) for element in value]
    return value


def _code(match: re.Match[str]) -> str:
    kind = list(KINDS.values())[int(match["kind"])]
    if match["way"]:
        code = list(WAYS.values())[int(match["way"])].code
        text = code.replace("${@}", f"${{{kind.code}}}").replace("@", kind.inner)
    else:
        text = f"${{{kind.code}}}"
    if match["encoded"]:
        inner = kind.inner if not match["way"] else text[2:-1]
        return f"${{jsonencode({f'({inner})' if inner.endswith(']') and match['way'] else inner})}}"
    is_number = match["number"] and kind.carrier == "float"
    return text if is_number else f"{match['quote']}{text}{match['end']}"


def value_of(way_name: str, kind_name: str, place: Place) -> Any:
    """Returns the value that Terraform computes for a case."""
    way, kind = WAYS[way_name], KINDS[kind_name]
    is_whole = is_encoded(way_name, kind_name, place) and not way.text
    as_number = kind.carrier == "float" and not way.code and (way.number or place.text)
    result = way.result or way.apply
    if way_name.startswith("yaml") and not kind.is_quoted:
        return result(kind.value)
    if way.text or (place.text and not way.code):
        return result(kind.value if is_whole or as_number else kind.in_text)
    made = result(kind.value)
    return made if is_whole or not place.text or isinstance(made, str) else json.dumps(made)


def comparable(way_name: str, value: Any) -> Any:
    """Returns the value with its YAML parsed, since the layout is the library's own."""
    return yaml.safe_load(value) if way_name.startswith("yaml") else value
