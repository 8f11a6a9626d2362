"""What of a value is known only later, and what the code in it refers to."""

import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.expressions.expression import Expr
from anyscale_constructs.expressions.literal import REFERENCE
from anyscale_constructs.expressions.resolve import code_in, texts

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
    """Whether the value is known now, and one of these."""
    return not is_unresolved(value) and value in choices


def _is_code(text: str) -> bool:
    return bool(REFERENCE.fullmatch(text) or _ENGINE_TOKEN.search(text))


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
        yield from (code.text for code in words.codes(str.__str__(text)))
    yield from (code for _, code in code_in(value))


def known_after_apply(value: Any) -> bool:
    """Whether the value refers to an output of a module or an attribute of a resource."""
    return any(_MODULE_OUTPUT.search(code) or _RESOURCE_ATTRIBUTE.search(code) for code in _code(value))


def references(value: Any) -> set[tuple[str, str]]:
    """The (module, output) pairs that the value refers to; the output is empty where a whole module is meant."""
    return {found for code in _code(value) for found in _MODULE_OUTPUT.findall(code)}
