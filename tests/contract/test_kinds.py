"""Values that clouds set have the kinds of the provider's arguments, so overrides can be compared with them."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.testing import SynthesizedCloud
from tests.contract.standins import BUILT_IN, RECORDED

SINGLE = {"string", "number", "bool"}


def misfits(value: Any, known: Any, at: str) -> Iterator[str]:
    """Yields the values whose kind is not that of a recorded argument: a type, a block, or a list with a block."""
    match value, known:
        case Mapping(), Mapping() | [Mapping()]:
            block = known if isinstance(known, Mapping) else known[0]
            for name, inner in value.items():
                yield from misfits(inner, block[name], f"{at}.{name}")
        case list(), Mapping() | [Mapping()]:
            for inner in value:
                yield from misfits(inner, known if isinstance(known, Mapping) else known[0], at)
        case _ if not fits(value, str(known).partition("(")[0]):
            yield f"{at}: {value!r} is not {known}"


def fits(value: Any, kind: str) -> bool:
    match value:
        case bool():
            return kind == "bool"
        case int() | float():
            return kind == "number"
        case str():
            return kind in SINGLE or value.startswith("${")
        case list():
            return kind in {"list", "set"}
        case Mapping():
            return kind in {"map", "object", "any"}
    return False


def test_values_have_the_kind_of_their_argument(cloud: SynthesizedCloud) -> None:
    found = [
        misfit
        for stack in cloud.stacks
        for kind, bodies in stack.terraform.get("resource", {}).items()
        if kind not in BUILT_IN
        for name, body in bodies.items()
        for argument, type_ in RECORDED["resource"][kind]["arguments"].items()
        if argument in body
        for misfit in misfits(body[argument], type_, f"{kind}.{name}.{argument}")
    ]
    assert found == []


def test_values_of_another_kind_are_found() -> None:
    known = {"a": "string", "b": [{"c": "number"}], "d": {"e": "list(string)"}}
    assert [*misfits({"a": "x", "b": [{"c": 1}], "d": {"e": []}}, known, "r")] == []
    wrong = {"a": 1, "b": {"c": "x"}, "d": {"e": "x"}}
    assert [*misfits(wrong, known, "r")] == ["r.a: 1 is not string", "r.d.e: 'x' is not list(string)"]
    assert [*misfits([{"c": True}], known["b"], "r")] == ["r.c: True is not number"]
