"""Python values to Terraform values: the one way into the JSON."""

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
from anyscale_constructs.findings import CONTROL_CHARACTER, Finding, Key, Rule, control_character

_LISTS, _MAPS = list | tuple, dict | Mapping
_LOST_KEY = "__proto__"
_LARGEST = 2**53
"""Node.js holds numbers as doubles: it would change larger ones, and knows no way to write infinity."""


def to_terraform(value: Any, at: str = "value", expression: Callable[[Expr], str] = str.__str__) -> Any:
    """The value as Terraform JSON holds it.

    Literals are escaped, expressions and tokens pass, None inside a collection becomes Terraform's null
    (the engine would drop it), and models become objects without the fields that are None.

    Args:
        value: Anything but a set, whose order is not fixed.
        at: Where the value stands, for the error.
        expression: How an expression is written. Default: as the code that Terraform replaces by its value.

    Raises:
        InputError: Terraform has nothing like the value.
    """
    # In the order in which values are frequent: patterns with abstract types take three times as long.
    kind = type(value)
    if kind is str:
        return value if words.is_plain(value) and value.isprintable() else _checked(value, at)
    if kind is Expr:
        return expression(value)
    if kind is bool:
        return value
    if isinstance(value, _LISTS | _MAPS):
        if is_engine_collection(value):
            return expression(as_expression(value, at))
        if isinstance(value, _MAPS):
            return {
                k if type(k) is str and k.isidentifier() and k != _LOST_KEY else _key(k, at): to_terraform(
                    v, f"{at}.{k}", expression
                )
                for k, v in value.items()
            }
        return [to_terraform(element, f"{at}[{index}]", expression) for index, element in enumerate(value)]
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
        case pydantic.BaseModel():
            return {k: to_terraform(v, f"{at}.{k}", expression) for k, v in value if v is not None}
        case _ if isinstance(value, WRITTEN_AS_TEXT):
            return str(value)
        case _ if hasattr(value, "__jsii_type__"):
            return expression(as_expression(value, at))
    raise InputError(
        f"{at} has no counterpart in Terraform",
        value=value,
        allowed="strings, numbers, booleans, lists, mappings, dates, paths, networks and expressions",
        fix="give a sorted list instead of a set; give an object's attribute instead of the object",
    )


def constant(value: Any, at: str) -> Any:
    """The value as Terraform JSON holds it where Terraform evaluates nothing: there `$${` would be three signs.

    Args:
        value: What `to_terraform` takes, without expressions and nulls.
        at: Where the value stands, for the error.

    Raises:
        InputError: An expression or null stands in it, or Terraform has nothing like the value.
    """
    return _unescaped(to_terraform(value, at), at)


def _unescaped(value: Any, at: str) -> Any:
    match value:
        case Mapping():
            return {_unescaped(key, at): _unescaped(inner, f"{at}.{key}") for key, inner in value.items()}
        case list():
            return [_unescaped(element, f"{at}[{index}]") for index, element in enumerate(value)]
        case str() if value == str.__str__(NULL):
            raise InputError(f"{at} can't be null, which the engine drops", fix='give an empty value, such as "" or []')
        case _ if is_unresolved(value):
            raise InputError(f"{at} takes no expression", value=value, fix="write the value out")
        case str():
            return value.replace("$${", "${").replace("%%{", "%{")
    return value


def json_text(value: Any, at: str = "value") -> Expr:
    """The value as JSON text, for policies and Helm values; what only Terraform knows is filled in by Terraform.

    Args:
        value: What `to_terraform` takes. An expression of type `string`, and a token of the engine whose type nobody
            knows, stand for text without quotes, such as a name or an ARN; others for whatever value they have.
        at: Where the value stands, for the error.

    Raises:
        InputError: Terraform has nothing like the value, or as of `as_text`.
    """
    bare = {str.__str__(NULL): "null"}

    def write(value: Expr) -> str:
        text = str.__str__(value)
        if value.type == "string" or text in bare or (value.type == "any" and ENGINE_TOKEN in text):
            return text
        # Of a type of its own, since what a program encodes itself is text in this text.
        code = str.__str__(expr(fn.jsonencode(value), "JSON"))
        return bare.setdefault(code, code)

    text = json.dumps(to_terraform(value, at, write), sort_keys=True)
    for word, code in bare.items():
        text = text.replace(f'"{word}"', code)
    return Expr(text, "string")


def texts(values: pydantic.BaseModel) -> dict[str, str]:
    """The fields that are set, as strings; a list is joined with commas, as upstream takes it."""
    fields = type(values).model_fields
    given = {name: value for name, value in values if value is not None}
    return {name: join(v) if _is_list(fields[name].annotation) else _text(v) for name, v in given.items()}


def _is_list(annotation: Any) -> bool:
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def merge(ours: Mapping[str, Any], theirs: Mapping[str, Any], *, remove_null: bool = False) -> dict[str, Any]:
    """Merges mappings by key at every level; of anything else that both have, `theirs` stands.

    Args:
        ours: What is there.
        theirs: What is merged into it.
        remove_null: Whether a null in `theirs` removes the key. Default: it stays, as Helm needs it to remove a
            chart's own default too.
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
    "What the cloud sets is gone, perhaps without being meant: it may be what makes it work.",
)


def lost(ours: Mapping[str, Any], theirs: Mapping[str, Any], at: Key = ()) -> Iterator[Finding]:
    """Says what of `ours` is missing once `theirs` is merged into it: what a null removes, and elements of lists.

    A list that only Terraform knows may hold the same elements, so nothing is said of it.

    Args:
        ours: What the cloud sets.
        theirs: What the configuration gives.
        at: Where both stand.
    """
    for key, value in theirs.items():
        path, there = (*at, key), ours.get(key)
        name, on = ".".join(map(str, path)), [str(path[0])]
        if value is None and key in ours:
            what = f"{name} is null, which removes what the cloud sets"
            yield Finding(what, "leave the key out to keep it", rule=REMOVED, on=on, key=path)
        elif isinstance(there, Mapping) and isinstance(value, Mapping):
            yield from lost(there, value, path)
        elif isinstance(there, list | tuple | Mapping) and not is_unresolved(value):
            kept = [_shown(each) for each in value] if isinstance(value, list | tuple) else []
            if missing := [shown for each in there if (shown := _shown(each)) not in kept]:
                what = f"{name} replaces what the cloud sets, and lacks {', '.join(missing)}"
                yield Finding(what, "add what you want to keep", rule=REMOVED, on=on, key=path)


def _shown(value: Any) -> str:
    return words.spelled(json.dumps(to_terraform(value)))


def _number(value: float, at: str) -> float:
    if abs(value) <= _LARGEST or is_unresolved(value):
        return value
    raise InputError(f"{at} is no number that Terraform JSON can hold", value=value, allowed="up to 2 ** 53")


def _checked(text: str, at: str) -> str:
    if not text.isprintable() and (what := control_character(text)):  # most text is, and asking is fast
        raise InputError(f"{at} {what}", fix="remove it", rule=CONTROL_CHARACTER)
    return as_text(text, at)


def _key(key: object, at: str) -> str:
    if isinstance(key, Expr):
        return str.__str__(key)
    if key == _LOST_KEY:
        raise InputError(f"{at} has the key {_LOST_KEY}, which JavaScript does not keep", fix="rename it")
    if isinstance(key, str):
        return _checked(key, f"a key of {at}")
    raise InputError(f"a key of {at} must be a string", value=key)
