"""`anyscale-constructs schema`: the JSON Schema of a cloud's YAML."""

import json
from typing import Annotated

import typer

from anyscale_constructs.cli import project


def schema(
    kind: Annotated[str, typer.Argument(help="A kind of cloud: aks, ec2, eks, gce, generic, gke, or one of your own.")],
) -> None:
    """Prints the JSON Schema of a kind of cloud, for editors and checks before a commit."""
    config = project.load_stack(kind).config_type
    print(
        json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema"} | config.model_json_schema(), indent=2)
    )
