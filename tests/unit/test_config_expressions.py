"""Every field of every configuration accepts an expression and writes its code, or rejects it with one message."""

import copy
import functools
import importlib
import json
import pathlib
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from anyscale_constructs import words
from anyscale_constructs.cli import project
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.config.document import Document
from anyscale_constructs.config.model import Model
from anyscale_constructs.engine import TerraformVariable, Token, Tokenization
from anyscale_constructs.engine import name as engine
from anyscale_constructs.errors import ConfigError, ConstructsError, InputError
from anyscale_constructs.expressions import Expr, expr
from anyscale_constructs.terraform.app import App
from tests.examples import FOLDER
from tests.unit.config_fields import BASES, FOREIGN, IDLE, KNOWN

Fn: Any = importlib.import_module(engine).Fn

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """A field that is replaced by an expression, completely or in part.

    Args:
        model: The field's model.
        field: The field.
        part: `[]` for an element of a list, `{}` for a value of a mapping, empty for the whole field.
        path: The keys that lead to the field.
        put: The field's value for an expression.
        type: Terraform's type of the expression.
    """

    model: type[Model]
    field: str
    part: str
    path: Path
    put: Callable[[Any], Any]
    type: str

    @property
    def name(self) -> str:
        module = (
            self.model.__module__.removeprefix("anyscale_constructs.").removeprefix("clouds.").removesuffix("_config")
        )
        return f"{module}.{self.model.__name__}.{self.field}{self.part}"

    @property
    def is_known(self) -> bool:
        """Whether it must be known."""
        annotation = self.model.model_fields[self.field].annotation
        holds_models = not self.part and any(models(annotation)) and Expr not in offered(annotation)
        return holds_models or any(self.name in names for names in KNOWN.values())


def offered(annotation: Any) -> list[Any]:
    """Returns the types in an annotation, except None."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return offered(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [each for part in typing.get_args(annotation) for each in offered(part)]
    return [] if annotation is type(None) else [annotation]


def plain(annotation: Any) -> list[Any]:
    """Returns the same annotation without expressions."""
    return [each for each in offered(annotation) if each is not Expr]


def models(annotation: Any) -> Iterator[type[Model]]:
    """The models in an annotation, also inside lists and mappings."""
    for each in plain(annotation):
        if isinstance(each, type) and issubclass(each, Model):
            yield each
        for part in typing.get_args(each):
            yield from models(part)


def reachable(model: type[Model], found: set[type[Model]]) -> set[type[Model]]:
    """Returns the model and all models in its fields' types."""
    if model not in found:
        found.add(model)
        for field in model.model_fields.values():
            for inner in models(field.annotation):
                reachable(inner, found)
    return found


TYPES = {bool: "bool", int: "number", str: "string", Literal: "string", list: "list(string)", dict: "map(string)"}


def terraform_type(annotation: Any) -> str:
    first = plain(annotation)[0]
    kind = typing.get_origin(first) or first
    return "list(string)" if kind is Sequence else TYPES.get(kind, "any")


def token(code: str, type_: str) -> Any:
    """Returns an engine token of the type."""
    (resolvable,) = Tokenization.reverse(Fn.trimspace(code))
    ways: dict[str, Callable[[Any], Any]] = {
        "string": Token.as_string,
        "number": Token.as_number,
        "list(string)": Token.as_list,
        "map(string)": Token.as_string_map,
    }
    return ways.get(type_, lambda value: value)(resolvable)


# How a program writes an expression, by the name of a variable.
FORMS: dict[str, Callable[[str, str], Any]] = {
    "expression": lambda name, type_: expr(f"var.{name}", type_),
    "reference": lambda name, _: f"${{var.{name}}}",
    "token": token,
}


def configurations() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Returns each base: its name, the kind of its stack, and its keys."""
    for name, more in BASES.items():
        data = Document(FOLDER / f"{name.partition(' ')[0]}.yaml").data
        for key, value in {"backend": data.get("backend", {"type": "local"}), **more}.items():
            put(data, tuple(key.split(".")), value)
        yield name, project.load_stack(data.pop("stack")), data


def put(data: Any, path: Path, value: Any) -> None:
    """Sets the value at a path."""
    *way, last = path
    for step in way:
        data = data.setdefault(step, {}) if isinstance(data, dict) else data[step]
    data[last] = value


def places(value: Any, path: Path = ()) -> Iterator[Place]:
    """Yields the places where a value can contain an expression: the fields of all its models, and their elements."""
    match value:
        case Model():
            for name, field in type(value).model_fields.items():
                now, there, annotation = getattr(value, name), (*path, name), field.annotation
                place = functools.partial(Place, type(value), name, path=there)
                yield place("", put=lambda given: given, type=terraform_type(annotation))
                yield from places(now, there)
                if not any(models(annotation)):
                    yield from _parts(place, annotation, now)
        case Mapping():
            for key, inner in value.items():
                yield from places(inner, (*path, key))
        case list():
            for index, inner in enumerate(value):
                yield from places(inner, (*path, index))


def _parts(place: Callable[..., Place], annotation: Any, now: Any) -> Iterator[Place]:
    for kind in plain(annotation):
        *_, inner = typing.get_args(kind) or [str]
        if typing.get_origin(kind) in (list, Sequence):
            yield place("[]", put=lambda given: [given, *(now or [])[1:]], type=terraform_type(inner))
        if typing.get_origin(kind) is dict and now:
            yield place("{}", put=functools.partial(_put_first, now), type=terraform_type(inner))


def _put_first(now: dict[str, Any], given: Any) -> dict[str, Any]:
    return now | {next(iter(now)): given}


def synthesized(kind: Any, data: dict[str, Any], names: Sequence[str], out: pathlib.Path) -> str:
    """Returns the Terraform JSON of all stacks, which declare variables of these names, without the declarations."""
    stacks = kind.build(App(out), "ml", kind.config_type(**data))
    trees = []
    for stack in stacks:
        for name in names:
            TerraformVariable(stack, name, type="any")
        tree = json.loads(json.dumps(stack.to_terraform()))
        trees.append({**tree, "variable": {key: v for key, v in tree["variable"].items() if key not in names}})
    return json.dumps(trees)


@dataclass
class Trial:
    """The results of expressions in the fields of one base.

    Args:
        kind: The kind of its stack.
        data: Its keys.
        out: A directory for the stacks.
    """

    kind: Any
    data: dict[str, Any]
    out: pathlib.Path

    def outcomes(self, form: str, tried: Sequence[Place]) -> Iterator[tuple[Place, str | ConstructsError]]:
        """Returns for each place the message, or `arrives`, or `idle`.

        Several places are tested together, since a stack takes long; they are tested one by one if there is a message
        or one has no effect.
        """
        names = {f"needle_{index}_": place for index, place in enumerate(tried)}
        data = copy.deepcopy(self.data)
        for name, place in names.items():
            put(data, place.path, place.put(FORMS[form](name, place.type)))
        try:
            text = synthesized(self.kind, data, list(names), self.out)
        except ConstructsError as error:
            if len(tried) == 1:
                yield tried[0], error
            else:
                yield from self.outcomes(form, tried[::2])
                yield from self.outcomes(form, tried[1::2])
            return
        assert words.PREFIX not in text
        for name, place in names.items():
            if name in text or len(tried) == 1:
                yield place, "arrives" if name in text else "idle"
            else:  # another one of the batch may stand in its place
                yield from self.outcomes(form, [place])


Outcomes = Mapping[tuple[str, str], str | ConstructsError]
"""Results by the name of a place and the form of the expression."""

_AT_ONCE = 16


def batches(places: Sequence[Place]) -> list[list[Place]]:
    """Returns the places in groups: none is inside another, and neighbours, which may be compared, are apart."""
    number = -(-len(places) // _AT_ONCE)
    found: list[list[Place]] = [[] for _ in range(number)]
    for index, place in enumerate(places):
        clash = any(p.path[: len(place.path)] == place.path[: len(p.path)] for p in found[index % number])
        if clash:
            found.append([place])
        else:
            found[index % number].append(place)
    return found


@functools.cache
def first_bases() -> Mapping[str, str]:
    """Returns the first base that has a place, by the place's name."""
    found: dict[str, str] = {}
    for base, kind, data in configurations():
        for place in places(kind.config_type(**data)):
            found.setdefault(place.name, base)
    return found


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcomes]:
    """Returns the results of expressions in a base: in all forms in the first base of a place, else of `Expr` only."""

    @functools.cache
    def found(base: str) -> Outcomes:
        kind, data = next((kind, data) for name, kind, data in configurations() if name == base)
        trial = Trial(kind, data, tmp_path_factory.mktemp("out"))
        given = {place.name: place for place in places(kind.config_type(**copy.deepcopy(data)))}.values()
        result: dict[tuple[str, str], str | ConstructsError] = {}
        for form in FORMS:
            new = [place for place in given if form == "expression" or first_bases()[place.name] == base]
            singly = [[place] for place in new if place.is_known]
            many = [place for place in new if not place.is_known]
            for tried in [*singly, *batches(many)]:
                result |= {(place.name, form): said for place, said in trial.outcomes(form, tried)}
        return result

    return found


def wrong(place: str, said: str | ConstructsError, base: str) -> str | None:
    """Returns what is wrong with a result, if anything."""
    field = place.rpartition(".")[2].rstrip("[]{}")
    known = any(place in names for names in KNOWN.values()) or place in sections()
    match said:
        case "arrives":
            return "arrives, but must be known" if known else None
        case "idle":
            return None if place in IDLE.get(base, ()) else "is lost"
        case ConstructsError() if type(said) not in (ConfigError, InputError):
            return f"{type(said).__name__}: {said}"
    text = str(said)
    if "shapes the stack" in text:
        where = rf"\w+Config\.(?:.+\.)?(?:{field}: |\w+: {field} )"
        sentence = where + "shapes the stack, so it must be known at synthesis; got .*"
        return None if known and re.fullmatch(sentence, text) else text
    return text if known or words.PREFIX in text else None


@functools.cache
def sections() -> set[str]:
    """Returns the places that contain models."""
    found = (place for _, kind, data in configurations() for place in places(kind.config_type(**data)))
    return {place.name for place in found if place.is_known}


@pytest.mark.parametrize("base", BASES)
def test_each_field_takes_an_expression_or_says_why_not(base: str, outcomes: Callable[[str], Outcomes]) -> None:
    found = {(place, form): wrong(place, said, base) for (place, form), said in outcomes(base).items()}
    assert {key: text for key, text in found.items() if text} == {}


def test_each_field_takes_an_expression_somewhere(outcomes: Callable[[str], Outcomes]) -> None:
    """A field that conflicts with another field in one base is also in another base."""
    every: dict[str, set[str]] = {}
    for base in BASES:
        for (place, _), said in outcomes(base).items():
            every.setdefault(place, set()).add(said if isinstance(said, str) else "refused")
    checked = set.intersection(*(IDLE[base] for base in ("existing-vpc", "eks-existing")))
    never = {place for place, found in every.items() if "arrives" not in found}
    assert never == sections() | FOREIGN.keys() | checked
    for place, text in FOREIGN.items():
        assert any(text in str(outcomes(base).get((place, "expression"))) for base in BASES)


def test_each_model_is_tested() -> None:
    kinds = [project.load_stack(kind).config_type for kind in KINDS]
    there = set.union(*(reachable(kind, set()) for kind in kinds))
    names = {f"{model.__module__}.{model.__name__}.{field}" for model in there for field in model.model_fields}
    tried = {
        f"{place.model.__module__}.{place.model.__name__}.{place.field}"
        for _, kind, data in configurations()
        for place in places(kind.config_type(**data))
    }
    assert names == tried
