"""Minimal parsing of Terraform code: splits it at the top level, and infers the types of outputs."""

import json
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|.', re.DOTALL)
_CALL = re.compile(r"([a-z][a-z0-9_]*)\((.*)\)", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
# `"${x}"` has the value and type of x.
_INTERPOLATION = re.compile(r'"\$\{[^}]*\}"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_FUNCTIONS = {
    **dict.fromkeys(["format", "join", "jsonencode", "lower", "replace", "tostring", "upper"], "string"),
    **dict.fromkeys(["compact", "formatlist", "keys", "sort", "split"], "list(string)"),
    **dict.fromkeys(["length", "max", "min", "tonumber"], "number"),
    **dict.fromkeys(["can", "contains", "tobool"], "bool"),
    "zipmap": "map(string)",
}


def code(raw: Any) -> str:
    """Returns the Terraform code of an attribute."""
    if isinstance(raw, bool):
        return str(raw).lower()
    text = str(raw)
    return text[2:-1] if text.startswith("${") else text


def split(text: str, separator: str) -> list[str]:
    """Splits Terraform code at separators outside of strings and brackets."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += _step(token)
        if token == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def output_type(raw: Any, known: Mapping[str, str]) -> str:
    """Returns the type of an output's value, inferred from its expression; `any` if unknown.

    Args:
        raw: The value, as parsed by python-hcl2.
        known: The types of references, by name, e.g. `var.region`.
    """
    if isinstance(raw, str) and raw.startswith("${"):
        return _expression_type(raw[2:-1], known)
    # Anything else is a literal; a non-empty object or tuple can have elements of any types.
    return _plain_type(raw if isinstance(raw, str) else json.dumps(raw))


def _expression_type(code: str, known: Mapping[str, str]) -> str:
    if code in known:
        return known[code]
    condition = split(code, "?")
    if len(condition) == 2:  # noqa: PLR2004 - a condition and its two results
        types = {_expression_type(part, known) for part in split(condition[1], ":") if part != "null"}
        return types.pop() if len(types) == 1 else "any"
    call = _CALL.fullmatch(code)
    if call and _balanced(call.group(2)):
        function, arguments = call.groups()
        if function == "try":
            return _expression_type(split(arguments, ",")[-1], known)
        return _FUNCTIONS.get(function, "any")
    return _plain_type(code)


def _balanced(code: str) -> bool:
    return all(depth >= 0 for depth in accumulate(map(_step, _TOKEN.findall(code))))


def _step(part: str) -> int:
    return (part in "([{") - (part in ")]}")


def _plain_type(code: str) -> str:
    if code in {"true", "false"}:
        return "bool"
    if _NUMBER.fullmatch(code):
        return "number"
    if code == "[]" or re.search(r"\[\*\](?:\.\w+)+$", code):
        return "list(string)"
    if code == "{}":
        return "map(string)"
    return "string" if _STRING.fullmatch(code) and not _INTERPOLATION.fullmatch(code) else "any"
