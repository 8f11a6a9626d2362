"""Terraform's functions and operators, for values that are known at synthesis.

Source: https://developer.hashicorp.com/terraform/language/functions
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from anyscale_constructs.expressions import is_unresolved


class NotKnownError(Exception):
    """Only Terraform knows the result."""


class FailsError(Exception):
    """Terraform ends with an error."""


def known(value: Any) -> Any:
    """Returns the value, with strings normalized as Terraform does; the elements of a list may still be unresolved.

    Raises:
        NotKnownError: The value is unresolved.
    """
    if not isinstance(value, (list, tuple)) and is_unresolved(value):
        raise NotKnownError
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def typed(kind: Any, value: Any) -> Any:
    """Returns the value if it has the type; conversions are left to Terraform.

    Raises:
        FailsError: The value is null.
        NotKnownError: The value has another type.
    """
    if value is None:
        raise FailsError
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise NotKnownError
    return value


def element(collection: Any, key: Any) -> Any:
    """Returns an element of a list or a map, or an attribute of an object."""
    if isinstance(collection, (dict, Mapping)):  # the latter alone takes long to find out
        if typed(str, key) not in collection:  # an optional attribute has a default
            raise NotKnownError
    elif not 0 <= typed(int, key) < len(typed(list | tuple, collection)):
        raise FailsError
    return known(collection[key])


def _elements(values: Any) -> list[Any]:
    """Returns the elements, all of which must be known."""
    return [known(value) for value in typed(list | tuple, values)]


def _ascii(value: Any) -> str:
    """Returns a string that has the same length in Terraform, which counts grapheme clusters, as in Python."""
    text: str = typed(str, value)
    if not text.isascii() or "\r\n" in text:
        raise NotKnownError
    return text


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    kind = next((kind for kind in (bool, int | float, str) if isinstance(left, kind)), None)
    if kind is None:  # Terraform also compares the types of collections, which are unknown here
        raise NotKnownError
    return bool(left == typed(kind, right))


def _contains(values: Any, wanted: Any) -> bool:
    if wanted is None:
        raise FailsError
    return any(_same(value, wanted) for value in _elements(values))


def _length(value: Any) -> int:
    return len(_ascii(value) if isinstance(value, str) else typed(list | tuple | Mapping, value))


def _substr(text: Any, offset: Any, length: Any) -> str:
    if typed(int, offset) < 0 or typed(int, length) < 0:
        raise NotKnownError
    return _ascii(text)[offset : offset + length]


def _remainder(left: Any, right: Any) -> int:
    """Returns the remainder with the sign of the dividend, as in Go."""
    if typed(int, right) == 0:
        raise NotKnownError
    remainder: int = abs(typed(int, left)) % abs(right)
    return -remainder if left < 0 else remainder


# The syntax with the same meaning in RE2, which Terraform uses, and in Python's re: an atom and its quantifier.
_ESCAPED = r"\\[dDwW.+*?()|\[\]{}^$/-]"
_PATTERN = re.compile(
    rf"(\\[Az]|{_ESCAPED}|\[\^?\]?(?:(?!--|&&|\|\||~~)[^\]\[\\]|{_ESCAPED})*\]"
    r"|\((?:\?:|(?!\?))|[)|^$.]|[^\\\[\](){}|^$.*+?])"
    r"((?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??(?![*+?{]))?"
)


def _regex(pattern: Any, text: Any) -> Any:
    written, at = "", 0
    while at < len(typed(str, pattern)):
        if not (part := _PATTERN.match(pattern, at)):
            raise NotKnownError
        # In Python, $ also matches before a newline at the end.
        written += (r"\Z" if part.group(1) in {"$", r"\z"} else part.group(1)) + (part.group(2) or "")
        at = part.end()
    try:
        found = re.search(written, typed(str, text), re.ASCII)
    except re.error:
        raise NotKnownError from None
    if not found:
        raise FailsError
    return list(found.groups()) or found.group()


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "alltrue": lambda values: all(value is not None and typed(bool, value) for value in _elements(values)),
    "contains": _contains,
    "keys": lambda value: sorted(_elements(list(typed(Mapping, value)))),
    "length": _length,
    "regex": _regex,
    "substr": _substr,
}
"""Terraform functions by name; they raise NotKnownError or FailsError."""


def _of(kind: Any, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: operation(typed(kind, left), typed(kind, right))


_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
OPERATORS: Sequence[Mapping[str, Callable[[Any, Any], Any]]] = (
    {"||": _of(bool, operator.or_)},
    {"&&": _of(bool, operator.and_)},
    {"==": _same, "!=": lambda left, right: not _same(left, right)},
    {sign: _of(int | float, comparison) for sign, comparison in _COMPARISONS.items()},
    {"%": _remainder},
)
"""Binary operators by precedence, the lowest first; they raise NotKnownError or FailsError."""
