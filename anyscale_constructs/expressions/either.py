"""Operations that Python performs on resolved values, and Terraform on unresolved ones."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from anyscale_constructs import words
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import fn
from anyscale_constructs.expressions.calls import as_code
from anyscale_constructs.expressions.expression import Expr, expr
from anyscale_constructs.expressions.text import as_expression, is_one_of, is_unresolved

_T = TypeVar("_T")


def known(value: _T, at: str) -> _T:
    """Returns the value if it is known at synthesis.

    Args:
        value: The value.
        at: The name of the argument or field, for the error.

    Raises:
        InputError: The value is unresolved.
    """
    if is_unresolved(value):
        raise InputError(
            f"{at} shapes the stack, so it must be known at synthesis",
            value=_spelled(value),
            fix="set a literal value",
        )
    return value


def _spelled(value: Any) -> Any:
    match value:
        case str():
            return words.spelled(str.__str__(value))
        case list() | tuple():
            return [_spelled(element) for element in value]
    return type(value).__name__ if is_unresolved(value) else value


def choose(condition: bool | Expr, yes: Any, no: Any) -> Any:
    """Returns one of two values, or a conditional expression if the condition is unresolved."""
    if isinstance(condition, Expr):
        return expr(f"{condition} ? {as_code(yes)} : {as_code(no)}")
    return yes if condition else no


def unless(value: Any, default: Any) -> Any:
    """Returns None, which omits an input, if the value equals the default, else the value."""
    return None if is_one_of(value, default) else value


def count(values: Sequence[Any] | Expr) -> int | Expr:
    """Returns the number of values."""
    return fn.length(values) if isinstance(values, Expr) else len(values)


def join(values: Sequence[str] | Expr, separator: str = ",") -> str:
    """Returns the values joined to one string."""
    if isinstance(values, Expr):
        return fn.join(separator, values)
    text: str = as_expression(separator.join(map(str.__str__, values)))
    return text


def merge(*mappings: Mapping[str, Any] | Expr) -> dict[str, Any] | Expr:
    """Returns the merged mappings; later ones take precedence."""
    merged: dict[str, Any] = {}
    for mapping in mappings:
        if isinstance(mapping, Expr):
            return fn.merge(*mappings)
        merged |= mapping
    return merged


def minimum(*numbers: int | Expr) -> int | Expr:
    """Returns the smallest number."""
    return fn.min(*numbers) if is_unresolved(numbers) else min(numbers)


def maximum(*numbers: int | Expr) -> int | Expr:
    """Returns the largest number."""
    return fn.max(*numbers) if is_unresolved(numbers) else max(numbers)


def lower(text: str) -> str:
    """Returns the string in lower case."""
    return fn.lower(text) if is_unresolved(text) else text.lower()
