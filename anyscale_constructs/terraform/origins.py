"""From which keys of a configuration the inputs of a construct come, so that a finding can say where it stands."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.findings import Key

# What upstream calls the outermost keys, in all of its modules.
_EVERYWHERE = {"anyscale_cloud_id": "cloud_id", "anyscale_org_id": "org_id"}


@dataclass(frozen=True)
class Origins:
    """Where the inputs of the constructs that a step makes come from.

    Args:
        config: The stack's configuration.
        section: The key of the section that the step is for; none: the outermost keys.
        keys: By input, the key it comes from, or several, with dots; an input that has a key's own name needs none.
    """

    config: Any = None
    section: str = ""
    keys: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def of(self, names: Sequence[str]) -> Key:
        """The key that inputs come from: of the first that the configuration gives, else of the first.

        Args:
            names: The inputs, the most telling one first.
        """
        found = [key for name in names for key in self._of(name)]
        return next(filter(self._is_given, found), next(iter(found), self._section))

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
        holder = _at(self.config, key[:-1])
        return isinstance(holder, BaseModel) and key[-1] in type(holder).model_fields

    def _is_given(self, key: Key) -> bool:
        holders = [_at(self.config, key[:length]) for length in range(len(key))]
        return all(
            not isinstance(holder, BaseModel) or step in holder.model_fields_set
            for holder, step in zip(holders, key, strict=True)
        )


def element(key: Key, config: Any, value: Any) -> Key:
    """The key of the element that is the value, or the first of the values, if the key holds a list with it.

    Args:
        key: The key.
        config: What it is in.
        value: What a finding gives as its value.
    """
    held = _at(config, key)
    if isinstance(value, list) and value and value != held:
        value = value[0]
    for index, each in enumerate(held if isinstance(held, list | tuple) else ()):
        with contextlib.suppress(ExpressionError):  # what is known only later is no finding's value
            if (each.model_dump(exclude_none=True) if isinstance(each, BaseModel) else each) == value:
                return (*key, index)
    return key


def _at(config: Any, key: Key) -> Any:
    for step in key:
        config = config.get(step) if isinstance(config, Mapping) else getattr(config, str(step), None)
    return config
