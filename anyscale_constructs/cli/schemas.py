"""The JSON Schemas of clouds' YAML and of defaults."""

from typing import Any

from anyscale_constructs.cli import project
from anyscale_constructs.config.defaults import Defaults
from anyscale_constructs.config.document import KIND
from anyscale_constructs.terraform.config import CloudConfig


def schema_of(kind: str, *, given: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON Schema of a kind of cloud: of its configuration, and of the key that says the kind.

    Args:
        kind: The kind.
        given: The outermost keys that defaults give: these are not required, nor is anything inside of others.

    Raises:
        ConfigError: There is no such kind.
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
    """The JSON Schema of a file of defaults, in which nothing is required.

    Args:
        kind: The kind of the clouds that it is for; None: any, so that it has the keys that all of them have.

    Raises:
        ConfigError: There is no such kind.
    """
    if kind is not None:
        schema = schema_of(kind)
    else:
        schema = _of_2020(CloudConfig.model_json_schema())
        schema["properties"] = {KIND: {"enum": [*project.kinds()], "title": "Stack"}, **schema["properties"]}
    found: dict[str, Any] = _partial(schema)
    return found


def given_by_defaults() -> tuple[str, ...]:
    """The outermost keys that the defaults of the repository's clouds give, in any folder."""
    directory = project.clouds_directory()
    documents = Defaults(directory).documents() if directory.is_dir() else ()
    return tuple({key: None for document in documents for key in document.data})


def _of_2020(schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _partial(schema: Any) -> Any:
    """A schema in which nothing is required, null removes a default, and what is incomplete fits several choices."""
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
