"""Generates the configuration of a cloud: an example that is changed in some places, by the JSON Schema of its kind."""

import copy
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from anyscale_constructs.cli.schemas import schema_of
from anyscale_constructs.config.document import KIND
from anyscale_constructs.terraform.interface import Interface
from tests.examples import CLOUDS, SYNTHESIZED
from tests.fuzz.values import ODD, Schema, Values, texts_by_key

Config = dict[str, Any]

_MOST_CHANGES = 4
_WRONG = 0.08
_REMOVED = 0.15
_INPUTS = 0.15


@dataclass(frozen=True)
class Place:
    """The place of a value, in a mapping or a list, whether the value exists or not."""

    container: Any
    key: Any
    schema: Schema


def cloud(seed: int) -> Config:
    """Returns the configuration of a seed."""
    values = Values(seed, _known())
    chance = values.random
    example = chance.choice(CLOUDS)
    config: Config = copy.deepcopy(_examples()[example.stem])
    schema = _schema(config[KIND])
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        if chance.random() < _INPUTS:
            _change_an_input(config, _modules(example.stem), values)
            continue
        place = chance.choice([*places(config, schema, schema["$defs"])])
        given = place.key in place.container if isinstance(place.container, dict) else True
        if given and chance.random() < _REMOVED:
            del place.container[place.key]
        elif chance.random() < _WRONG:
            place.container[place.key] = copy.deepcopy(chance.choice(ODD))
        else:
            place.container[place.key] = values.of(place.schema, schema["$defs"], str(place.key))
        if not isinstance(config.get("modules", {}), dict):
            break  # no inputs can be added to it
    return config


def text(config: Config) -> str:
    """Returns the configuration as YAML."""
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=200)


@functools.cache
def _examples() -> dict[str, Config]:
    return {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in CLOUDS}


@functools.cache
def _known() -> dict[str, list[str]]:
    return texts_by_key([*_examples().values()])


_schema = functools.cache(schema_of)


@functools.cache
def _modules(example: str) -> dict[str, Interface]:
    """Returns the modules of an example, by their names in the configuration."""
    stacks = SYNTHESIZED[example].stacks
    return {name: module.interface for stack in stacks for name, module in stack.construct.modules.items()}


def _change_an_input(config: Config, modules: dict[str, Interface], values: Values) -> None:
    """Sets an input of a module to a value of its type, or to any value."""
    chance = values.random
    if not modules:
        return
    name = chance.choice(sorted(modules))
    variables = modules[name].variables
    if not variables:
        return
    key = chance.choice(sorted(variables))
    value = chance.choice(ODD) if chance.random() < _WRONG else values.of_type(variables[key].type, key)
    override = config.setdefault("modules", {}).setdefault(name, {})
    if isinstance(override, dict) and isinstance(inputs := override.setdefault("inputs", {}), dict):
        inputs[key] = copy.deepcopy(value)


def places(value: Any, schema: Schema, definitions: dict[str, Schema]) -> Iterator[Place]:
    """Yields all places in a value and of keys that could be added, without the key that sets the kind of cloud."""
    schema = _fitting(value, schema, definitions)
    if isinstance(value, dict):
        further = schema.get("additionalProperties")
        known = schema.get("properties", {})
        inner = further if isinstance(further, dict) else {}
        for key in dict.fromkeys([*known, *value]):
            of_key = known.get(key, inner)
            if key != KIND or "const" not in of_key:
                yield Place(value, key, of_key)
            if key in value:
                yield from places(value[key], of_key, definitions)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield Place(value, index, schema.get("items", {}))
            yield from places(each, schema.get("items", {}), definitions)


def _fitting(value: Any, schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Returns the option of a schema that best matches a mapping or a list."""
    if "$ref" in schema:
        return _fitting(value, definitions[schema["$ref"].rpartition("/")[2]], definitions)
    options = [_fitting(value, each, definitions) for key in ("anyOf", "oneOf") for each in schema.get(key, ())]
    wanted = "object" if isinstance(value, dict) else "array"
    alike = [option for option in options if option.get("type") == wanted]
    if not alike:
        return schema
    given = {*value} if isinstance(value, dict) else set()
    return max(alike, key=lambda option: 2 * len(given & option.get("properties", {}).keys()) - len(given))
