"""The real Terraform, on one configuration."""

import json
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Validate = Callable[[dict[str, Any]], subprocess.CompletedProcess[str]]


@pytest.fixture
def validate(terraform: str, tmp_path: pathlib.Path) -> Validate:
    def run(configuration: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        (tmp_path / "main.tf.json").write_text(json.dumps(configuration))
        init = [terraform, f"-chdir={tmp_path}", "init", "-backend=false", "-input=false", "-no-color"]
        initialised = subprocess.run(init, check=False, capture_output=True, text=True)
        if initialised.returncode:
            return initialised
        return subprocess.run(
            [terraform, f"-chdir={tmp_path}", "validate", "-no-color"],
            check=False,
            capture_output=True,
            text=True,
        )

    return run
