"""The shell scripts in the workflows that `init` writes, run as on GitHub: a change from the pull request to the apply.

bash, git, jq, pytest, this library's wheel, and Terraform for a stack without providers are real. gh, the anyscale
program, and Terraform for the operator stack are doubles.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.installed import workflow_doubles
from tests.repositories import S3, workflows
from tests.wheel import Environment

TOKENS = {"ANYSCALE_CLI_TOKEN": "sss_1234", "GH_TOKEN": "a", "TF_VAR_anyscale_cli_token": "sss_5678"}


class GitHub:
    """A repository with a `generic` cloud, its clones on runners, and the data that GitHub stores for it.

    Args:
        installed: The environment with the wheel.
        folder: An empty directory.
        terraform: The program.
    """

    def __init__(self, installed: Environment, folder: Path, terraform: str) -> None:
        self.installed, self.folder = installed, folder
        self.origin, self.store, self.bin = folder / "clouds", folder / "store", folder / "bin"
        for each in (self.store, self.bin):
            each.mkdir()
        self.keep("terraform", terraform)
        for name in ("gh", "anyscale", "terraform"):
            program = [sys.executable, workflow_doubles.__file__, str(self.store), name]
            self.program(name, f'exec {shlex.join(program)} "$@"')
        self.program("pytest", 'exec python -m pytest -p no:cacheprovider "$@"')
        end = installed.run(["anyscale-constructs", "init", str(self.origin), "--cloud", "generic", *S3], folder)
        assert end.returncode == 0, end.stderr
        self.edit("clouds/_defaults.yaml", "backend: .*", f"backend: {{type: local, path: {folder}/generic.tfstate}}")
        self.sh("pytest --snapshot-update && git init --quiet --initial-branch main", self.origin)
        self.commit("Start")

    def keep(self, name: str, value: Any) -> None:
        (self.store / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")

    def kept(self, name: str) -> Any:
        return json.loads((self.store / f"{name}.json").read_text(encoding="utf-8"))

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.origin / file
        text = path.read_text(encoding="utf-8")
        assert re.search(old, text)
        path.write_text(re.sub(old, new, text), encoding="utf-8")

    def sh(self, script: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Runs a script as GitHub does with the shell bash."""
        file = self.folder / "script.sh"
        file.write_text(script, encoding="utf-8")
        path = os.pathsep.join([str(self.bin), self.installed.variables["PATH"]])
        identity = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(file)]
        return self.installed.run(command, folder, {"PATH": path} | identity | variables)

    def git(self, command: str) -> str:
        end = self.sh(f"git {command}", self.origin)
        assert end.returncode == 0, end.stderr
        return end.stdout.strip()

    def commit(self, subject: str) -> str:
        self.git(f"add --all && git commit --quiet --message '{subject}'")
        return self.git("rev-parse HEAD")

    def open(self) -> str:
        """Opens a pull request that changes the bucket, and checks out its merge commit; returns its head."""
        self.git("checkout --quiet -b change")
        self.edit("clouds/generic.yaml", "s3://anyscale", "s3://anyscale-2")
        assert self.sh("pytest --snapshot-update", self.origin).returncode == 0
        head = self.commit("Use another bucket")
        self.git("checkout --quiet -b merge main && git merge --quiet --no-ff --no-edit change")
        return head

    def merge(self, head: str) -> None:
        """Squashes the pull request into main."""
        self.git("checkout --quiet main && git merge --quiet --squash change")
        commit = self.commit("Use another bucket (#1)")
        repository = {"full_name": "acme/clouds"}
        self.keep("pulls", {commit: [{"merged_at": "2026-11-26", "head": {"sha": head, "repo": repository}}]})

    def runner(self, name: str) -> "Runner":
        """Returns a runner with a fresh clone of what is checked out."""
        clone = self.folder / name
        self.git(f"clone --quiet {self.origin} {clone}")
        return Runner(self, clone)


class Runner:
    """The machine of a job.

    Args:
        github: The repository's GitHub.
        clone: The checked-out clone.
    """

    def __init__(self, github: GitHub, clone: Path) -> None:
        self.github, self.clone = github, clone
        self.steps = {
            (Path(file).stem, name, step.get("name", step.get("uses", ""))): step
            for file, content in workflows(github.origin).items()
            for name, job in content.get("jobs", {}).items()
            for step in job.get("steps", ())
        }

    def run(self, workflow: str, job: str, name: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Runs the script of a step with its environment on GitHub."""
        step = self.steps[workflow, job, name]
        given = {"GITHUB_REPOSITORY": "acme/clouds", "GITHUB_SHA": self.github.git("rev-parse HEAD")} | variables
        given |= {key: value for key, value in TOKENS.items() if key in step.get("env", {})}
        files = {key: str(self.clone / f".{key}") for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        return self.github.sh(step["run"], self.clone, **given, **files)

    def must(self, workflow: str, job: str, name: str, **variables: str) -> str:
        end = self.run(workflow, job, name, **variables)
        assert end.returncode == 0, end.stdout + end.stderr
        return end.stdout

    def outputs(self) -> dict[str, str]:
        lines = (self.clone / ".GITHUB_OUTPUT").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def upload(self, run: str, stack: str) -> None:
        """Stores the files that the step for uploading a plan lists."""
        (step,) = (step for key, step in self.steps.items() if key[0] == "plan" and "upload-artifact" in key[2])
        artifact = self.github.store / "artifacts" / run / f"plan-{stack}"
        artifact.mkdir(parents=True)
        for line in step["with"]["path"].replace("${{ inputs.stack }}", stack).splitlines():
            file = self.clone / line
            if file.is_dir():
                shutil.copytree(file, artifact / file.name)
            elif file.exists():
                shutil.copy(file, artifact)
        assert {"cdk.tf.json", "tfplan"} <= {file.name for file in artifact.iterdir()}

    def plan(self, stack: str, run: str) -> None:
        self.must("plan", "plan", "Synthesize")
        self.must("plan", "plan", "Plan", STACK=stack)
        self.must("plan", "plan", "Check the plan", STACK=stack)
        self.upload(run, stack)

    def find(self, **variables: str) -> dict[str, str]:
        self.must("apply", "find", "Find the plans", **{"BEFORE": "", "RUN": ""} | variables)
        return self.outputs()

    def get(self, stack: str, run: str) -> "subprocess.CompletedProcess[str]":
        self.must("apply", "apply", "Synthesize")
        return self.run("apply", "apply", "Get the plan", STACK=stack, RUN=run)

    def apply(self, stack: str, run: str) -> None:
        end = self.get(stack, run)
        assert end.returncode == 0, end.stdout + end.stderr
        for name in ("Apply", "Register"):
            self.must("apply", "apply", name, STACK=stack)


@pytest.fixture
def github(installed: Environment, tmp_path: Path, terraform: str) -> GitHub:
    return GitHub(installed, tmp_path, terraform)


def matrix(*stacks: str) -> str:
    return json.dumps({"include": [{"stack": stack} for stack in stacks]}, separators=(",", ":"))


def bucket(github: GitHub) -> Any:
    state = json.loads((github.folder / "generic.tfstate").read_text(encoding="utf-8"))
    return state["outputs"]["anyscale_cloud_resource"]["value"]["object_storage"]["bucket_name"]


def test_a_change_is_reviewed_in_one_comment(github: GitHub) -> None:
    github.open()
    runner = github.runner("runner")
    runner.must("pull-request", "review", "Review")
    runner.must("pull-request", "review", "Synthesize")
    runner.must("pull-request", "review", "Test")
    runner.must("pull-request", "review", "List the changed stacks")
    # The operator's stack does not hold the bucket, or waits for the cloud's.
    assert runner.outputs() == {"matrix": matrix("generic")}
    review = (runner.clone / "review.md").read_text(encoding="utf-8")
    assert "anyscale-2" in review
    assert (runner.clone / ".GITHUB_STEP_SUMMARY").read_text(encoding="utf-8") == review

    others = [{"id": 1, "user": {"login": "somebody"}, "body": review}]
    github.keep("comments", others)
    comment = ("pull-request", "comment", "Create or update the comment")
    runner.must(*comment, NUMBER="1")
    assert [each["body"] for each in github.kept("comments")] == [review, review]
    newer = review.replace("anyscale-2", "anyscale-3")
    (runner.clone / "review.md").write_text(newer, encoding="utf-8")
    runner.must(*comment, NUMBER="1")
    assert [each["body"] for each in github.kept("comments")] == [review, newer]


def test_a_merged_change_is_applied_by_its_plan_and_registered(github: GitHub) -> None:
    before = github.git("rev-parse HEAD")
    head = github.open()
    github.runner("planner").plan("generic", "41")
    github.keep("runs", [{"id": 41, "sha": head}])
    github.merge(head)
    found = github.runner("finder").find(BEFORE=before)
    assert {key: found[key] for key in ("run", "apply")} == {"run": "41", "apply": matrix("generic")}
    runner = github.runner("applier")
    runner.apply("generic", "41")
    assert bucket(github) == "s3://anyscale-2"
    assert github.kept("cloud")["name"] == "generic"

    # Now the operator's stack can be planned, which needed the ID; and applied, by the run that planned it.
    github.runner("operator-planner").plan("generic-operator", "42")
    assert github.runner("operator-finder").find(RUN="42") == {
        "run": "42",
        "apply": matrix("generic-operator"),
        "plan": matrix(),
    }
    github.runner("operator-applier").apply("generic-operator", "42")
    assert github.kept("generic-operator") == {"cloud_resource_id": "cldrsrc_1234abcd"}


def test_without_a_plan_stacks_are_planned_and_not_applied(github: GitHub) -> None:
    """This happens after a direct push, and after a pull request from a fork."""
    before = github.git("rev-parse HEAD")
    head = github.open()
    github.merge(head)
    assert github.runner("direct").find(BEFORE=before) == {"run": "", "apply": matrix(), "plan": matrix("generic")}
    github.keep("runs", [{"id": 41, "sha": head}])
    (github.store / "artifacts" / "41" / "plan-generic").mkdir(parents=True)
    pulls = github.kept("pulls")
    pulls[github.git("rev-parse HEAD")][0]["head"]["repo"]["full_name"] = "somebody/clouds"
    github.keep("pulls", pulls)
    assert github.runner("fork").find(BEFORE=before) == {"run": "", "apply": matrix(), "plan": matrix("generic")}


def test_fails_to_apply_a_plan_of_other_terraform(github: GitHub) -> None:
    head = github.open()
    github.runner("planner").plan("generic", "41")
    github.merge(head)
    github.edit("clouds/generic.yaml", "s3://anyscale-2", "s3://anyscale-4")
    github.commit("Use yet another one")
    end = github.runner("applier").get("generic", "41")
    assert end.returncode == 1
    assert "the plan of generic does not match the Terraform of main" in end.stdout


def test_fails_to_apply_a_plan_of_another_state(github: GitHub) -> None:
    head = github.open()
    github.runner("planner").plan("generic", "41")
    github.merge(head)
    github.runner("second-planner").plan("generic", "42")
    github.runner("applier").apply("generic", "42")
    late = github.runner("late")
    assert late.get("generic", "41").returncode == 0
    end = late.run("apply", "apply", "Apply", STACK="generic")
    assert end.returncode != 0
    assert "stale" in end.stderr
