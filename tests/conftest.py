"""Fixtures for all tests."""

import os
import pathlib
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from anyscale_constructs.engine.choice import NATIVE, VARIABLE
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from tests import ENGINE, NEEDS_NODE, ROOT, spelled, wheel
from tests.folder import read
from tests.missing import MissingPieceError, find_terraform, strict
from tests.preloaded import preloaded

pytest_plugins = ["anyscale_constructs.testing", "pytester"]

# A loaded machine is no failure, and CI tries the same cases each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names a test by an expression's code, which is the same in every process, unlike its placeholder."""
    return spelled(val) if isinstance(val, str) and spelled(val) != str.__str__(val) else None


_WITHOUT_NODE = f"Tests that need Node.js are deselected; run them with {VARIABLE}=cdktf"


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Does not import files of tests that need Node.js, even if the command line names them."""
    if ENGINE != NATIVE or not any(module_path.is_relative_to(ROOT / "tests" / name) for name in NEEDS_NODE):
        return None
    module = pytest.Module.from_parent(parent, path=module_path)
    tests = re.findall(r"(?m)^def (test_\w+)", module_path.read_text(encoding="utf-8"))
    module.obj = SimpleNamespace(**dict.fromkeys(tests, lambda: pytest.skip(_WITHOUT_NODE)))
    module.add_marker("node")
    return module


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects tests that need Node.js if the engine needs none: `make test` runs them on cdktf."""
    if ENGINE == NATIVE:
        left = [item for item in items if item.get_closest_marker("node")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_report_collectionfinish(items: list[pytest.Item]) -> list[str]:
    """Says how to run the deselected tests if no others are left."""
    return [] if items or ENGINE != NATIVE else [_WITHOUT_NODE]


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except MissingPieceError as error:
        if strict() and not error.remote:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        raise pytest.skip.Exception(str(error)) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    """Skips a test if a part is missing on this machine, and says which; if the part is required, the test fails."""
    with _named():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    with _named():
        yield


@pytest.fixture(scope="session")
def terraform() -> str:
    return find_terraform()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wheel.Environment]:
    """An environment with the package's wheel, whose program is preloaded, and an empty home directory."""
    made = wheel.install(tmp_path_factory.mktemp("wheel"))
    with preloaded(str(made.folder / "bin" / "anyscale-constructs"), *wheel.MODULES) as program:
        yield made._replace(programs=Path(program).parent)


@pytest.fixture
def synth(tmp_path: pathlib.Path) -> Callable[[Callable[[App], CloudStack]], dict[str, Any]]:
    """Synthesizes one stack and returns its Terraform."""

    def run(build: Callable[[App], CloudStack]) -> dict[str, Any]:
        app = App(tmp_path)
        stack = build(app)
        app.synth()
        return read(tmp_path / "stacks" / stack.name)

    return run


@pytest.fixture
def stack(tmp_path: pathlib.Path) -> CloudStack:
    """An empty stack."""
    return CloudStack(App(tmp_path), "test")
