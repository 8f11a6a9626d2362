"""The engine's tokens, and the conversion of values to plain JSON."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

from anyscale_constructs.engine.native.tree import lacks
from anyscale_constructs.errors import EngineRefusalError

_LARGEST = 1e21
"""JavaScript writes whole numbers from this one on with an exponent."""
_TOKEN = re.compile(r"[$#]\{TfToken\[([\w.]+)\]\}")
_INDEX = re.compile(r"0|[1-9]\d{0,8}")
_LISTS, _MAPS = (list, tuple), (dict, Mapping)
_values: dict[str, Any] = {}
_count = itertools.count()


@lacks(
    "ANY_MAP_TOKEN_VALUE NUMBER_MAP_TOKEN_VALUE STRING_MAP_TOKEN_VALUE as_any as_any_map as_boolean_map as_map "
    "as_number as_number_list as_number_map as_string_map is_unresolved null_value"
)
class Token:
    """Strings and lists that represent values until synthesis."""

    @staticmethod
    def as_string(value: Any) -> str:
        """Returns a string that synthesis replaces with the value."""
        return f"${{TfToken[{_named(value)}]}}"

    @staticmethod
    def as_list(value: Any) -> list[str]:
        """Returns a one-element list that synthesis replaces with the value."""
        return [f"#{{TfToken[{_named(value)}]}}"]


def _named(value: Any) -> str:
    name = f"TOKEN.{next(_count)}"
    _values[name] = value
    return name


class StringConcat:
    """Joins the parts of a string; only exists for compatibility with cdktf."""


class DefaultTokenResolver:
    """Resolves tokens; only exists for compatibility with cdktf.

    Args:
        concat: Joins the parts of a string.
    """

    def __init__(self, concat: StringConcat) -> None:
        self.concat = concat


@lacks("is_resolvable reverse_list reverse_map reverse_number reverse_number_list reverse_string stringify_number")
class Tokenization:
    """Converts tokens back to values."""

    @staticmethod
    def reverse(value: Any) -> list[Any]:
        """Returns a list with the value of a token; an empty list for other values."""
        text = value[0] if isinstance(value, list) and len(value) == 1 else value
        found = _TOKEN.fullmatch(text) if isinstance(text, str) else None
        return [_values[found[1]]] if found and found[1] in _values else []

    @staticmethod
    def resolve(value: Any, **_options: Any) -> Any:
        """Returns the value with tokens replaced by their values."""
        return resolved(value)


def has_tokens() -> bool:
    """Returns whether the program has created a token."""
    return bool(_values)


def resolved(value: Any) -> Any:
    """Returns a value as the JSON that cdktf produces: without None, and with whole numbers as integers."""
    kind = type(value)
    if kind is str:
        return _filled(value) if "TfToken[" in value else value
    if kind is bool or kind is int or value is None:
        return value
    if kind is dict:
        return {
            key if type(key) is str and "TfToken[" not in key else _key(key): (
                inner if type(inner) is str and "TfToken[" not in inner else resolved(inner)
            )
            for key, inner in value.items()
            if inner is not None
        }
    if kind is list:
        if len(value) == 1 and (found := Tokenization.reverse(value)):
            return resolved(found[0])
        return [resolved(each) for each in value if each is not None]
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < _LARGEST else value
    match value:
        case str():
            return resolved(str.__str__(value))
        case Mapping():
            return resolved(dict(value))
        case list() | tuple():
            return resolved([*value])
        case int() | float():
            return value
    raise EngineRefusalError(f"{value!r} cannot be written as JSON")


def _key(key: Any) -> str:
    found = resolved(key)
    if not isinstance(found, str):
        raise EngineRefusalError(f"a key must be a string: {key!r}")
    return found


def _filled(text: str) -> Any:
    if "#{TfToken[" in text:
        raise EngineRefusalError("Found an encoded list token string in a scalar string context")
    if whole := _TOKEN.fullmatch(text):
        return resolved(_value(whole))

    def fill(found: "re.Match[str]") -> str:
        value = resolved(_value(found))
        if not isinstance(value, str):
            raise EngineRefusalError(f"{value!r} cannot be part of a string")
        return value

    return _TOKEN.sub(fill, text)


def _value(found: "re.Match[str]") -> Any:
    if found[1] not in _values:
        raise EngineRefusalError(f"Unrecognized Token Key {found[1]!r}")
    return _values[found[1]]


def merge(target: dict[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """Merges one object into another, as cdktf does: lists are concatenated, and None removes a key.

    Args:
        target: The object to modify.
        source: The object to merge into it.

    Returns:
        The modified object.
    """
    for key, value in source.items():
        if isinstance(value, str):
            target[key] = value
        elif value is None:
            target.pop(key, None)
        elif isinstance(value, _LISTS):
            there = target.get(key)
            target[key] = [*there, *value] if isinstance(there, list) else [*value]
        elif isinstance(value, _MAPS):
            there = target.get(key)
            target[key] = _into(there, value) if isinstance(there, list) else merge(_copy(there), value)
        else:
            target[key] = value
    return target


def _copy(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, _MAPS) else {}


def _into(target: list[Any], source: Mapping[str, Any]) -> list[Any]:
    """Merges an object into a list, with keys as indexes; JavaScript omits other keys from the JSON."""
    laid = {str(index): each for index, each in enumerate(target)}
    merge(laid, {key: value for key, value in source.items() if _INDEX.fullmatch(key)})
    return [laid.get(str(index)) for index in range(max(map(int, laid), default=-1) + 1)]


def keys(given: Mapping[str, Any]) -> list[str]:
    """Returns the keys of an object in JavaScript's order, with integers first."""
    return [
        *sorted((key for key in given if _INDEX.fullmatch(key)), key=int),
        *(key for key in given if not _INDEX.fullmatch(key)),
    ]
