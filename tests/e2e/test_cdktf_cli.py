"""The real CLI of CDKTF, from npm, with the wheel: `cdktf synth` writes the same bytes, and `cdktf deploy` works."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests import ROOT
from tests.e2e.account import emulated_account
from tests.e2e.clones import module_sources
from tests.e2e.control_plane import ControlPlane
from tests.e2e.examples import clouds
from tests.e2e.plugins import find_plugins
from tests.e2e.registering import Registering
from tests.e2e.terraform import Terraform, clean_environment
from tests.examples import CLOUDS
from tests.missing import find
from tests.unit.cli.parts import files
from tests.wheel import FILES, WAYS, Environment

CLI = "cdktf-cli@0.21.0"

Cdktf = Callable[..., str]


@pytest.fixture(scope="session")
def program() -> pathlib.Path:
    """The program, installed once next to the environment."""
    npm = find("npm", "install Node.js")
    folder = pathlib.Path(sys.prefix) / "cdktf-cli"
    program = folder / "node_modules" / ".bin" / "cdktf"
    with folder.with_name("cdktf-cli.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not program.exists():
            install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), CLI]
            subprocess.run(install, check=True, capture_output=True, timeout=600)
    return program


@pytest.fixture
def cdktf(program: pathlib.Path, installed: Environment) -> Cdktf:
    """Runs the program in a repository; returns its output."""

    def run(repository: pathlib.Path, *arguments: str, **variables: str) -> str:
        end = installed.run([str(program), *arguments], repository, variables)
        assert end.returncode == 0, end.stdout + end.stderr
        return end.stdout

    return run


@pytest.mark.parametrize("own_kind", [False, True])
def test_cdktf_synth_writes_identical_files(
    own_kind: bool, cdktf: Cdktf, installed: Environment, tmp_path: pathlib.Path
) -> None:
    names = [file.stem for file in CLOUDS]
    repository = installed.repository(tmp_path / "repository", names, own_kind=own_kind)
    cdktf(repository, "synth")
    theirs = files(repository / "cdktf.out")
    shutil.rmtree(repository / "cdktf.out")
    assert installed.run(WAYS["program"], repository).returncode == 0
    assert theirs == files(repository / "cdktf.out")
    assert len([name for name in theirs if name.endswith("cdk.tf.json")]) >= len(CLOUDS)
    assert (b"aws_vpc_endpoint" in theirs["stacks/minimal/cdk.tf.json"]) == own_kind


def test_cdktf_synth_works_in_this_repository(program: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "CHECKPOINT_DISABLE": "1", "CI": "1"}
    made = {}
    for way, command in (
        ("theirs", [str(program), "synth", "--output", str(tmp_path / "theirs")]),
        ("ours", [sys.executable, "-m", "stacks", "--out", str(tmp_path / "ours")]),
    ):
        end = subprocess.run(
            command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=1800
        )
        assert end.returncode == 0, end.stdout + end.stderr
        made[way] = files(tmp_path / way)
    assert made["theirs"] == made["ours"]


def test_cdktf_deploys_and_destroys_a_registered_cloud(
    cdktf: Cdktf, installed: Environment, anyscale_program: str, tmp_path: pathlib.Path
) -> None:
    plugins = find_plugins(tmp_path)
    (cloud,) = clouds(plugins, tmp_path, frozenset({"minimal"}))
    with emulated_account(cloud.region, tmp_path / "account.log") as account, ControlPlane() as plane:
        registering = Registering(cloud.name, tmp_path, account, plane)
        repository = tmp_path / "repository"
        # The example, adapted to this account.
        shutil.copytree(cloud.synth(account).parents[2] / "clouds", repository / "clouds")
        (repository / "cdktf.json").write_text(FILES["cdktf.json"], encoding="utf-8")
        assert installed.run(WAYS["program"], repository).returncode == 0
        stack = repository / "cdktf.out" / "stacks" / cloud.name
        environment = clean_environment(tmp_path, plugins, module_sources([stack]), account.endpoint)
        environment["PATH"] = installed.variables["PATH"]
        # Where Terraform has no lock file, the program asks the registry for one, which may be out of reach.
        Terraform(stack, environment).init()
        already = account.inventory()

        cdktf(repository, "deploy", cloud.name, "--auto-approve", "--outputs-file", "outputs.json", **environment)
        assert account.inventory() > already
        outputs = json.loads((repository / "outputs.json").read_text(encoding="utf-8"))
        assert "anyscale_cloud_resource" in outputs[cloud.name]

        def register() -> dict[str, str]:
            command = ["anyscale-constructs", "register", cloud.name, "--outputs", "outputs.json", "--json"]
            of_checkout = {"PATH", "HOME", "PYTHONPATH"}
            variables = {name: text for name, text in registering.environment.items() if name not in of_checkout}
            variables["ANYSCALE_BIN"] = anyscale_program
            end = installed.run(command, repository, variables)
            assert end.returncode == 0, end.stderr
            result: dict[str, str] = json.loads(end.stdout)
            return result

        first, again = register(), register()
        assert (first.pop("action"), again.pop("action")) == ("created", "unchanged")
        assert first == again

        assert "No changes." in cdktf(repository, "diff", cloud.name, **environment)
        cdktf(repository, "destroy", cloud.name, "--auto-approve", **environment)
        assert account.inventory() == already
