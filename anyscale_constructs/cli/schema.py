"""`anyscale-constructs schema`: the JSON Schema of a cloud's YAML, and of its defaults."""

import json
from typing import Annotated, Any

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.config.defaults import Defaults
from anyscale_constructs.config.document import KIND
from anyscale_constructs.config.model import MISSING_KEY
from anyscale_constructs.errors import ConfigError


def schema_of(kind: str, *, given: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON Schema of a kind of cloud: of its configuration, and of the key that says the kind.

    Args:
        kind: The kind.
        given: The outermost keys that defaults give: these are not required, nor is anything inside of others.

    Raises:
        ConfigError: There is no such kind.
    """
    schema: dict[str, Any] = project.load_stack(kind).config_type.model_json_schema()
    schema["properties"] = {KIND: {"const": kind, "title": "Stack", "type": "string"}, **schema["properties"]}
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
        from anyscale_constructs.terraform.config import CloudConfig  # noqa: PLC0415 - it starts no sooner than needed

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


def schema(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="A kind of cloud: aks, ec2, eks, gce, generic, gke, or one of your own. Default with --defaults: the "
            "keys that all kinds have."
        ),
    ] = None,
    *,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Print the schema of a _defaults.yaml, in which nothing is required.")
    ] = False,
) -> None:
    """Prints the JSON Schema of a kind of cloud, for editors and checks before a commit.

    Keys that a _defaults.yaml of the repository gives are not required.
    """
    if kind is None and not defaults:
        raise ConfigError("KIND is required", fix="name a kind of cloud, or add --defaults", rule=MISSING_KEY)
    found = schema_of_defaults(kind) if kind is None or defaults else schema_of(kind, given=given_by_defaults())
    print(json.dumps(found, indent=2))
