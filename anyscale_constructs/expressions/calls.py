"""Python values as Terraform code, and calls of Terraform's functions with them."""

import enum
import functools
import inspect
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from anyscale_constructs import words
from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions.expression import Expr, expr, quoted
from anyscale_constructs.expressions.literal import WRITTEN_AS_TEXT
from anyscale_constructs.expressions.text import ENGINE_STRING, as_expressions

_Arguments = ParamSpec("_Arguments")

# Types that Terraform converts into one another.
_CONVERTIBLE = ({"string", "number", "bool"}, {"list", "set", "tuple"}, {"map", "object"})


def as_code(value: Any, at: str = "value") -> str:
    """A Python value as Terraform code, to build expressions with; other expressions may stand in it.

    Args:
        value: A string, number or boolean, None, a date, path or network, a list or tuple of such, a mapping with
            strings as keys, an expression, or a token of the engine.
        at: Where the value stands, for the error.

    Raises:
        ExpressionError: Terraform has nothing like the value.
        InputError: Terraform code stands in the midst of a plain string, or an object of the engine is given where its
            value is wanted.
    """
    return _code(as_expressions(value, at), at)


def _code(value: Any, at: str) -> str:
    match value:
        case Expr() if words.WORD.fullmatch(str.__str__(value)) or ENGINE_STRING.fullmatch(str.__str__(value)):
            return str.__str__(value)
        case enum.Enum():
            return _code(value.value, at)
        case str():
            return quoted(value, at)
        case None:
            return "null"
        case bool() | int() | float() if math.isfinite(value):
            return json.dumps(value)
        case list() | tuple():
            return "[" + ", ".join(_code(element, f"{at}[{index}]") for index, element in enumerate(value)) + "]"
        case Mapping():
            pairs = (f"{_key(key, at)} = {_code(inner, f'{at}.{key}')}" for key, inner in value.items())
            return "{" + ", ".join(pairs) + "}"
        case _ if isinstance(value, WRITTEN_AS_TEXT):
            return quoted(str(value), at)
    raise ExpressionError(
        f"{at} has no counterpart in Terraform code",
        value=value,
        allowed="strings, numbers, booleans, None, lists, mappings, dates, paths, networks and expressions",
        fix="give a sorted list instead of a set, and a list instead of an iterator",
    )


def _key(key: object, at: str) -> str:
    if isinstance(key, str):
        return quoted(key, at)
    raise ExpressionError(f"a key of {at} must be a string", value=key)


def converts(have: str, want: str) -> bool:
    """Whether Terraform may convert a value of one type to another; the types of their elements are not looked at."""
    kinds = {have.partition("(")[0], want.partition("(")[0]}
    return len(kinds) == 1 or "any" in kinds or any(kinds <= group for group in _CONVERTIBLE)


def type_of(value: Any) -> str:
    """Terraform's type of a value; `any` where it can't be told."""
    match value:
        case Expr():
            return value.type
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list() | tuple():
            return "list(any)"
        case Mapping():
            return "map(any)"
    return "any"


def counted(function: Callable[_Arguments, Expr]) -> Callable[_Arguments, Expr]:
    """The function, which refuses too few or too many arguments with an `ExpressionError`.

    Args:
        function: One of `fn`.
    """

    @functools.wraps(function)
    def checked(*args: _Arguments.args, **arguments: _Arguments.kwargs) -> Expr:
        try:
            inspect.signature(function).bind(*args, **arguments)
        except TypeError as error:
            name = f"fn.{function.__name__}"
            raise ExpressionError(f"{name}: {error}", fix=f"see help({name})") from None
        return function(*args, **arguments)

    return checked


def call(function: str, returns: str, parameters: Mapping[str, str], *arguments: Any) -> Expr:
    """A call of one of Terraform's functions; `fn` has one Python function for each of them.

    Args:
        function: Its name.
        returns: The type of its value.
        parameters: The types of its parameters, by name; the last one may be given several times, or not at all.
        arguments: Its arguments.

    Raises:
        ExpressionError: An argument can't be converted to its parameter's type, or Terraform has nothing like it.
        InputError: As of `as_code`.
    """
    names = list(parameters)
    code = []
    for index, argument in enumerate(arguments):
        name = names[min(index, len(names) - 1)]
        at = f"fn.{function}.{name}"
        value = as_expressions(argument, at)
        _check(value, parameters[name], at)
        code.append(_code(value, at))
    return expr(f"{function}({', '.join(code)})", returns)


def _check(value: Any, want: str, at: str) -> None:
    if not converts(type_of(value), want):
        raise ExpressionError(f"{at} must be a Terraform {want}", value=value)
    inner = want.partition("(")[2].removesuffix(")")
    match value:
        case list() | tuple() if inner:
            for index, element in enumerate(value):
                _check(element, inner, f"{at}[{index}]")
        case Mapping() if inner:
            for key, element in value.items():
                _check(element, inner, f"{at}.{key}")
