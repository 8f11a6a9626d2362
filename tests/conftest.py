"""Fixtures for all tests."""

import json
import os
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from anyscale_constructs.core.app import App
from anyscale_constructs.core.expressions import Expr
from anyscale_constructs.core.stack import CloudStack

# A loaded machine is no failure, and CI tries the same cases each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a test by an expression's code; pytest would count its letters."""
    return str.__str__(val) if isinstance(val, Expr) else None


def require(program: str) -> str:
    """The path of a program; without it the test skips and says so, and in CI it fails."""
    path = shutil.which(program)
    if path is None:
        text = f"{program} is not on PATH"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return path


@pytest.fixture(scope="session")
def terraform() -> str:
    return require("terraform")


@pytest.fixture
def synth(tmp_path: pathlib.Path) -> Callable[[Callable[[App], CloudStack]], dict[str, Any]]:
    """Synthesizes one stack and gives its Terraform JSON."""

    def run(build: Callable[[App], CloudStack]) -> dict[str, Any]:
        app = App(tmp_path)
        stack = build(app)
        app.synth()
        loaded: dict[str, Any] = json.loads((tmp_path / "stacks" / stack.name / "cdk.tf.json").read_text())
        return loaded

    return run


@pytest.fixture
def stack(tmp_path: pathlib.Path) -> CloudStack:
    """An empty stack."""
    return CloudStack(App(tmp_path), "test")
