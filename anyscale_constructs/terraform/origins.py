"""Maps the inputs of constructs to configuration keys, so that findings can show their place in the configuration."""

import contextlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel

from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.findings import NOT_GIVEN, Key

# Top-level keys, by the name of the input that all upstream modules have for them.
_EVERYWHERE = {"anyscale_cloud_id": "cloud_id", "anyscale_org_id": "org_id"}


class Origins(NamedTuple):
    """The configuration keys of the inputs of constructs.

    Args:
        config: The stack's configuration. Default: none.
        section: The key of the section that configures the constructs. Default: the top level.
        keys: The key of each input, or several keys, with dots. Inputs with the name of a key can be omitted. Default:
            none.
    """

    config: Any = None
    section: str = ""
    keys: Mapping[str, str | tuple[str, ...]] = MappingProxyType({})

    def of(self, names: Sequence[str]) -> Key:
        """Returns the key of the first input that the configuration sets, else the key of the first input.

        Args:
            names: The inputs, the most relevant first.
        """
        found = [key for name in names for key in self._of(name)]
        return next(filter(self._is_given, found), found[0] if found else self._section)

    @property
    def _section(self) -> Key:
        return tuple(self.section.split(".")) if self.section else ()

    def _of(self, name: str) -> list[Key]:
        if name in self.keys:
            keys = self.keys[name]
            return [tuple(key.split(".")) for key in ([keys] if isinstance(keys, str) else keys)]
        candidates: list[Key] = [(*self._section, name), (_EVERYWHERE.get(name, name),)]
        return [key for key in candidates if self._has(key)][:1]

    def _has(self, key: Key) -> bool:
        return key[-1] in _fields(_at(self.config, key[:-1]))

    def _is_given(self, key: Key) -> bool:
        holder = self.config
        for step in key:
            if _fields(holder) and step not in holder.model_fields_set:
                return False
            holder = _at(holder, (step,))
        return True


def element(key: Key, config: Any, value: Any) -> Key:
    """Returns the key of the list element that equals the value or its first element; the key itself otherwise.

    Args:
        key: The key, whose value may be a list.
        config: The configuration that contains the key.
        value: The value of a finding.
    """
    if value is NOT_GIVEN or not isinstance(held := _at(config, key), (list, tuple)):
        return key
    if isinstance(value, list) and value and value != held:
        value = value[0]
    for index, each in enumerate(held):
        with contextlib.suppress(ExpressionError):  # unresolved values cannot be compared
            if (each.model_dump(exclude_none=True) if isinstance(each, BaseModel) else each) == value:
                return (*key, index)
    return key


def _at(config: Any, key: Key) -> Any:
    for step in key:
        if _fields(config) or not isinstance(config, Mapping):
            config = getattr(config, str(step), None)
        else:
            config = config.get(step)
    return config


def _fields(holder: Any) -> Mapping[str, Any]:
    """Returns the fields of a model; none of another object."""
    return getattr(holder, "__pydantic_fields__", {})
