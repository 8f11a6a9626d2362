"""Every example cloud as a snapshot: what a reviewer should see change."""

import pathlib
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.examples import CLOUDS, synthesized


def normalised(configuration: dict[str, Any]) -> dict[str, Any]:
    """Terraform's meaning without the engine's notes."""
    modules = {
        name: {k: v for k, v in call.items() if k != "//"} for name, call in configuration.get("module", {}).items()
    }
    return {**{k: v for k, v in configuration.items() if k != "//"}, "module": modules}


@pytest.mark.parametrize("example", CLOUDS, ids=lambda file: file.stem)
def test_example(example: pathlib.Path, tmp_path: pathlib.Path, snapshot: SnapshotAssertion) -> None:
    for configuration, stack in synthesized(example, tmp_path):
        assert normalised(configuration) == snapshot(name=stack.name, extension_class=JSONSnapshotExtension), (
            "the Terraform of an example changed: to accept it, run: make snapshots"
        )
