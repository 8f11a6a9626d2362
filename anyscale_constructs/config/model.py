"""Strict pydantic models, and one clear error for whatever doesn't fit them."""

import datetime
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError, core_schema

from anyscale_constructs import words
from anyscale_constructs.config.types import TakesExpressions
from anyscale_constructs.errors import ConfigError, InputError, cut, shown
from anyscale_constructs.expressions import Expr, as_expression, as_expressions, is_unresolved, known

# What pydantic calls by Python's names.
_PLAIN = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), "must be a mapping"),
    **dict.fromkeys(("list_type", "iterable_type"), "must be a list"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
}


# So many letters that two names begin with are no accident.
_BEGINNING = 4
_TAGS = {"new", "existing"}


if TYPE_CHECKING:  # a metaclass with a call of its own hides the fields from pyright
    _Base = BaseModel
else:

    class _Explaining(type(BaseModel)):
        """Raises ConfigError when a model is created with wrong values; pydantic's own validation bypasses it."""

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*args, **fields)
            except ValidationError as error:
                raise ConfigError(explain(error, cls.__name__)) from None

    class _Base(BaseModel, metaclass=_Explaining):
        pass


class Model(_Base):
    """A model without conversions and without unknown keys; an unknown key's error names the nearest known one.

    What is known only later is an `Expr` in its fields: an expression, a token of the engine, or text that is wholly
    one reference. A field takes it if its type says so; other fields refuse it, since they shape the stack.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_default=True, defer_build=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _known_only_later(cls, value: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        try:
            given = as_expression(value, name)
            marks = cls.model_fields[name].metadata
            if is_unresolved(given) and any(isinstance(mark, TakesExpressions) and not mark.may for mark in marks):
                known(given, name)
            if not isinstance(given, Expr):
                return as_expressions(validate(given), name)
            if not _fits(given, validate):
                known(given, name)
        except InputError as error:
            raise PydanticCustomError("expression", "{text}", {"text": str(error).removeprefix(f"{name} ")}) from error
        return given

    @model_validator(mode="wrap")
    @classmethod
    def _known_keys(cls, values: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(values, dict) or values.keys() <= cls.model_fields.keys():
            return validate(values)
        known = {key: value for key, value in values.items() if key in cls.model_fields}
        others = {key: value for key, value in values.items() if key not in known}
        errors: list[InitErrorDetails] = []
        for key, value in others.items():
            error = PydanticCustomError("unknown_key", "{text}", {"text": unknown(key, cls.model_fields)})
            errors.append({"type": error, "loc": (str(key),), "input": value})
        meant = {(nearest(key, cls.model_fields),) for key in others}
        try:
            validate(known)
        except ValidationError as others_too:
            found = others_too.errors()
            errors += [_again(each) for each in found if each["type"] != "missing" or each["loc"] not in meant]
        raise ValidationError.from_exception_data(cls.__name__, errors)


def _fits(given: Expr, validate: ValidatorFunctionWrapHandler) -> bool:
    """Whether a field's type takes the expression, which is then of the right type."""
    try:
        validate(given)
    except ValidationError as error:
        if any(detail["type"] == "expression_type" for detail in error.errors()):
            raise
        return False
    return True


def _again(detail: ErrorDetails) -> InitErrorDetails:
    """An error as pydantic takes it back, which has no other way to add errors to those it found."""
    context = {**detail.get("ctx", {}), "text": detail["msg"]}
    error = PydanticCustomError(detail["type"], "{text}", context)  # pyright: ignore[reportArgumentType] # no template
    return {"type": error, "loc": detail["loc"], "input": detail["input"]}


@dataclass(frozen=True)
class ExistingIf:
    """Tells a new thing's model, which stands first in a union, from an existing one's.

    Args:
        key: The key that only the existing thing has, also misspelt; the new thing's own keys are no misspellings.
    """

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        new, existing = get_args(source)
        names = [self.key, *new.model_fields]

        def tag(value: Any) -> str:
            if not isinstance(value, dict):
                return "existing" if hasattr(value, self.key) else "new"
            # Looking for the nearest name takes long, and most names are known.
            misspelt = value.keys() - {*names, *existing.model_fields}
            known = self.key in value or self.key in {nearest(name, names) for name in misspelt}
            return "existing" if known else "new"

        def unmixed(value: Any) -> Any:
            if isinstance(value, dict) and tag(value) == "existing" and self.key in value:
                mixed = [name for name in value if name in new.model_fields and name not in existing.model_fields]
                if mixed:
                    raise refuse(f"{mixed[0]} is for a new one, but {self.key} names an existing one", "keep one")
            return value

        choices = {"new": handler.generate_schema(new), "existing": handler.generate_schema(existing)}
        union = core_schema.tagged_union_schema(choices, tag)
        return core_schema.no_info_before_validator_function(unmixed, union)


@dataclass(frozen=True)
class Discriminator:
    """Tells the models of a union by a key, whose only value each of them has in its type.

    Pydantic's own is for fields without validators.

    Args:
        key: The key.
    """

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {get_args(each.model_fields[self.key].annotation)[0]: each for each in get_args(source)}
        schemas = {tag: handler.generate_schema(each) for tag, each in choices.items()}
        union = core_schema.tagged_union_schema(schemas, self.key, from_attributes=True)
        return core_schema.no_info_before_validator_function(self._known, union)

    def _known(self, value: Any) -> Any:
        if isinstance(value, dict):
            known(value.get(self.key), self.key)
        return value


def unknown(name: object, known: Iterable[str], what: str = "key") -> str:
    """What to say of a name that isn't known: the nearest known one, or all of them when none is near."""
    known = sorted(known)
    name = words.spelled(str.__str__(name)) if isinstance(name, str) else name
    near = nearest(name, known)
    instead = f"did you mean {near!r}?" if near else f"known are {', '.join(known) or 'none'}"
    return f"unknown {what} {shown(name)}: {instead}"


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that is near, whatever its case: best with the same letters, or with the same beginning."""
    by_lower_case = {each.lower(): each for each in known}
    given = str(name).lower()
    near = difflib.get_close_matches(given, by_lower_case, n=len(by_lower_case) or 1)
    enough = max(_BEGINNING, len(given) / 2)
    alike = [each for each in by_lower_case if abs(len(each) - len(given)) < _BEGINNING]
    near += [each for each in alike if each not in near and _common_beginning(each, given) >= enough]
    near.sort(key=lambda each: (sorted(each) != sorted(given), -_common_beginning(each, given)))
    return by_lower_case[near[0]] if near else None


def _common_beginning(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def refuse(what: str, mend: str) -> PydanticCustomError:
    """The error of a validator that looks at more than one field; it stands where the first key is that it names."""
    return PydanticCustomError("not_allowed", "{text}", {"text": f"{what}. To mend it: {mend}"})


def explain(error: ValidationError, name: str = "") -> str:
    """One line for each thing that is wrong: where, what, and the value.

    Args:
        error: What pydantic raised.
        name: What was validated, if that is a part of something larger.
    """

    def line(detail: ErrorDetails) -> str:
        # Of a choice pydantic names the tag, which is no key.
        where = ".".join(filter(None, [name, *(cut(str(step)) for step in detail["loc"] if step not in _TAGS)]))
        return f"{where}: {explain_one(detail)}" if where else explain_one(detail)

    return "\n".join(map(line, error.errors()))


def explain_one(detail: ErrorDetails, written: str | None = None) -> str:
    """What is wrong with one value, without the place where it stands.

    Args:
        detail: What pydantic found.
        written: The value as it is written in YAML, which may have read something else.
    """
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    text, shown = detail["msg"], _shown(value, written)
    match kind:
        case "missing":
            return "is required"
        case "unknown_key" | "expression":
            return text
        case "union_tag_not_found":
            return f"{context['discriminator'].strip(chr(39))} is required, to tell which one it is"
        case "union_tag_invalid":
            return unknown(context["tag"], _quoted(context["expected_tags"]), context["discriminator"].strip(chr(39)))
        case _ if is_whole(detail):
            return text
        case "string_type" if isinstance(value, int | float | datetime.date):
            return f"must be text; given: {shown}. To mend it: put it in quotes"
        case "not_allowed" if isinstance(value, int | float | datetime.date):
            return f"{text}; given: {shown}. To mend it: put it in quotes"
        case "int_type" | "bool_type" | "float_type" if isinstance(value, str):
            return f"{_PLAIN[kind]}; given: {shown}. To mend it: leave out the quotes, if that is its value"
        case "too_short":
            return f"must have {context['min_length']} or more; given: {len(value)}"
    text = _PLAIN.get(kind) or text.replace("Input should be", "must be")
    text = f"{text[0].lower()}{text[1:]}; given: {shown}"
    near = nearest(value, _quoted(context["expected"])) if kind == "literal_error" else None
    return f"{text}: did you mean {near!r}?" if near else text


def _shown(value: Any, written: str | None) -> str:
    match value:
        case bool() if written is not None:
            read = str(value).lower()
            return read if written.lower() == read else f"{written}, which is {read} in YAML"
        case None:
            return "nothing"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"  # neither with what is in it, which may be secret
        case datetime.date():
            return str(value)  # as YAML has it
    return shown(value)


def is_whole(detail: ErrorDetails) -> bool:
    """Whether the error is a model's as a whole: its text names the keys."""
    return detail["type"] == "not_allowed" and isinstance(detail["input"], dict | BaseModel)


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)
