"""Converts Python values to Terraform code, and builds calls of Terraform functions."""

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

# Groups of types that Terraform converts to each other.
_CONVERTIBLE = ({"string", "number", "bool"}, {"list", "set", "tuple"}, {"map", "object"})


def as_code(value: Any, at: str = "value") -> str:
    """Returns a Python value as Terraform code, for building expressions.

    Args:
        value: A string, number, boolean, None, date, path, network, expression or engine token; a list or tuple of
            these; or a mapping with string keys.
        at: The path of the value, for the error. Default: `value`.

    Raises:
        ExpressionError: The value has no equivalent in Terraform.
        InputError: A plain string contains Terraform code next to other text, or the value is an object of the engine
            instead of its value.
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
        f"{at} has no equivalent in Terraform code",
        value=value,
        allowed="strings, numbers, booleans, None, lists, mappings, dates, paths, networks and expressions",
        fix="pass a sorted list instead of a set, and a list instead of an iterator",
    )


def _key(key: object, at: str) -> str:
    if isinstance(key, str):
        return quoted(key, at)
    raise ExpressionError(f"a key of {at} must be a string", value=key)


def converts(have: str, want: str) -> bool:
    """Returns whether Terraform can convert a value between two types; the element types are not compared."""
    kinds = {have.partition("(")[0], want.partition("(")[0]}
    return len(kinds) == 1 or "any" in kinds or any(kinds <= group for group in _CONVERTIBLE)


def type_of(value: Any) -> str:
    """Returns the Terraform type of a value; `any` if unknown."""
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
    """Returns the function, with an `ExpressionError` for a wrong number of arguments.

    Args:
        function: A function of `fn`.
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
    """Returns the call of a Terraform function; `fn` contains a Python function for each one.

    Args:
        function: The name of the function.
        returns: The type of the result.
        parameters: The types of the parameters, by name; the last one accepts any number of arguments.
        arguments: The arguments.

    Raises:
        ExpressionError: An argument cannot be converted to the type of its parameter, or has no equivalent in
            Terraform.
        InputError: `as_code` rejects an argument.
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
