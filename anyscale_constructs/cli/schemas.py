"""Builds the JSON Schemas of clouds' YAML and of _defaults.yaml."""

from typing import Any

from anyscale_constructs.cli import project
from anyscale_constructs.config.defaults import Defaults
from anyscale_constructs.config.document import KIND
from anyscale_constructs.terraform.config import CloudConfig


def schema_of(kind: str, *, given: tuple[str, ...] = ()) -> dict[str, Any]:
    """Returns the JSON Schema of a kind of cloud: its configuration, and the key that names the kind.

    Args:
        kind: The kind.
        given: The top-level keys that defaults set. Default: none. If there are any, nothing is required inside
            other keys either.

    Raises:
        ConfigError: The kind does not exist.
    """
    schema: dict[str, Any] = project.load_stack(kind).config_type.model_json_schema()
    schema["properties"] = {
        KIND: {"const": kind, "description": "The kind of cloud.", "title": "Stack", "type": "string"},
        **schema["properties"],
    }
    required = [KIND, *schema.get("required", ())]
    if given:
        schema, required = _partial(schema), [key for key in required if key not in given]
    return _of_2020(schema | {"required": required})


def schema_of_defaults(kind: str | None) -> dict[str, Any]:
    """Returns the JSON Schema of a _defaults.yaml, in which nothing is required.

    Args:
        kind: The kind of the clouds that the defaults are for. None: any kind, so only the keys that all kinds share.

    Raises:
        ConfigError: The kind does not exist.
    """
    if kind is not None:
        schema = schema_of(kind)
    else:
        schema = _of_2020(CloudConfig.model_json_schema())
        schema["properties"] = {KIND: {"enum": [*project.kinds()], "title": "Stack"}, **schema["properties"]}
    found: dict[str, Any] = _partial(schema)
    return found


def given_by_defaults() -> tuple[str, ...]:
    """Returns the top-level keys that the defaults of the repository's clouds set, in any directory."""
    directory = project.clouds_directory()
    documents = Defaults(directory).documents() if directory.is_dir() else ()
    return tuple({key: None for document in documents for key in document.data})


def _of_2020(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _partial(schema: Any) -> Any:
    """Returns a schema that requires nothing and allows null, and in which partial values may match several choices."""
    match schema:
        case dict():
            found = {"anyOf" if key == "oneOf" else key: _partial(value) for key, value in schema.items()}
            if isinstance(found.get("properties"), dict) and found.get("type") == "object":
                found["properties"] = {
                    key: {"anyOf": [value, {"type": "null"}]} for key, value in found["properties"].items()
                }
                found.pop("required", None)
            return found
        case list():
            return [*map(_partial, schema)]
    return schema
