"""What Python itself can do with a value: methods of `str`, operators, damage; and objects that are not values."""

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs import fn, words
from anyscale_constructs.errors import ConstructsError, ExpressionError, SynthesisError
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.stack import CloudStack
from tests.contract.product.kinds import KINDS, World, cdktf
from tests.contract.product.places import PLACES
from tests.contract.product.ways import DAMAGES, NEEDS

EXPRESSIONS = [name for name, kind in KINDS.items() if kind.carrier == "expr"]
PLAIN = {name: kind for name, kind in KINDS.items() if kind.carrier == "str"}
METHODS = [name for name in dir(str) if not name.startswith("_")]
# Enough for any method of `str`: the first that it takes.
ARGUMENTS: list[tuple[Any, ...]] = [(), (["a", "a"],), ("-",), (1,), ({97: "b"},), ("a", "b"), ({"a": "b"},)]
# Python tells what these answer from the letters of the placeholder, or counts them; nothing of it reaches the library.
COUNTING = {"center", "ljust", "rjust", "zfill"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("uses"))


@pytest.fixture(scope="module")
def values(world: World) -> dict[str, Any]:
    return {name: kind.make(world) for name, kind in KINDS.items()}


def refused(use: Callable[[Any], Any], value: Any) -> str:
    """Returns the error of an operation that needs the value itself."""
    with pytest.raises(ExpressionError) as error:
        use(value)
    assert words.PREFIX not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("use", NEEDS)
def test_operations_that_need_the_value_of_an_expression_are_errors(use: str, values: dict[str, Any]) -> None:
    collections = {"a slice", "a negative index"}
    for name in EXPRESSIONS:
        said = refused(NEEDS[use], values[name])
        assert values[name].code in said or use in collections
        assert re.search(r"Fix: use (the Terraform function fn\.\w+\(|an expression, such as expr\()", said)


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_str_are_errors_on_expressions(method: str, values: dict[str, Any]) -> None:
    for name in EXPRESSIONS:
        said = refused(lambda value: getattr(value, method)(), values[name])
        assert f".{method}()" in said
        assert "Fix: use the Terraform function fn." in said


def test_operators_of_str_are_expressions_own() -> None:
    """Each operator returns code or raises an error; `"%s" % value` would try the reflected `%` first."""
    operators = {name for name in dir(str) if name.startswith("__") and name not in dir(object)}
    assert operators - vars(Expr).keys() == {"__getnewargs__", "__rmod__"}
    assert {"__eq__", "__lt__", "__int__", "__index__", "__hash__", "__format__"} <= vars(Expr).keys()


def called(text: str, method: str) -> Any:
    """Returns the result of the method for the first arguments that it accepts; nothing if Python rejects all."""
    for arguments in ARGUMENTS:
        with contextlib.suppress(TypeError, ValueError, LookupError):
            return getattr(text, method)(*arguments)
    return None


def changed(text: str) -> Iterator[tuple[str, str]]:
    """Returns the results of methods on the string, by method."""
    for method in METHODS:
        made = called(text, method)
        for index, each in enumerate(made if isinstance(made, list | tuple) else [made]):
            if isinstance(each, str) and method not in COUNTING and not set(each) <= {"-", "a", "b"}:
                yield f"{method}-{index}", each


@pytest.mark.parametrize("kind", ["module's text", "module.get_string", "TerraformVariable.string_value", "Fn's text"])
def test_string_methods_keep_the_expression_or_are_detected(kind: str, tmp_path: Path) -> None:
    """A string with a value either still contains the same value after Python changed it, or is an error."""
    refusals: set[str] = set()
    outputs: dict[str, Any] = {}
    for _ in range(3):  # an error is of one kind
        world = World(tmp_path)
        for name, made in changed(f"-{KINDS[kind].make(world)}-"):
            if name not in refusals:
                world.stack.add_output(name, made)
        try:
            outputs = world.stack.to_terraform()["output"]
        except SynthesisError as error:
            refusals |= set(
                re.findall(r"output\.([\w-]+)\.value .*(?:truncated or changed|an unresolved token)", str(error))
            )
        else:
            break
    assert {"upper-0", "lower-0", "title-0", "swapcase-0"} <= refusals
    assert {"strip-0", "removeprefix-0", "join-0"} <= outputs.keys()
    for output in outputs.values():
        assert f"${{{KINDS[kind].code}}}" in output["value"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_expressions_are_detected_everywhere(damage: str, tmp_path: Path) -> None:
    world = World(tmp_path)
    kinds = [name for name, kind in KINDS.items() if kind.carrier in {"expr", "str"}]
    cases = {f"c{index:03d}": DAMAGES[damage](KINDS[name].make(world)) for index, name in enumerate(kinds)}
    places = {name: f"p{index:02d}" for index, name in enumerate(PLACES)}
    for name, element in places.items():
        PLACES[name].put(world.stack, element, cases)
    with pytest.raises(SynthesisError) as error:
        world.stack.to_terraform()
    said = str(error.value)
    assert words.PREFIX not in said
    for name, element in places.items():
        if not PLACES[name].text:
            assert re.search(rf"{element}\b.*(truncated or changed|contains an unresolved token)", said), name


CHANGES: dict[str, Callable[[str], str]] = {
    **{f"{letter} replaced": lambda text, letter=letter: text.replace(letter, "-") for letter in "abcdefghijklm"},  # type: ignore[misc] # a default of a lambda
    **{f"{digit} replaced": lambda text, digit=digit: text.replace(digit, "9") for digit in "012345678"},  # type: ignore[misc]
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_replaced_letter_or_digit_is_detected(change: str, stack: CloudStack) -> None:
    """A placeholder with a changed number must not be another placeholder."""
    made = [stack.add_local(f"l{number}", number) for number in range(30)]
    for number, each in enumerate(made):
        text = f"{each}"
        changed = CHANGES[change](text)
        if changed != text:
            assert words.damaged(changed), number
            assert not list(words.codes(changed))


WRONG: dict[str, tuple[Callable[[World], Any], str]] = {
    "a set": (lambda w: {w.bucket.s3_bucket_id}, "a sorted list instead of a set"),
    "a set of tokens": (lambda w: {w.variable["text"].string_value}, "a sorted list instead of a set"),
    "a frozen set": (lambda w: frozenset({w.bucket.s3_bucket_id}), "a sorted list instead of a set"),
    "a set in a list": (lambda w: [{w.bucket.s3_bucket_id}], "a sorted list instead of a set"),
    "keys of a mapping": (lambda w: {w.bucket.s3_bucket_id: 1}.keys(), "has no equivalent in Terraform"),
    "a generator": (lambda w: (each for each in [w.bucket.s3_bucket_id]), "has no equivalent in Terraform"),
    "bytes": (lambda _: b"a", "has no equivalent in Terraform"),
    "a function": (lambda _: len, "has no equivalent in Terraform"),
    "a module": (lambda w: w.bucket, "is an object of the engine, not its value"),
    "a resource": (lambda w: w.resource, "is an object of the engine, not its value"),
    "a data source": (lambda w: w.data, "is an object of the engine, not its value"),
    "TerraformVariable": (lambda w: w.variable["text"], "is an object of the engine, not its value"),
    "TerraformLocal": (lambda w: w.local["text"], "is an object of the engine, not its value"),
    "TerraformResource": (lambda w: w.raw, "is an object of the engine, not its value"),
    "TerraformIterator": (
        lambda _: cdktf.TerraformIterator.from_list(["a"]),
        "is an object of the engine, not its value",
    ),
    "a key that is a number": (lambda _: {1: "a"}, "must be a string"),
    "not a number": (lambda _: float("nan"), "is not a number that Terraform JSON can represent"),
    "a number token, doubled": (lambda w: w.variable["number"].number_value * 2, "is not a number"),
    "a number token, negated": (lambda w: -w.variable["number"].number_value, "is not a number"),
    "another stack's value": (lambda w: w.theirs.s3_bucket_id, "of the stack other in the stack test"),
    "another stack's value in text": (lambda w: f"a-{w.theirs.s3_bucket_id}", "of the stack other in the stack test"),
    "a list of values as text": (lambda w: f"{[w.bucket.s3_bucket_id]}", "contains an unresolved token"),
    "the representation of a value": (lambda w: f"a-{w.bucket.s3_bucket_id!r}", "contains an unresolved token"),
    "the representation of an iterator's value": (
        lambda _: f"a-{cdktf.TerraformIterator.from_list(['a']).value}",
        "contains an unresolved token",
    ),
}
if cdktf.__name__ == "cdktf":  # cdktn leaves no trace of what it drops
    WRONG |= {
        "a list of Fn with null": (
            lambda _: cdktf.Fn.jsonencode({"a": [1, None, "x"]}),
            "lost null and the elements after it",
        ),
        "a list of Fn with null in fn": (
            lambda _: fn.upper(cdktf.Fn.jsonencode([1, None, "x"])),
            "lost null and the elements after it",
        ),
    }


@pytest.mark.parametrize("what", WRONG)
def test_values_without_an_equivalent_are_errors_everywhere(what: str, tmp_path: Path) -> None:
    make, says = WRONG[what]
    world = World(tmp_path)
    value = make(world)
    for name, place in PLACES.items():
        if place.ours:
            element = f"p{list(PLACES).index(name):02d}"
            with pytest.raises(ConstructsError) as error:  # noqa: PT012 - either of the two raises
                place.put(world.stack, element, {"case": value})
                world.stack.to_terraform()
            found = [line for line in str(error.value).splitlines() if says in line]
            assert found, name
            assert any(re.search(rf"\b(case|{element})\b", line) for line in found) or place.text
            assert words.PREFIX not in str(error.value)


PYTHONS: dict[str, Callable[[Any], Any]] = {
    "%d": lambda v: "%d" % v,  # noqa: UP031 - what users write
    "complex": complex,
    "keywords": lambda v: dict(**v),
}


@pytest.mark.parametrize("use", PYTHONS)
def test_operations_that_python_itself_rejects(use: str, values: dict[str, Any]) -> None:
    for name in EXPRESSIONS:
        with pytest.raises((TypeError, ValueError)) as error:
            PYTHONS[use](values[name])
        assert words.PREFIX not in str(error.value)


def test_every_method_of_str_is_tested() -> None:
    assert set(METHODS) == {name for name, _ in inspect.getmembers(str, callable) if not name.startswith("_")}
    assert {name for name in METHODS if called("-a-", name) is None} == set()
