"""Finds the unresolved parts of a value, and the references in its code."""

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.errors import ExpressionError, InputError
from anyscale_constructs.expressions.code import code_of, texts
from anyscale_constructs.expressions.expression import Expr, expr
from anyscale_constructs.expressions.literal import ENGINE_NUMBER, REFERENCE, literal

ENGINE_TOKEN = "{TfToken["  # noqa: S105 - no secret
"""A substring of every string that contains an engine token."""
ENGINE_STRING = re.compile(r"\$\{TfToken\[[^\]]*\]\}")
"""Matches a string that consists of exactly one engine token."""
_ENGINE_TOKEN = re.compile(r"[$#@&]\{TfToken\[[^\]]*\]\}")
_MODULE_OUTPUT = re.compile(r"(?<![\w.-])module\.([A-Za-z_][\w-]*)(?:\.([A-Za-z_][\w-]*))?")
_RESOURCE_ATTRIBUTE = re.compile(r"(?<![\w.\"-])[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*[.\[]")
_COLLECTION_TOKEN = re.compile(r"[#@&]\{TfToken\[")
_NUMBER_AFTER_SIGN = re.compile(rf"\${ENGINE_NUMBER}")  # the engine would write $${, an escape
_LISTS, _MAPS = (list, tuple), (dict, Mapping)
# The first bytes of the engine's number tokens, as doubles.
_ENGINE_NUMBERS = (b"\xfb\xff", b"\xfd\xff")


def is_unresolved(value: object) -> bool:
    """Returns whether the value contains something unresolved: an expression, a token, or an object of the engine."""
    # The most frequent types first, and without match patterns, because this function is called very often.
    kind = type(value)
    if isinstance(value, str):
        return kind is Expr or words.PREFIX in value or ("{" in value and _is_code(value))
    if kind is bool or kind is int or kind is dict or value is None:
        return False
    if isinstance(value, _LISTS):
        return any(map(is_unresolved, value))
    if isinstance(value, float):
        return struct.pack(">d", value)[:2] in _ENGINE_NUMBERS
    return hasattr(value, "__jsii_type__")


def is_one_of(value: object, *choices: object) -> bool:
    """Returns whether the value is resolved and equal to one of the choices."""
    if is_unresolved(value):
        return False
    try:
        return value in choices
    except ExpressionError:  # only an expression cannot be compared; other unresolved values equal no resolved one
        return value in [each for each in choices if type(each) is not Expr]


def _is_code(text: str) -> bool:
    return bool(REFERENCE.fullmatch(text) or _ENGINE_TOKEN.search(text))


def as_expressions(value: Any, at: str = "value") -> Any:
    """Returns the value with every unresolved part as an `Expr`, which rejects measuring and comparing.

    Args:
        value: Any value; it may contain engine tokens, strings with expressions, and whole references.
        at: The path of the value, for the error. Default: `value`.

    Raises:
        InputError: `as_expression` rejects a part of the value.
    """
    kind = type(value)
    if kind is Expr or kind is bool or (kind is str and words.is_plain(value)):  # most values
        return value
    if (kind is dict or kind is list) and words.are_plain(value):
        return value.copy()
    whole = as_expression(value, at)
    if isinstance(whole, _LISTS):
        return [as_expressions(element, f"{at}[{index}]") for index, element in enumerate(whole)]
    if isinstance(whole, _MAPS):
        return {as_expressions(key, at): as_expressions(inner, f"{at}.{key}") for key, inner in whole.items()}
    return whole


def as_expression(value: Any, at: str = "value") -> Any:
    """Returns the value as an `Expr` if it is unresolved as a whole, else unchanged.

    Args:
        value: Any value.
        at: The path of the value, for the error. Default: `value`.

    Raises:
        InputError: The value is an object of the engine instead of its value, or `as_text` rejects it.
    """
    if isinstance(value, str):
        return value if isinstance(value, Expr) or words.is_plain(value) else _text(value, at)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, _LISTS):
        return _engine_value(value, "list(any)", at) if is_engine_collection(value) else value
    if isinstance(value, _MAPS):
        return _engine_value(value, "map(any)", at) if is_engine_collection(value) else value
    if not is_unresolved(value):
        return value
    return _engine_value(value, "number" if isinstance(value, float) else "any", at)


def _text(value: str, at: str) -> str:
    if whole := REFERENCE.fullmatch(value):
        return expr(whole.group(1))
    text = as_text(value, at)
    if not is_unresolved(value):
        return value
    if code := words.whole(value):
        return Expr(value, code.type)
    return Expr(text, "any" if ENGINE_STRING.fullmatch(value) else "string")


def _engine_value(value: Any, type: str, at: str) -> Expr:
    from anyscale_constructs.engine import Token, Tokenization  # noqa: PLC0415 - only this needs the engine

    tokens = Tokenization.reverse(value)
    if len(tokens) != 1:
        raise InputError(
            f"{at} is an object of the engine, not its value",
            value=value.__class__.__name__,
            fix="pass the value of the object, e.g. iterator.value, local.as_string or data.get_string()",
        )
    return Expr(Token.as_string(tokens[0]), type)


def is_engine_collection(value: object) -> bool:
    """Returns whether the value is an engine token in the form of a list or a map."""
    if isinstance(value, _LISTS):
        return len(value) == 1 and isinstance(value[0], str) and bool(_COLLECTION_TOKEN.match(value[0]))
    if isinstance(value, _MAPS):
        return ENGINE_TOKEN in "".join(map(str, value)) and any(_COLLECTION_TOKEN.match(str(key)) for key in value)
    return False


def as_text(text: str, at: str = "value") -> str:
    """Returns a string escaped for Terraform, as `literal` does.

    Args:
        text: The string.
        at: The path of the string, for the error. Default: `value`.

    Raises:
        InputError: The string contains Terraform code or the engine token of a list or a map next to other text, or the
            engine token of a number after a dollar sign.
    """
    if words.is_plain(text):
        return text
    if _COLLECTION_TOKEN.search(text):
        raise InputError(
            f"{at} contains an unresolved list or map inside a string",
            value=text,
            fix='convert it to a string with fn.join(",", ...) or fn.jsonencode(...)',
        )
    if _NUMBER_AFTER_SIGN.search(text):
        raise InputError(
            f"{at} contains an unresolved number after a dollar sign inside a string",
            value=text,
            fix='convert it to a string with fn.format("$%v", ...)',
        )
    return literal(text, at)


def holds_engine_token(value: object) -> bool:
    """Returns whether the value contains a token or an object of the engine."""
    if isinstance(value, str):
        return ENGINE_TOKEN in str.__str__(value)
    if isinstance(value, _LISTS):
        return any(map(holds_engine_token, value))
    if not isinstance(value, int) and isinstance(value, _MAPS):
        return any(holds_engine_token(key) or holds_engine_token(inner) for key, inner in value.items())
    return is_unresolved(value)


def _code(value: Any) -> Iterator[str]:
    """Yields all Terraform code in a value whose engine tokens are resolved."""
    found = texts(value)
    for _, text in found:
        yield from (code.text for code in words.codes(text))
    yield from (code for _, code in code_of(found))


def known_after_apply(value: Any) -> bool:
    """Returns whether the value refers to an output of a module or an attribute of a resource."""
    return any(_MODULE_OUTPUT.search(code) or _RESOURCE_ATTRIBUTE.search(code) for code in _code(value))


def references(value: Any) -> set[tuple[str, str]]:
    """Returns the (module, output) pairs that the value refers to; the output is empty for a whole module."""
    return {found for code in _code(value) for found in _MODULE_OUTPUT.findall(code)}
