"""`anyscale-constructs schema`: the JSON Schema of a cloud's YAML."""

import json
from typing import Annotated, Any

import typer

from anyscale_constructs.cli import project
from anyscale_constructs.config.document import KIND


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of cloud: of its configuration, and of the key that says the kind.

    Raises:
        ConfigError: There is no such kind.
    """
    schema: dict[str, Any] = project.load_stack(kind).config_type.model_json_schema()
    schema["properties"] = {KIND: {"const": kind, "title": "Stack", "type": "string"}, **schema["properties"]}
    schema["required"] = [KIND, *schema.get("required", ())]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def schema(
    kind: Annotated[str, typer.Argument(help="A kind of cloud: aks, ec2, eks, gce, generic, gke, or one of your own.")],
) -> None:
    """Prints the JSON Schema of a kind of cloud, for editors and checks before a commit."""
    print(json.dumps(schema_of(kind), indent=2))
