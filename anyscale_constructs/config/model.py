"""Strict pydantic models, and their errors as findings."""

import datetime
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, get_args

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

from anyscale_constructs.config.deferred import Deferred
from anyscale_constructs.config.types import TakesExpressions
from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.expressions import Expr, as_expression, as_expressions, known
from anyscale_constructs.findings import NOT_GIVEN, Finding, Key, Rule, shown
from anyscale_constructs.names import nearest, unknown

# Pydantic's own messages use Python's names of types.
_PLAIN = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), "must be a mapping"),
    **dict.fromkeys(("list_type", "iterable_type"), "must be a list"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be a string",
}

UNKNOWN_KEY = Rule("unknown-key", "error", "A misspelt key would be ignored, and the default used silently.")
MISSING_KEY = Rule("missing-key", "error", "No default would be right for most clouds.")
WRONG_TYPE = Rule(
    "wrong-type",
    "error",
    "The value is of another type than the key. It is not converted: a number instead of a string would lose its "
    "leading zeros.",
)
INVALID_VALUE = Rule(
    "invalid-value", "error", "The provider or Anyscale rejects it, often after other resources are created."
)
UNRESOLVED = Rule("unresolved-key", "error", "The key shapes the stack, so its value must be known at synthesis.")
CONFLICTING = Rule("conflicting-keys", "error", "One key would have no effect, or both together would not work.")

IDLE_KEY = Rule("idle-key", "error", "A key without effect is a mistake, or hides one.")


_UNRESOLVED_OR_COLLECTIONS = (Expr, list, tuple, dict, Mapping)
_WITHOUT_EXPRESSIONS = (int, BaseModel)

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:  # a metaclass with its own __call__ hides the fields from pyright
    _Base = Deferred
else:

    class _Explaining(type(BaseModel)):
        """Raises ConfigError when a model is created with wrong values; pydantic's own validation bypasses it."""

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*args, **fields)
            except ValidationError as error:
                raise ConfigError(found_in(error, cls.__name__)) from None

    class _Base(Deferred, metaclass=_Explaining):
        pass


def _signed(function: F) -> F:
    """Stores a function's signature, which pydantic examines for each field of each model."""
    function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return function


class Model(_Base):
    """A model that converts no values and refuses unknown keys, with the nearest known key in the error.

    An unresolved value is an `Expr` in the model's fields: an expression, an engine token, or a string that is a single
    reference. A field accepts one if its type does; other fields refuse it, since they shape the stack.
    """

    upstream_names: ClassVar[Mapping[str, str]] = {}
    """The keys for variables of upstream's examples, by the variables' names; errors about unknown keys use them."""

    answers: ClassVar[Mapping[str, str]] = {}
    """The fixes for keys of Terraform or of an older release that the model does not have."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        populate_by_name=True,  # a key that is a Python keyword is a validation alias
    )

    @field_validator("*", mode="wrap")
    @classmethod
    @_signed
    def _known_only_later(cls, value: Any, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        try:
            given = value if isinstance(value, BaseModel) else as_expression(value, name)
            if name in _known_now(cls) and isinstance(given, _UNRESOLVED_OR_COLLECTIONS):
                for part in given.values() if isinstance(given, Mapping) else [given]:
                    known(part, name)
            if not isinstance(given, Expr):
                validated = validate(given)
                # These contain no unresolved values, or have been searched already.
                plain = (
                    validated is None
                    or (validated is given and isinstance(given, str))
                    or isinstance(validated, _WITHOUT_EXPRESSIONS)
                )
                return validated if plain else as_expressions(validated, name)
            if not _fits(given, validate):
                known(given, name)
        except InputError as error:
            first = error.findings[0]
            said = first._replace(what=first.what.removeprefix(f"{name} "), rule=UNRESOLVED)
            raise refuse_all([said]) from error
        return given

    @model_validator(mode="wrap")
    @classmethod
    @_signed
    def _known_keys(cls, values: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        keys, accepted = _keys(cls)
        if not isinstance(values, dict) or values.keys() <= accepted:
            return validate(values)
        known = {key: value for key, value in values.items() if key in accepted}
        others = {key: value for key, value in values.items() if key not in known}
        errors: list[InitErrorDetails] = []
        for key, value in others.items():
            ours = cls.upstream_names.get(key, "")
            if ours.partition(".")[0] in keys:
                what, fix = f"unknown key {key!r}, which is a variable of upstream's examples", f"set {ours}"
            elif key in cls.answers:
                what, fix = f"unknown key {key!r}", cls.answers[key]
            else:
                what, fix = unknown(key, keys), ""
            errors.append({"type": refuse(what, fix, rule=UNKNOWN_KEY), "loc": (str(key),), "input": value})
        meant = {(nearest(key, keys),) for key in others}
        try:
            validate(known)
        except ValidationError as others_too:
            also = others_too.errors()
            errors += [_again(each) for each in also if each["type"] != "missing" or each["loc"] not in meant]
        raise ValidationError.from_exception_data(cls.__name__, errors)


@cache
def _known_now(model: type[BaseModel]) -> Collection[str]:
    """Returns the fields that accept no expression."""
    return {
        name
        for name, field in model.model_fields.items()
        if any(isinstance(mark, TakesExpressions) and not mark.may for mark in field.metadata)
    }


@cache
def _keys(model: type[BaseModel]) -> tuple[Sequence[str], AbstractSet[str]]:
    """Returns a model's keys in YAML, and all accepted names, including Python's."""
    keys = [str(field.validation_alias or name) for name, field in model.model_fields.items()]
    return keys, {*keys, *model.model_fields}


def _fits(given: Expr, validate: ValidatorFunctionWrapHandler) -> bool:
    """Returns whether a field's type accepts the expression and the expression has the right type."""
    try:
        validate(given)
    except ValidationError as error:
        if any(detail["type"] == "expression_type" for detail in error.errors()):
            raise
        return False
    return True


def _again(detail: ErrorDetails) -> InitErrorDetails:
    """Returns an error in the form that pydantic raises again: there is no other way to add errors to it."""
    context = {**detail.get("ctx", {}), "text": detail["msg"]}
    error = PydanticCustomError(detail["type"], "{text}", context)  # pyright: ignore[reportArgumentType] # no template
    return {"type": error, "loc": detail["loc"], "input": detail["input"]}


class ExistingIf:
    """Selects the model of a union of two: the first is of a new resource, the second of an existing one.

    Args:
        key: The key that only the existing resource's model has. A misspelling of it selects that model too, unless it
            is a key of the new resource's model.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        new, existing = get_args(source)
        names = [self.key, *new.model_fields]
        of_either = {*names, *existing.model_fields}

        def tag(value: Any) -> str:
            return _tag("existing" if is_existing(value) else "new")

        def is_existing(value: Any) -> bool:
            if not isinstance(value, dict):
                return hasattr(value, self.key)
            # The search for the nearest name is slow, and most names are known.
            return self.key in value or any(nearest(name, names) == self.key for name in value.keys() - of_either)

        def unmixed(value: Any) -> Any:
            if isinstance(value, dict) and self.key in value:
                mixed = [name for name in value if name in new.model_fields and name not in existing.model_fields]
                if mixed:
                    what = f"{mixed[0]} applies to a new one, but {self.key} names an existing one"
                    raise refuse(what, "remove one of them", key=str(mixed[0]))
            return value

        choices = {
            _tag("new"): handler.generate_schema(new),
            _tag("existing"): handler.generate_schema(existing),
        }
        union = core_schema.tagged_union_schema(choices, tag)
        return core_schema.no_info_before_validator_function(unmixed, union)


class Discriminator:
    """Selects the model of a union by a key, for which each model accepts a single value.

    Pydantic's own discriminator requires fields without validators.

    Args:
        key: The key.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        models = {get_args(each.model_fields[self.key].annotation)[0]: each for each in get_args(source)}

        def tag(value: Any) -> str:
            return _tag(value[self.key] if isinstance(value, dict) else getattr(value, self.key, ""))

        def known_one(value: Any) -> Any:
            if isinstance(value, dict):
                known(value.get(self.key), self.key)
                if self.key not in value:
                    allowed = ", ".join(models)
                    raise refuse(f"{self.key} is required", f"set {self.key}", rule=MISSING_KEY, allowed=allowed)
                if value[self.key] not in models:
                    said = unknown(value[self.key], models, self.key)
                    raise refuse(said, "", key=self.key, rule=INVALID_VALUE)
            return value

        choices = {_tag(name): handler.generate_schema(each) for name, each in models.items()}
        union = core_schema.tagged_union_schema(choices, tag)
        return core_schema.no_info_before_validator_function(known_one, union)


def _tag(name: str) -> str:
    """Returns the name that pydantic uses for a member of a union in an error's path; no key has such a name."""
    return f"<{name}>"


def refuse(
    what: str, fix: str, *, key: str = "", rule: Rule | None = None, value: Any = NOT_GIVEN, allowed: str = ""
) -> PydanticCustomError:
    """Returns the error that a validator raises.

    Args:
        what: What is wrong, in one clause.
        fix: What to do.
        key: The path of the key in the model, with dots. Default: the model as a whole.
        rule: The rule that is broken. Default: `conflicting-keys`.
        value: The invalid value. Default: no value is shown.
        allowed: What would be accepted. Default: not shown.
    """
    steps = tuple(key.split(".")) if key else ()
    return refuse_all([Finding(what, fix, value, allowed, rule=rule or CONFLICTING, key=steps)])


def refuse_all(findings: Iterable[Finding]) -> PydanticCustomError:
    """Returns the error that a validator raises for several findings."""
    found = tuple(findings)
    return PydanticCustomError("found", "{said}", {"said": "\n".join(map(str, found)), "findings": found})


def found_in(error: ValidationError, name: str = "") -> list[Finding]:
    """Returns a finding for each error of a validation.

    Args:
        error: The error that pydantic raised.
        name: The name of the validated value, if it is a part of something larger. Default: none.
    """
    return [each for detail in error.errors() for each in found(detail, name)]


def said(error: ValidationError, name: str = "") -> str:
    """Returns the first error of a validation in one line: the path of the value, and what is wrong with it.

    Args:
        error: As in `found_in`.
        name: As in `found_in`.
    """
    wrong = found_in(error, name)[0]
    return ": ".join(filter(None, (wrong.subject, wrong.text)))


def found(detail: ErrorDetails, name: str = "", written: str | None = None) -> list[Finding]:
    """Returns the findings about one value or about a model as a whole, with their keys.

    Args:
        detail: The error that pydantic found.
        name: As in `found_in`.
        written: The value as written in YAML, which may have been converted. Default: not known.
    """
    steps = [step for step in detail["loc"] if not str(step).startswith("<") and step != "[key]"]
    key: Key = (name, *steps) if name else tuple(steps)
    several = detail.get("ctx", {}).get("findings") or [_found(detail, written)]
    return [each._replace(key=(*key, *each.key)) for each in several]


def _found(detail: ErrorDetails, written: str | None) -> Finding:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    got = as_given(value, written)
    match kind:
        case "missing":
            return Finding("is required", rule=MISSING_KEY)
        case "string_type" if isinstance(value, int | float | datetime.date):
            return Finding("must be a string", "put it in quotes", got, rule=WRONG_TYPE)
        case "not_allowed" if isinstance(value, int | float | datetime.date):
            return Finding(detail["msg"], "put it in quotes", got, rule=WRONG_TYPE)
        case "int_type" | "bool_type" | "float_type" if isinstance(value, str):
            return Finding(_PLAIN[kind], "remove the quotes", got, rule=WRONG_TYPE)
        case "string_too_short":
            least = context["min_length"]
            what = "must not be empty" if least == 1 else f"must have {least} or more characters"
            return Finding(what, value=got, rule=INVALID_VALUE)
        case "too_short":
            return Finding(f"must have at least {context['min_length']}", value=len(value), rule=INVALID_VALUE)
    text = _PLAIN.get(kind) or detail["msg"].replace("Input should be", "must be")
    near = nearest(value, _quoted(context["expected"])) if kind == "literal_error" else None
    rule = WRONG_TYPE if kind in _PLAIN or kind == "expression_type" else INVALID_VALUE
    return Finding(f"{text[0].lower()}{text[1:]}", f"use {near!r}" if near else "", got, rule=rule)


class _Written(str):
    """A value as it is written in the file; messages show it without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def as_given(value: Any, written: str | None = None) -> str:
    """Returns a wrong value as a message shows it, without the content of a list or a mapping.

    Args:
        value: The value.
        written: As in `found`.
    """
    return _Written(_shown(value, written))


def _shown(value: Any, written: str | None) -> str:
    match value:
        case bool() if written is not None:
            read = str(value).lower()
            return read if written.lower() == read else f"{written}, which is {read} in YAML"
        case None:
            return "nothing"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"  # without the content of either, which may be secret
        case datetime.date():
            return str(value)  # as YAML has it
    return shown(value)


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)
