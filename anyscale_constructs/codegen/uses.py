"""Finds the inputs of a module that only have an effect if another input enables their feature."""

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from anyscale_constructs.codegen.infer import code, split

Groups = tuple[tuple[str, ...], ...]
"""For each use, the switches that must all be enabled."""

_REFERENCE = re.compile(r"\b(?:var\.[\w-]+|local\.[\w-]+|data\.\w+\.[\w-]+)")
_FILTER = re.compile(r"\{\s*for\b.*\bif\b(.*)\}", re.DOTALL)
_ON = re.compile(r"(var|local)\.([\w-]+)(?:\s*(?:==\s*true|!=\s*null))?")
_NOTHING = {"0", "[]", "{}", "false", "null"}
# Names of the input that enables the whole module.
_WHOLE = {"module_enabled", "create", "putin_khuylo"}


def used_with(files: Sequence[Mapping[str, Any]]) -> dict[str, Groups]:
    """Returns the switches of a module's inputs, for inputs whose every use depends on switches.

    A resource or module uses the inputs that it refers to. It is created if all inputs in its `count`, `for_each` or
    `create` are enabled, i.e. neither false nor null; any other condition is ignored. A reference to a local value or a
    data source is a use of the inputs that these refer to. An output is always a use.

    Args:
        files: The module's files, as parsed by python-hcl2.
    """
    values = {name: value for file in files for block in file.get("locals", []) for name, value in block.items()}
    uses = [*_blocks(files, values), *((f"local.{name}", frozenset[str](), value) for name, value in values.items())]
    texts = [(name, switches, set(_REFERENCE.findall(json.dumps(body)))) for name, switches, body in uses]

    @functools.cache
    def groups(reference: str) -> frozenset[frozenset[str]]:
        found: set[frozenset[str]] = set()
        for name, switches, references in texts:
            if reference in references:
                passes_on = name.startswith(("local.", "data."))
                found |= {switches | more for more in (groups(name) if passes_on else [frozenset[str]()])}
        return frozenset(found)

    needed: dict[str, Groups] = {}
    inputs = {each.removeprefix("var.") for _, _, references in texts for each in references if each.startswith("var.")}
    for name in inputs - _WHOLE:
        own = {group - _WHOLE - {name} for group in groups(f"var.{name}")}
        least = sorted(tuple(sorted(group)) for group in own if not any(other < group for other in own))
        if least and () not in least:
            needed[name] = tuple(least)
    return needed


def _blocks(
    files: Sequence[Mapping[str, Any]], values: Mapping[str, Any]
) -> Iterator[tuple[str, frozenset[str], Mapping[str, Any]]]:
    """Yields the blocks that may use an input: the address, the switches that must be enabled, and the body."""
    for file in files:
        for kind, prefix in (("resource", ""), ("data", "data.")):
            for block in file.get(kind, []):
                for type_, named in block.items():
                    for name, body in named.items():
                        yield f"{prefix}{type_}.{name}".replace('"', ""), _switches(body, values), body
        for block in file.get("module", []):
            for name, body in block.items():
                yield f"module.{name}", _switches(body, values), body
        for block in file.get("output", []):
            for name, body in block.items():
                yield f"output.{name}", frozenset(), body


def _switches(body: Mapping[str, Any], values: Mapping[str, Any]) -> frozenset[str]:
    conditions = [body[argument] for argument in ("count", "for_each", "create") if argument in body]
    return frozenset().union(*(_all_of(code(condition), values) for condition in conditions))


def _all_of(condition: str, values: Mapping[str, Any]) -> set[str]:
    """Returns the inputs that must be enabled for a condition to be true, or a count or map not to be empty."""
    if found := _FILTER.fullmatch(condition):
        condition = found.group(1).strip()
    test, *results = split(condition, "?")
    if results:
        return _all_of(test, values) if split(results[0], ":")[-1] in _NOTHING else set()
    parts = [part for part in split(condition, "&") if part]
    if len(parts) > 1 and len(split(condition, "|")) == 1:
        return set().union(*(_all_of(part, values) for part in parts))
    if not (on := _ON.fullmatch(condition)):
        return set()
    kind, name = on.groups()
    return {name} if kind == "var" else _all_of(code(values.get(name, "")), values)
