"""Handles the values of a double: plans computed values as unknown, and generates them at apply."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgpack.ext import ExtType

from tests.e2e.doubles.provider import Provider
from tests.e2e.doubles.schema import Block, BlockType, Type, types_in

UNKNOWN = ExtType(0, b"\0")
"""Terraform's encoding of an unknown value."""


def is_unknown(value: Any) -> bool:
    """Returns whether a value is unknown at plan."""
    return isinstance(value, ExtType)


def is_write_only(name: str) -> bool:
    """Returns whether an attribute is write-only, which only the ending of its name shows."""
    return name.endswith("_wo")


def _in_each(kind: BlockType, value: Any, do: Callable[[Block, Any], Any]) -> Any:
    """Returns the value of a kind of block, with a function applied to each block in it."""
    if value is None or is_unknown(value):
        return value
    if kind["nesting_mode"] == "single":
        return do(kind["block"], value)
    return [do(kind["block"], inner) for inner in value]


def unknown_where_computed(block: Block, value: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a value with unknown computed attributes; Terraform has already inserted earlier computed values."""
    planned = dict(value)
    for name, attribute in block["attributes"].items():
        if is_write_only(name):
            planned[name] = None
        elif attribute.get("computed") and planned[name] is None:
            planned[name] = UNKNOWN
    for name, kind in block["block_types"].items():
        planned[name] = _in_each(kind, planned[name], unknown_where_computed)
    return planned


def find_faults(found: list[str], path: str, block: Block, value: Mapping[str, Any]) -> None:
    """Adds to a list what providers reject but Terraform does not: values for computed attributes, and invalid ones."""
    for name, attribute in block["attributes"].items():
        possible, given = attribute.get("possible"), value[name]
        if given is not None and not (attribute.get("required") or attribute.get("optional")):
            found.append(f"{path}{name} is computed and cannot be set")
        if possible and isinstance(given, str) and given not in possible:
            found.append(f"{path}{name} must be one of {', '.join(possible)}; got {given!r}")
    for name, kind in block["block_types"].items():
        _in_each(kind, value[name], partial(find_faults, found, f"{path}{name}."))


class Maker:
    """Generates the computed values of one resource or data source.

    Args:
        provider: The provider.
        type_name: The type; `data.TYPE` for a data source.
        value: The known part of its value.
        configuration: The provider's configuration.
    """

    def __init__(
        self, provider: Provider, type_name: str, value: Mapping[str, Any], configuration: Mapping[str, Any]
    ) -> None:
        self._values = provider.values(type_name)
        self._type_name = type_name
        # A data source returns the same values each time, and no two resources have the same ID.
        salt = "" if type_name.startswith("data.") else secrets.token_hex()
        text = f"{type_name} {salt} {json.dumps(value, sort_keys=True, default=repr)}"
        self._hash = hashlib.sha256(text.encode()).hexdigest()[:8]
        given = {name: each for name, each in value.items() if not (each is None or is_unknown(each))}
        self._arguments = {**configuration, **given, "hash": self._hash}

    def can_make(self, name: str) -> bool:
        """Returns whether everything that the attribute is derived from is known."""
        needed = re.findall(r"\{(\w+)\}", self._values[name])
        return all(isinstance(self._arguments.get(key), str) for key in needed)

    def fill(self, block: Block, value: Mapping[str, Any], path: str = "") -> dict[str, Any]:
        """Returns a value in which all unknown parts are generated."""
        types = types_in(block)
        done = {
            name: self.make(f"{path}{name}", types[name]) if is_unknown(each) else each for name, each in value.items()
        }
        for name, kind in block["block_types"].items():
            done[name] = _in_each(kind, done[name], partial(self.fill, path=f"{path}{name}."))
        return done

    def make(self, path: str, type_: Type) -> Any:
        """Returns the value of an attribute, or of blocks that are not configured."""
        if path in self._values:
            return self._conform(path, self._resolve(self._values[path]), type_)
        name = path.rpartition(".")[2]
        match type_:
            case "string":
                return f"{self._type_name if name == 'id' else name}-{self._hash}"
            case "number":
                return 1
            case "bool":
                return False
            case ["object", inner]:
                return {each: self.make(f"{path}.{each}", own) for each, own in inner.items()}
            case ["map", _]:
                return {}
            case [_, _]:
                return []
        raise ValueError(f"a double has no value for {self._type_name}.{path}, which is {type_}")

    def _resolve(self, value: Any) -> Any:
        match value:
            case str():
                return re.sub(r"\{(\w+)\}", lambda found: str(self._arguments.get(found[1], self._hash)), value)
            case dict():
                return {key: self._resolve(inner) for key, inner in value.items()}
            case list():
                return [self._resolve(inner) for inner in value]
        return value(self._arguments) if callable(value) else value

    def _conform(self, path: str, value: Any, type_: Type) -> Any:
        """Returns a value with all the attributes of its type."""
        match type_:
            case ["object", inner]:
                return {
                    name: self._conform(f"{path}.{name}", value[name], own)
                    if name in value
                    else self.make(f"{path}.{name}", own)
                    for name, own in inner.items()
                }
            case ["list" | "set", inner]:
                return [self._conform(path, each, inner) for each in value]
        return value
