"""Synthesizes Kubernetes clouds from their keys, for the tests of each kind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from tests.folder import read

Make = Callable[..., list[dict[str, Any]]]
"""Synthesizes a cloud from its keys; returns the JSON of both stacks."""


def maker(kind: type[CloudStack], config: Callable[..., Any], folder: Path) -> Make:
    """Returns a function that synthesizes clouds of a kind.

    Args:
        kind: Their first stack.
        config: Makes a configuration of keys.
        folder: Where the JSON goes.
    """

    def make(**keys: Any) -> list[dict[str, Any]]:
        app = App(folder)
        stacks = kind.build(app, "ml", config(**keys))
        app.synth()
        assert [stack.name for stack in stacks] == ["ml", "ml-operator"]
        return [read(folder / "stacks" / stack.name) for stack in stacks]

    return make


def values(stack: dict[str, Any], release: str) -> dict[str, Any]:
    """Returns the values of a release."""
    found: dict[str, Any] = json.loads(stack["resource"]["helm_release"][release]["values"][0])
    return found
