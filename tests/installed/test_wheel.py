"""With the wheel in an empty environment, clouds in YAML need no other code."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples import OF_KINDS
from tests.unit.cli.parts import files
from tests.wheel import WAYS, Environment

Synth = Callable[..., dict[str, bytes]]


@pytest.fixture
def synth(installed: Environment) -> Synth:
    """Synthesizes a repository in one of the ways; returns the output."""

    def run(repository: Path, way: str = "program", **variables: str) -> dict[str, bytes]:
        end = installed.run(WAYS[way], repository, variables)
        assert end.returncode == 0, end.stderr
        return files(repository / "cdktf.out")

    return run


def endpoints(made: dict[str, bytes]) -> list[str]:
    """Returns the endpoints that a custom kind adds to those of the package."""
    return list(json.loads(made["stacks/minimal/cdk.tf.json"])["resource"].get("aws_vpc_endpoint", {}))


def test_the_installed_wheel_is_used(installed: Environment, tmp_path: Path) -> None:
    code = (
        "import importlib.metadata as m, anyscale_constructs as p; print(p.__file__, m.files(p.__name__)[0].locate())"
    )
    module, distribution = installed.run(["python", "-c", code], tmp_path).stdout.split()
    assert Path(module).is_relative_to(installed.folder)
    assert Path(distribution).is_relative_to(installed.folder)


def test_each_kind_works_without_code(installed: Environment, synth: Synth, tmp_path: Path) -> None:
    repository = installed.repository(tmp_path / "repository", OF_KINDS.values())
    made = {way: synth(repository, way) for way in WAYS}
    assert made["program"] == made["module"]
    stacks = {name.split("/")[1] for name in made["program"] if name.endswith("cdk.tf.json")}
    kubernetes = {f"{name}-operator" for name in ("aks", "eks", "generic", "gke")}
    assert stacks == {"aks", "eks", "gce-minimal", "generic", "gke", "minimal", *kubernetes}
    assert sorted(file.name for file in repository.iterdir()) == ["cdktf.json", "cdktf.out", "clouds"]


@pytest.mark.parametrize("way", WAYS)
def test_an_own_kind_is_used(way: str, installed: Environment, synth: Synth, tmp_path: Path) -> None:
    repository = installed.repository(tmp_path / "repository", own_kind=True)
    assert endpoints(synth(repository, way)) == ["ssm"]


@pytest.mark.parametrize("way", WAYS)
def test_an_own_kind_in_another_directory_is_ignored(
    way: str, installed: Environment, synth: Synth, tmp_path: Path
) -> None:
    elsewhere = installed.repository(tmp_path / "elsewhere", own_kind=True)
    repository = installed.repository(tmp_path / "repository")
    assert endpoints(synth(repository, way, PYTHONPATH=str(elsewhere))) == []
    (elsewhere / "stacks" / "ec2.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    shutil.copytree(installed.repository(tmp_path / "own", own_kind=True) / "stacks", repository / "stacks")
    path = os.pathsep.join([str(elsewhere), str(repository)])
    assert endpoints(synth(repository, way, PYTHONPATH=path)) == ["ssm"]


def test_the_folder_of_a_deleted_cloud_is_removed(installed: Environment, synth: Synth, tmp_path: Path) -> None:
    repository = installed.repository(tmp_path / "repository", ["minimal", "eks"])
    before = synth(repository)
    (repository / "clouds" / "eks.yaml").unlink()
    assert before.keys() - synth(repository).keys() >= {
        f"stacks/{name}/cdk.tf.json" for name in ("eks", "eks-operator")
    }
    assert not [folder for folder in (repository / "cdktf.out" / "stacks").iterdir() if folder.name.startswith("eks")]


def test_a_program_that_imports_the_engine_first_runs_on_a_supported_node(
    installed: Environment, tmp_path: Path
) -> None:
    """It is not the one on PATH, and prints nothing."""
    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.write_text("#!/bin/sh\nexit 1\n")
    node.chmod(0o755)
    (tmp_path / "main.py").write_text("import cdktf\n\nfrom anyscale_constructs import App\n\nApp().synth()\n")
    path = os.pathsep.join([str(node.parent), installed.variables["PATH"]])
    done = installed.run(["python", "main.py"], tmp_path, {"PATH": path})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "cdktf.out" / "manifest.json").is_file()
