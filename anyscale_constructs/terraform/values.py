"""Converts Python values to Terraform JSON."""

import enum
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, get_origin

import pydantic

from anyscale_constructs import words
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import (
    ENGINE_TOKEN,
    NULL,
    WRITTEN_AS_TEXT,
    Expr,
    as_expression,
    as_text,
    expr,
    fn,
    is_engine_collection,
    is_unresolved,
    join,
)
from anyscale_constructs.findings import CONTROL_CHARACTER, LOST_KEY, Finding, Key, Rule, control_character

_LISTS = (list, tuple)
_COLLECTIONS = (*_LISTS, dict, Mapping)  # a check of Mapping is slow, so the most frequent types precede it
_LARGEST = 2**53
"""The largest number that Node.js, which stores numbers as doubles, writes unchanged."""


def to_terraform(value: Any, at: str = "value", expression: Callable[[Expr], str] = str.__str__) -> Any:
    """Returns the value as Terraform JSON.

    Literal strings are escaped, expressions and tokens are unchanged, None inside a collection becomes Terraform's null
    (the engine would drop it), and models become objects without the fields that are None.

    Args:
        value: Any value except a set, whose order is not defined.
        at: The path of the value, for the error. Default: `value`.
        expression: Formats an expression. Default: as a Terraform interpolation.

    Raises:
        InputError: The value has no equivalent in Terraform.
    """
    # The most frequent types first; match patterns with abstract types take three times as long.
    kind = type(value)
    if kind is str:
        return value if words.is_plain(value) and value.isprintable() else _checked(value, at)
    if kind is Expr:
        return expression(value)
    if kind is bool:
        return value
    if kind is list and words.are_plain(value):
        return [*value]
    if kind is dict and LOST_KEY not in value and words.are_plain(value):
        return {**value}
    if isinstance(value, pydantic.BaseModel):
        return {k: to_terraform(v, f"{at}.{k}", expression) for k, v in value if v is not None}
    if isinstance(value, _COLLECTIONS):
        if is_engine_collection(value):
            return expression(as_expression(value, at))
        if isinstance(value, _LISTS):
            return [to_terraform(element, f"{at}[{index}]", expression) for index, element in enumerate(value)]
        return {
            k if type(k) is str and k.replace("-", "_").isidentifier() and k != LOST_KEY else _key(k, at): to_terraform(
                v, f"{at}.{k}", expression
            )
            for k, v in value.items()
        }
    return _others(value, at, expression)


def _others(value: Any, at: str, expression: Callable[[Expr], str]) -> Any:
    match value:
        case Expr():
            return expression(value)
        case enum.Enum():
            return to_terraform(value.value, at, expression)
        case int() | float():
            return _number(value, at)
        case str():
            return _checked(value, at)
        case None:
            return expression(NULL)
        case _ if isinstance(value, WRITTEN_AS_TEXT):
            return str(value)
        case _ if hasattr(value, "__jsii_type__"):
            return expression(as_expression(value, at))
    raise InputError(
        f"{at} has no equivalent in Terraform",
        value=value,
        allowed="strings, numbers, booleans, lists, mappings, dates, paths, networks and expressions",
        fix="pass a sorted list instead of a set, or an attribute of the object instead of the object",
    )


def constant(value: Any, at: str) -> Any:
    """Returns the value as Terraform JSON for a place where Terraform evaluates no templates, so `${` is not escaped.

    Args:
        value: Any value that `to_terraform` accepts, without expressions and nulls.
        at: The path of the value, for the error.

    Raises:
        InputError: The value contains an expression or null, or has no equivalent in Terraform.
    """
    return _unescaped(to_terraform(value, at), at)


def _unescaped(value: Any, at: str) -> Any:
    match value:
        case Mapping():
            return {_unescaped(key, at): _unescaped(inner, f"{at}.{key}") for key, inner in value.items()}
        case list():
            return [_unescaped(element, f"{at}[{index}]") for index, element in enumerate(value)]
        case str() if value == str.__str__(NULL):
            raise InputError(
                f"{at} cannot be null, because the engine drops nulls", fix='use an empty value, such as "" or []'
            )
        case _ if is_unresolved(value):
            raise InputError(f"{at} cannot be an expression", value=value, fix="use a literal value")
        case str():
            return value.replace("$${", "${").replace("%%{", "%{")
    return value


def json_text(value: Any, at: str = "value") -> Expr:
    """Returns the value as a JSON string, for policies and Helm values; Terraform fills in unresolved values.

    Args:
        value: Any value that `to_terraform` accepts. Expressions of type `string`, and engine tokens of unknown type,
            are inserted into JSON strings as they are, so their values must not need escaping, as with names and
            ARNs; other expressions are encoded with jsonencode.
        at: The path of the value, for the error. Default: `value`.

    Raises:
        InputError: The value has no equivalent in Terraform, or `as_text` rejects it.
    """
    bare = {str.__str__(NULL): "null"}

    def write(value: Expr) -> str:
        text = str.__str__(value)
        if value.type == "string" or text in bare or (value.type == "any" and ENGINE_TOKEN in text):
            return text
        # A separate type, because a string that a program has encoded itself must stay a string in this JSON.
        code = str.__str__(expr(fn.jsonencode(value), "JSON"))
        return bare.setdefault(code, code)

    text = json.dumps(to_terraform(value, at, write), sort_keys=True)
    for word, code in bare.items():
        text = text.replace(f'"{word}"', code)
    return Expr(text, "string")


def texts(values: pydantic.BaseModel) -> dict[str, str]:
    """Returns the fields that are set, as strings; lists are joined with commas, as upstream expects."""
    fields = type(values).model_fields
    given = {name: value for name, value in values if value is not None}
    return {name: join(v) if _is_list(fields[name].annotation) else _text(v) for name, v in given.items()}


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def merge(ours: Mapping[str, Any], theirs: Mapping[str, Any], *, remove_null: bool = False) -> dict[str, Any]:
    """Merges mappings recursively; for other values, `theirs` takes precedence.

    Args:
        ours: The base.
        theirs: The values to merge into the base.
        remove_null: Whether a null in `theirs` removes the key. Default: False, the null stays; Helm needs it to remove
            a default of the chart.
    """
    merged = dict(ours)
    for key, value in theirs.items():
        there = ours.get(key)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(there, value, remove_null=remove_null)
        elif remove_null and value is None and key in ours:
            del merged[key]
        else:
            merged[key] = value
    return merged


REMOVED = Rule(
    "removed-setting",
    "warning",
    "Removing a value that the cloud sets may be unintended, and may break the cloud.",
)


def in_order(value: Any) -> Any:
    """Returns JSON with sorted keys."""
    if isinstance(value, dict):
        return {key: each if type(each := value[key]) is str else in_order(each) for key in sorted(value)}
    if isinstance(value, list):
        return [each if type(each) is str else in_order(each) for each in value]
    return value


def lost(ours: Mapping[str, Any], theirs: Mapping[str, Any], at: Key = ()) -> Iterator[Finding]:
    """Yields warnings about values of `ours` that merging `theirs` removes: with a null, or by replacing a list.

    Unresolved lists are skipped, since they may contain the same elements.

    Args:
        ours: The values that the cloud sets.
        theirs: The values that the configuration sets.
        at: The path of both. Default: the root.
    """
    for key, value in theirs.items():
        path, there = (*at, key), ours.get(key)
        name, on = ".".join(map(str, path)), [str(path[0])]
        if value is None and key in ours:
            what = f"{name} is null, which removes the value that the cloud sets"
            yield Finding(what, "remove the key to keep the value", rule=REMOVED, on=on, key=path)
        elif isinstance(there, Mapping) and isinstance(value, Mapping):
            yield from lost(there, value, path)
        elif isinstance(there, list | tuple | Mapping) and not is_unresolved(value):
            kept = [_shown(each) for each in value] if isinstance(value, list | tuple) else []
            if missing := [shown for each in there if (shown := _shown(each)) not in kept]:
                what = f"{name} replaces the value that the cloud sets, and lacks {', '.join(missing)}"
                yield Finding(what, "add the elements that you want to keep", rule=REMOVED, on=on, key=path)


def _shown(value: Any) -> str:
    return words.spelled(json.dumps(to_terraform(value)))


def _number(value: float, at: str) -> float:
    if abs(value) <= _LARGEST or is_unresolved(value):
        return value
    raise InputError(f"{at} is not a number that Terraform JSON can represent", value=value, allowed="up to 2 ** 53")


def _checked(text: str, at: str) -> str:
    if not text.isprintable() and (what := control_character(text)):  # most text is, and asking is fast
        raise InputError(f"{at} {what}", fix="remove it", rule=CONTROL_CHARACTER)
    return as_text(text, at)


def _key(key: object, at: str) -> str:
    if isinstance(key, Expr):
        return str.__str__(key)
    if key == LOST_KEY:
        raise InputError(f"{at} has the key {LOST_KEY}, which JavaScript does not keep", fix="rename it")
    if isinstance(key, str):
        return _checked(key, f"a key of {at}")
    raise InputError(f"a key of {at} must be a string", value=key)
