"""Operations that Python does with known values, and Terraform with those that are known only later."""

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
    """The value, which must be known at synthesis.

    Args:
        value: The value.
        at: The name of the argument or field, for the error.

    Raises:
        InputError: It is known only later.
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
    """One of two values; Terraform chooses if only Terraform knows the condition."""
    if isinstance(condition, Expr):
        return expr(f"{condition} ? {as_code(yes)} : {as_code(no)}")
    return yes if condition else no


def unless(value: Any, default: Any) -> Any:
    """The value, or None, which leaves an input out, if it is known to be the default."""
    return None if is_one_of(value, default) else value


def count(values: Sequence[Any] | Expr) -> int | Expr:
    """The number of the values."""
    return fn.length(values) if isinstance(values, Expr) else len(values)


def join(values: Sequence[str] | Expr, separator: str = ",") -> str:
    """The values as one text."""
    if isinstance(values, Expr):
        return fn.join(separator, values)
    text: str = as_expression(separator.join(map(str.__str__, values)))
    return text


def merge(*mappings: Mapping[str, Any] | Expr) -> dict[str, Any] | Expr:
    """The mappings as one, in which later ones win."""
    merged: dict[str, Any] = {}
    for mapping in mappings:
        if isinstance(mapping, Expr):
            return fn.merge(*mappings)
        merged |= mapping
    return merged


def minimum(*numbers: int | Expr) -> int | Expr:
    """The smallest of the numbers."""
    return fn.min(*numbers) if is_unresolved(numbers) else min(numbers)


def maximum(*numbers: int | Expr) -> int | Expr:
    """The largest of the numbers."""
    return fn.max(*numbers) if is_unresolved(numbers) else max(numbers)


def lower(text: str) -> str:
    """The text in lower case."""
    return fn.lower(text) if is_unresolved(text) else text.lower()
