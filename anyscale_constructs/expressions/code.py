"""Finds the strings in Terraform JSON, and the code in them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anyscale_constructs import words

PAIRS = {"(": ")", "[": "]", "{": "}"}
"""The closing bracket of each opening one."""
# Code that never needs parentheses: a reference, a number, or a string.
_SIMPLE = re.compile(r"""[A-Za-z_][\w-]*(?:\.[\w*-]+|\[(?:\d+|\*|"[^"\\$%]*")\])*|\d+|"[^"\\$%]*\"""")
_CALL = re.compile(r"[a-z][a-z0-9_]*(?:::[a-z0-9_]+)*(?=\()")
_OPENING = re.compile(r"(?<!\$)\$\{")
_BRACKET = re.compile(r"""["()\[\]{}]""")
_LISTS, _MAPS = (list, tuple), (dict, Mapping)


def is_closed(text: str) -> bool:
    """Returns whether the code needs no parentheses next to operators, indexes and attributes."""
    if _SIMPLE.fullmatch(text):
        return True
    call = _CALL.match(text)
    start = call.end() if call else 0
    return text[start : start + 1] in PAIRS and _end(text, start) == len(text)


def _end(text: str, start: int) -> int:
    """Returns the end of the bracket that opens at `start`; brackets inside strings are ignored."""
    depth, i = 0, start
    while found := _BRACKET.search(text, i):
        if found.group() == '"':
            i = _end_of_string(text, found.start())
            continue
        depth += 1 if found.group() in PAIRS else -1
        i = found.end()
        if not depth:
            return i
    return max(i, len(text))


def _end_of_string(text: str, start: int) -> int:
    i = start + 1
    while i < len(text) and text[i] != '"':
        if text.startswith("${", i) and text[i - 1] != "$":
            i = _end(text, i + 1)
        else:
            i += 2 if text[i] == "\\" else 1
    return i + 1


def leftovers(tree: Any) -> Iterator[str]:
    """Yields the strings in Terraform JSON that still contain words, with the words replaced by code for display."""
    yield from (words.spelled(text) for _, text in texts(tree) if words.traced(text))


def code_in(tree: Any) -> Iterator[tuple[str, str]]:
    """Yields all code in resolved Terraform JSON, with the path of the element that contains it."""
    return code_of(texts(tree))


def code_of(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yields all code in the result of `texts`, with the path of the element that contains it."""
    for path, text in found:
        if "${" in text:
            for opening in _OPENING.finditer(text):
                yield path, text[opening.end() : _end(text, opening.end() - 1) - 1]


def texts(tree: Any, path: str = "") -> list[tuple[str, str]]:
    """Returns all strings in Terraform JSON, including keys, with the path of the element that contains them."""
    found: list[tuple[str, str]] = []
    _gather(tree, path, found)
    return found


def _gather(tree: Any, path: str, found: list[tuple[str, str]]) -> None:
    if isinstance(tree, str):
        found.append((path, str.__str__(tree)))
    elif isinstance(tree, _MAPS):
        for key, value in tree.items():
            found.append((path, str.__str__(key)))
            _gather(value, f"{path}.{key}" if path else key, found)
    elif isinstance(tree, _LISTS):
        for index, value in enumerate(tree):
            _gather(value, f"{path}[{index}]", found)
