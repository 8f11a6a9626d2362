"""What of a value is known only later, and what the code in it refers to."""

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions.expression import Expr, expr
from anyscale_constructs.expressions.literal import ENGINE_NUMBER, REFERENCE, literal
from anyscale_constructs.expressions.resolve import code_of, texts

ENGINE_TOKEN = "{TfToken["  # noqa: S105 - no secret
"""What stands in each string that holds a token of the engine."""
ENGINE_STRING = re.compile(r"\$\{TfToken\[[^\]]*\]\}")
"""A string that is wholly one of the engine's tokens."""
_ENGINE_TOKEN = re.compile(r"[$#@&]\{TfToken\[[^\]]*\]\}")
_MODULE_OUTPUT = re.compile(r"(?<![\w.-])module\.([A-Za-z_][\w-]*)(?:\.([A-Za-z_][\w-]*))?")
_RESOURCE_ATTRIBUTE = re.compile(r"(?<![\w.\"-])[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*[.\[]")
_COLLECTION_TOKEN = re.compile(r"[#@&]\{TfToken\[")
_NUMBER_AFTER_SIGN = re.compile(rf"\${ENGINE_NUMBER}")  # the engine would make $${ of it, which means letters
_LISTS, _MAPS = (list, tuple), (dict, Mapping)
# The two patterns that the engine's numbers begin with when they stand for something else.
_ENGINE_NUMBERS = (b"\xfb\xff", b"\xfd\xff")


def is_unresolved(value: object) -> bool:
    """Whether the value holds something that is known only later: an expression, a token, an object of the engine."""
    # In the order in which values are frequent, and without patterns, since every value comes through here often.
    kind = type(value)
    if kind is str or isinstance(value, str):
        text = str.__str__(value)
        return isinstance(value, Expr) or words.PREFIX in text or ("{" in text and _is_code(text))
    if kind is bool or kind is int or value is None:
        return False
    if isinstance(value, _LISTS):
        return any(map(is_unresolved, value))
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
        InputError: As of `as_expression`.
    """
    whole = as_expression(value, at)
    if isinstance(whole, str) or whole is None or isinstance(whole, int):
        return whole
    if isinstance(whole, _LISTS):
        return [as_expressions(element, f"{at}[{index}]") for index, element in enumerate(whole)]
    if isinstance(whole, _MAPS):
        return {as_expressions(key, at): as_expressions(inner, f"{at}.{key}") for key, inner in whole.items()}
    return whole


def as_expression(value: Any, at: str = "value") -> Any:
    """The value as an `Expr`, where it is known only later as a whole; else the value as it is.

    Args:
        value: Any value.
        at: Where the value stands, for the error.

    Raises:
        InputError: An object of the engine is given where its value is wanted, or as of `as_text`.
    """
    if isinstance(value, str):
        return value if words.is_plain(value) or isinstance(value, Expr) else _text(value, at)
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
            fix="give the value that it stands for, such as iterator.value, local.as_string or data.get_string()",
        )
    return Expr(Token.as_string(tokens[0]), type)


def is_engine_collection(value: object) -> bool:
    """Whether the value is one of the engine's tokens in the form of a list or a map."""
    if isinstance(value, _MAPS):
        return any(_COLLECTION_TOKEN.match(str(key)) for key in value if ENGINE_TOKEN in str.__str__(str(key)))
    match value:
        case [str() as token]:
            return bool(_COLLECTION_TOKEN.match(token))
    return False


def as_text(text: str, at: str = "value") -> str:
    """The text as Terraform has to be given it, as of `literal`.

    Args:
        text: The text.
        at: Where it stands, for the error.

    Raises:
        InputError: Terraform code, or the engine's token for a list or a map, stands in the midst of the text; or its
            token for a number behind a dollar sign.
    """
    if words.is_plain(text):
        return text
    if _COLLECTION_TOKEN.search(text):
        raise InputError(
            f"{at} has a list or a map that is known only later in the midst of text",
            value=text,
            fix='fn.join(",", ...) or fn.jsonencode(...) makes text of it',
        )
    if _NUMBER_AFTER_SIGN.search(text):
        raise InputError(
            f"{at} has a number that is known only later behind a dollar sign, in the midst of text",
            value=text,
            fix='fn.format("$%v", ...) makes text of it',
        )
    return literal(text, at)


def holds_engine_token(value: object) -> bool:
    """Whether a token or an object of the engine is in it."""
    match value:
        case str():
            return ENGINE_TOKEN in str.__str__(value)
        case Mapping():
            return any(holds_engine_token(key) or holds_engine_token(inner) for key, inner in value.items())
        case list() | tuple():
            return any(map(holds_engine_token, value))
    return is_unresolved(value)


def _code(value: Any) -> Iterator[str]:
    """All Terraform code in a value, in which the engine's tokens are resolved."""
    found = texts(value)
    for _, text in found:
        yield from (code.text for code in words.codes(text))
    yield from (code for _, code in code_of(found))


def known_after_apply(value: Any) -> bool:
    """Whether the value refers to an output of a module or an attribute of a resource."""
    return any(_MODULE_OUTPUT.search(code) or _RESOURCE_ATTRIBUTE.search(code) for code in _code(value))


def references(value: Any) -> set[tuple[str, str]]:
    """The (module, output) pairs that the value refers to; the output is empty where a whole module is meant."""
    return {found for code in _code(value) for found in _MODULE_OUTPUT.findall(code)}
