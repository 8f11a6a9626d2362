"""What of a value is known only later, and what the code in it refers to."""

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions.expression import Expr, expr
from anyscale_constructs.expressions.literal import REFERENCE, literal
from anyscale_constructs.expressions.resolve import code_in, texts

ENGINE_STRING = re.compile(r"\$\{TfToken\[[^\]]*\]\}")
"""A string that is wholly one of the engine's tokens."""
_ENGINE_TOKEN = re.compile(r"[$#@&]\{TfToken\[[^\]]*\]\}")
_MODULE_OUTPUT = re.compile(r"(?<![\w.-])module\.([A-Za-z_][\w-]*)(?:\.([A-Za-z_][\w-]*))?")
_RESOURCE_ATTRIBUTE = re.compile(r"(?<![\w.\"-])[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*[.\[]")
# The two patterns that the engine's numbers begin with when they stand for something else.
_ENGINE_NUMBERS = (b"\xfb\xff", b"\xfd\xff")


def is_unresolved(value: object) -> bool:
    """Whether the value holds something that is known only later: an expression, a token, an object of the engine."""
    if isinstance(value, str):
        text = str.__str__(value)
        return isinstance(value, Expr) or words.PREFIX in text or ("{" in text and _is_code(text))
    if isinstance(value, list | tuple):
        return any(is_unresolved(element) for element in value)
    if isinstance(value, float):
        return struct.pack(">d", value)[:2] in _ENGINE_NUMBERS
    return hasattr(value, "__jsii_type__")


def is_one_of(value: object, *choices: object) -> bool:
    """Whether the value is known now, and one of these; what is known only later is none of them."""
    return not is_unresolved(value) and any(not is_unresolved(choice) and value == choice for choice in choices)


def _is_code(text: str) -> bool:
    return bool(REFERENCE.fullmatch(text) or _ENGINE_TOKEN.search(text))


def as_expressions(value: Any, at: str = "value") -> Any:
    """The value in which everything that is known only later is an `Expr`, so that no one measures or compares it.

    Args:
        value: Any value; tokens of the engine, text with expressions in it and whole references are looked for.
        at: Where the value stands, for the error.

    Raises:
        InputError: An object of the engine is given where its value is wanted, or code in the midst of text.
    """
    match whole := as_expression(value, at):
        case Expr():
            return whole
        case list() | tuple():
            return [as_expressions(element, f"{at}[{index}]") for index, element in enumerate(whole)]
        case Mapping():
            return {as_expressions(key, at): as_expressions(inner, f"{at}.{key}") for key, inner in whole.items()}
    return whole


def as_expression(value: Any, at: str = "value") -> Any:
    """The value as an `Expr`, where it is known only later as a whole; else the value as it is.

    Args:
        value: Any value.
        at: Where the value stands, for the error.

    Raises:
        InputError: An object of the engine is given where its value is wanted, or code in the midst of text.
    """
    match value:
        case Expr() | None | bool() | int():
            return value
        case str():
            return _text(value, at)
        case [str() as token] if str.startswith(token, "#{TfToken["):
            return _engine_value(value, "list(any)", at)
        case Mapping() if any(str.startswith(str(key), "&{TfToken[") for key in value):
            return _engine_value(value, "map(any)", at)
        case list() | tuple() | Mapping():
            return value
    if not is_unresolved(value):
        return value
    return _engine_value(value, "number" if isinstance(value, float) else "any", at)


def _text(value: str, at: str) -> str:
    if whole := REFERENCE.fullmatch(value):
        return expr(whole.group(1))
    text = literal(value, at)
    if not is_unresolved(value):
        return value
    if words.WORD.fullmatch(value):
        return Expr(value, words.code_of(value).type)
    return Expr(text, "any" if _ENGINE_TOKEN.fullmatch(value) else "string")


def _engine_value(value: Any, type: str, at: str) -> Expr:
    from anyscale_constructs.engine import Token, Tokenization  # noqa: PLC0415 - only this needs the engine

    tokens = Tokenization.reverse(value)
    if len(tokens) != 1:
        raise InputError(
            f"{at} is an object of the engine, not its value",
            value=value.__class__.__name__,
            mend="give the value that it stands for, such as iterator.value, local.as_string or data.get_string()",
        )
    return Expr(Token.as_string(tokens[0]), type)


def holds_engine_token(value: object) -> bool:
    """Whether a token or an object of the engine is in it."""
    match value:
        case str():
            return "{TfToken[" in str.__str__(value)
        case Mapping():
            return any(holds_engine_token(key) or holds_engine_token(inner) for key, inner in value.items())
        case list() | tuple():
            return any(map(holds_engine_token, value))
    return is_unresolved(value)


def _code(value: Any) -> Iterator[str]:
    """All Terraform code in a value, in which the engine's tokens are resolved."""
    for _, text in texts(value):
        yield from (code.text for code in words.codes(text))
    yield from (code for _, code in code_in(value))


def known_after_apply(value: Any) -> bool:
    """Whether the value refers to an output of a module or an attribute of a resource."""
    return any(_MODULE_OUTPUT.search(code) or _RESOURCE_ATTRIBUTE.search(code) for code in _code(value))


def references(value: Any) -> set[tuple[str, str]]:
    """The (module, output) pairs that the value refers to; the output is empty where a whole module is meant."""
    return {found for code in _code(value) for found in _MODULE_OUTPUT.findall(code)}
