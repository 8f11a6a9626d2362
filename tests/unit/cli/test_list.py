"""`anyscale-constructs list` and `synth --changed-since`: the stacks, and those that differ from a revision."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from anyscale_constructs.clouds import KINDS
from tests.examples import FOLDER, OF_KINDS
from tests.unit.cli.parts import CLOUD, GOOGLE, KUBERNETES, Run, write

Commit = Callable[[], None]


@pytest.fixture
def commit(folder: Path) -> Commit:
    """Commits all files in the directory, and cdktf.json the first time."""
    (folder / "cdktf.json").write_text("{}")
    (folder / ".gitignore").write_text("cdktf.out/\n")

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "--quiet")

    def commit() -> None:
        git("add", "--all")
        git("commit", "--quiet", "--message", "clouds")

    return commit


def entries(run: Run, *arguments: str) -> list[dict[str, object]]:
    status, out, err = run("--json", *arguments, command="list")
    assert (status, err) == (0, "")
    (line,) = out.splitlines()
    matrix: dict[str, list[dict[str, object]]] = json.loads(line)
    assert list(matrix) == ["include"]
    return matrix["include"]


def stacks(run: Run, *arguments: str) -> list[object]:
    return [entry["stack"] for entry in entries(run, *arguments)]


def test_it_lists_the_stacks_of_every_kind(run: Run, folder: Path) -> None:
    for kind, example in OF_KINDS.items():
        write(folder, **{kind: (FOLDER / f"{example}.yaml").read_text(encoding="utf-8")})
    found = {entry["stack"]: entry for entry in entries(run)}
    assert {entry["kind"] for entry in found.values()} == set(KINDS)
    providers = {"aks": "AZURE", "ec2": "AWS", "eks": "AWS", "gce": "GCP", "generic": "GENERIC", "gke": "GCP"}
    for kind, provider in providers.items():
        first = {"stack": kind, "cloud": kind, "kind": kind, "provider": provider, "depends": []}
        assert found.pop(kind) == first | {"folder": f"cdktf.out/stacks/{kind}"}
        if kind not in {"ec2", "gce"}:
            name = f"{kind}-operator"
            second = {"stack": name, "depends": [kind], "folder": f"cdktf.out/stacks/{name}"}
            assert found.pop(name) == first | second
    assert not found
    assert not (folder / "cdktf.out").exists()


def test_the_default_format_is_a_table(run: Run, folder: Path) -> None:
    write(folder, prod=KUBERNETES)
    table = (
        "STACK          CLOUD  KIND  PROVIDER  DEPENDS\n"
        "prod           prod   eks   AWS       -\n"
        "prod-operator  prod   eks   AWS       prod\n"
    )
    assert run(command="list") == (0, table, "")


@pytest.mark.parametrize(
    "text",
    [
        CLOUD,
        "# a comment\n" + CLOUD,
        "\n".join(reversed(CLOUD.splitlines())) + "\n",
        CLOUD + "networking_mode: PUBLIC\n",
    ],
    ids=["nothing", "comment", "order", "default"],
)
def test_a_stack_with_the_same_terraform_is_unchanged(text: str, run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD)
    commit()
    write(folder, prod=text)
    assert stacks(run, "--changed-since", "HEAD") == []
    assert run("--changed-since", "HEAD", command="list") == (0, "no stack differs from HEAD\n", "")
    assert run("--changed-since", "HEAD") == (0, "no cloud differs from HEAD\n", "")
    nothing: dict[str, list[object]] = {"findings": [], "allowed": [], "stacks": []}
    assert json.loads(run("--changed-since", "HEAD", "--format", "json")[1]) == nothing
    assert not (folder / "cdktf.out").exists()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("clouds/prod.yaml", CLOUD.replace("10.0.0.0/8", "10.1.0.0/16")),
        ("clouds/prod.yaml", CLOUD + "backend: {type: local, path: prod.tfstate}\n"),
        ("locks/prod.lock.hcl", "# another lock\n"),
    ],
    ids=["input", "backend", "lock"],
)
def test_a_stack_with_changed_files_is_listed(file: str, text: str, run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD, other=CLOUD)
    commit()
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(text)
    assert stacks(run, "--changed-since", "HEAD") == ["prod"]
    assert run("--changed-since", "HEAD")[0] == 0
    assert [stack.name for stack in (folder / "cdktf.out" / "stacks").iterdir()] == ["prod"]


def test_a_change_of_an_own_kind_changes_its_clouds(run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD, other=GOOGLE)
    commit()
    assert run("ec2", command="new")[0] == 0
    own = folder / "stacks" / "ec2.py"
    own.write_text(
        own.read_text()
        + "\n    def compose(self) -> None:\n        super().compose()\n        self.add_local('a', 1)\n"
    )
    assert stacks(run, "--changed-since", "HEAD") == ["prod"]


def test_a_new_cloud_is_listed_and_a_deleted_one_is_not(run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD, old=CLOUD)
    commit()
    (folder / "clouds" / "old.yaml").unlink()
    write(folder, new=CLOUD)
    assert stacks(run, "--changed-since", "HEAD") == ["new"]


def test_only_listed_stacks_are_dependencies(run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=KUBERNETES)
    commit()
    write(folder, prod=KUBERNETES.replace("203.0.113.0/24", "198.51.100.0/24"))
    (operator,) = entries(run, "--changed-since", "HEAD")
    assert (operator["stack"], operator["depends"]) == ("prod-operator", [])


def test_named_clouds_limit_what_is_synthesized(run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD, other=CLOUD)
    commit()
    other = CLOUD.replace("10.0.0.0/8", "192.0.2.0/24")
    write(folder, prod=other, other=other)
    assert run("other", "--changed-since", "HEAD")[0] == 0
    assert [stack.name for stack in (folder / "cdktf.out" / "stacks").iterdir()] == ["other"]


def test_fails_on_an_unknown_revision(run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD)
    commit()
    status, out, err = run("--changed-since", "nothing", command="list")
    assert (status, out) == (2, "")
    assert err.startswith("error: the revision does not exist; got 'nothing'")


def test_fails_with_clouds_that_are_elsewhere(run: Run, folder: Path, commit: Commit) -> None:
    write(folder, prod=CLOUD)
    commit()
    says = "error: --changed-since compares the clouds in context.clouds of cdktf.json. Fix: remove --clouds\n"
    assert run("--changed-since", "HEAD", "--clouds", "clouds") == (2, "", says)
