"""Applies the rules of a provider's code: a double rejects configurations that break them, and replaces resources."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.e2e.doubles.provider import Rules
from tests.e2e.doubles.schema import Block
from tests.e2e.doubles.values import is_unknown

Path = tuple[str | int, ...]


def replaced_by(
    block: Block, paths: Iterable[str], prior: Mapping[str, Any], planned: Mapping[str, Any]
) -> Iterator[Path]:
    """Yields the paths of the arguments that replace a resource and that differ between two of its values."""
    for path in paths:
        name, _, rest = path.partition(".")
        if name not in planned or planned[name] == prior[name]:
            continue
        kind = block["block_types"].get(name)
        if not rest or kind is None:
            yield (name,)
        elif kind["nesting_mode"] == "list" and isinstance(planned[name], list):
            for index, pair in enumerate(zip(prior[name] or (), planned[name], strict=False)):
                yield from ((name, index, *inner) for inner in replaced_by(kind["block"], [rest], *pair))


def broken(rules: Rules, config: Mapping[str, Any]) -> Iterator[str]:
    """Yields the rules that a configuration breaks."""
    for names in (group.split() for group in (*rules.conflicting, *rules.one_of)):
        known = [name for name in names if any(each and not is_unknown(each) for each in _values(config, name))]
        if len(known) > 1:
            yield f"{known[0]} conflicts with {known[1]}"
    for names in (group.split() for group in rules.one_of):
        if not any(any(_values(config, name)) for name in names):
            yield f"one of {', '.join(names)} must be given"
    for name, pattern in rules.patterns.items():
        for value in _known(config, name):
            if not re.fullmatch(pattern, value):
                yield f"{name} must match {pattern}; got {value!r}"
    for name, words in rules.possible.items():
        for value in _known(config, name):
            if value not in words.split():
                yield f"{name} must be one of {', '.join(words.split())}; got {value!r}"


def _values(config: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Yields the values at a path, in each of the blocks on the way."""
    name, _, rest = path.partition(".")
    value = config[name]
    if not rest:
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, rest)


def _known(config: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from (value for value in _values(config, path) if isinstance(value, str))
