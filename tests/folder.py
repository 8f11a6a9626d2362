"""A stack's folder, as Terraform reads it."""

import json
import re
from pathlib import Path
from typing import Any


def read(folder: Path) -> dict[str, Any]:
    """The Terraform of a stack: its JSON, and in its place there what versions.tf says, which is nothing else."""
    configuration: dict[str, Any] = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    versions = folder / "versions.tf"
    if versions.exists():
        assert "required_version" not in configuration["terraform"]
        said = re.fullmatch(r'terraform \{\n  required_version = "(.*)"\n\}\n', versions.read_text(encoding="utf-8"))
        assert said
        configuration["terraform"]["required_version"] = said[1]
    return configuration
