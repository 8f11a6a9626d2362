"""A stack's directory, as Terraform reads it."""

import json
from pathlib import Path
from typing import Any

import hcl2


def read(folder: Path) -> dict[str, Any]:
    """Returns the Terraform of a stack: its JSON, with the contents of versions.tf."""
    configuration: dict[str, Any] = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    versions = folder / "versions.tf"
    if versions.exists():
        blocks = hcl2.loads(versions.read_text(encoding="utf-8"))
        for settings in blocks.pop("terraform", []):
            assert "required_version" not in configuration["terraform"]
            configuration["terraform"] |= _in_json(settings)
        assert not blocks.keys() & configuration.keys()
        configuration |= _in_json(blocks)
    return configuration


def _in_json(value: Any) -> Any:
    """Converts the result of hcl2 to Terraform's JSON: addresses without ${}, and a block as an object."""
    match value:
        case dict():
            return {
                key: _in_json(inner[0] if key == "lifecycle" else inner)
                for key, inner in value.items()
                if not key.startswith("__")
            }
        case list():
            return [_in_json(inner) for inner in value]
        case str():
            return json.loads(value) if value.startswith('"') else value.removeprefix("${").removesuffix("}")
    return value
