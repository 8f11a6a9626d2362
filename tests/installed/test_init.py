"""A repository that the wheel's `init` writes works immediately, without edits."""

import shutil
import subprocess
from pathlib import Path

import pytest

from anyscale_constructs.clouds import KINDS
from tests.repositories import STATES
from tests.wheel import Environment

COMPARED = ("ec2", "eks")
"""The kinds whose repository is also compared with a commit: a cloud with one stack, and one with two."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_repository_works_immediately(kind: str, installed: Environment, tmp_path: Path) -> None:
    repository = tmp_path / "acme-clouds"

    def run(*command: str) -> "subprocess.CompletedProcess[str]":
        end = installed.run(command, repository)
        assert end.returncode == 0, f"{command}: {end.stdout}{end.stderr}"
        return end

    end = installed.run(["anyscale-constructs", "init", str(repository), "--cloud", kind, *STATES[kind]], tmp_path)
    assert (end.returncode, end.stderr) == (0, "")
    assert "Not written" not in end.stdout
    stacks = {kind} if kind in {"ec2", "gce"} else {kind, f"{kind}-operator"}
    run("anyscale-constructs", "synth", "--strict")
    assert {folder.name for folder in (repository / "cdktf.out" / "stacks").iterdir()} == stacks
    assert f"{2 * len(stacks)} passed" in run("python", "-m", "pytest", "-p", "no:cacheprovider").stdout
    if kind not in COMPARED:
        return
    shutil.rmtree(repository / "cdktf.out")
    for command in ("init --quiet --initial-branch main", "add --all", "commit --quiet --message Start"):
        run("git", "-c", "user.name=a", "-c", "user.email=a@example.com", *command.split())
    assert not run("git", "status", "--porcelain", "--ignored").stdout.replace("!! tests/__pycache__/\n", "")
    assert run("anyscale-constructs", "review", "HEAD", "--format", "markdown").stdout.startswith("<!-- ")
    assert "no stack differs" in run("anyscale-constructs", "list", "--changed-since", "HEAD").stdout
