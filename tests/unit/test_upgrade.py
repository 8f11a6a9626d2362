"""Existing clouds keep their addresses, their outputs and their states; tests.e2e plans what it can apply."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT, before
from tests.missing import MissingPieceError

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

Stacks = dict[str, tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """The stacks of the old tree's YAML, by name: as the old library makes them, and as this one does."""
    work = tmp_path_factory.mktemp("upgrade")
    tree = before.extract(work / "tree")
    made = []
    for library in (tree, ROOT):
        out = work / library.name
        assert before.synthesize(library, tree / before.CLOUDS, out) == ""
        files = (out / "stacks").glob("*/cdk.tf.json")
        made.append({file.parent.name: json.loads(file.read_text(encoding="utf-8")) for file in files})
    old, new = made
    return {name: (old[name], new.get(name, {})) for name in old}


def names(stack: dict[str, Any]) -> set[str]:
    """The addresses of modules and resources, and the names of outputs."""
    resources = {f"{kind}.{name}" for kind, named in stack.get("resource", {}).items() for name in named}
    return resources | {f"module.{name}" for name in stack.get("module", {})} | set(stack.get("output", {}))


def gone(old: dict[str, Any], new: dict[str, Any], changelog: str = CHANGELOG) -> set[str]:
    """What an upgrade takes away and the changelog does not name."""
    return {name for name in names(old) - names(new) if not before.is_announced(name, changelog)}


def test_an_existing_cloud_keeps_its_resources(stacks: Stacks) -> None:
    kinds = {name.split("-")[0] for name in stacks}
    assert {"minimal", "eks", "gce", "gke", "aks", "generic"} <= kinds
    assert {name: lost for name, (old, new) in stacks.items() if (lost := gone(old, new))} == {}


def test_every_existing_cloud_keeps_its_state(stacks: Stacks) -> None:
    def state(stack: dict[str, Any]) -> list[Any]:
        return [stack["terraform"].get(kind) for kind in ("backend", "cloud")]

    assert {name: state(new) for name, (_, new) in stacks.items()} == {
        name: state(old) for name, (old, _) in stacks.items()
    }


def test_the_check_finds_a_fault(stacks: Stacks) -> None:
    for old, _ in stacks.values():
        for name in names(old):
            rest = copy.deepcopy(old)
            kind, _, label = name.rpartition(".")
            named = rest["output"] if not kind else rest["module"] if kind == "module" else rest["resource"][kind]
            del named[label]
            assert gone(old, rest, "") == {name}


@pytest.mark.parametrize(
    ("address", "announced"),
    [
        ("helm_release.gateway", True),
        ("module.vpc.aws_subnet.private[0]", True),
        ("module.vpc", True),
        ("module.vpc_firewall", False),
        ("module.s3.aws_s3_bucket.this[0]", True),
        ("module.s3.aws_s3_bucket_policy.this[0]", False),
        ("anyscale_efs_id", True),
        ("module.iam", False),
        ("module.eks", False),
    ],
)
def test_the_changelog_lists_what_an_upgrade_removes(address: str, announced: bool) -> None:
    changelog = (
        "## [Unreleased]\n\n### Changed\n\n- `module.eks`\n\n### Upgrading\n\n- `helm_release.gateway` and "
        "`module.vpc`\n  are replaced.\n- `module.s3.aws_s3_bucket.*`, `anyscale_efs_id`: gone.\n\n"
        "## [0.1.0]\n\n### Added\n\n- `module.iam`\n"
    )
    assert before.is_announced(address, changelog) == announced


def test_a_commit_that_is_not_in_the_history_is_a_missing_piece(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        run = subprocess.run(["git", *identity, *arguments], check=True, cwd=tmp_path, capture_output=True, text=True)
        return run.stdout.strip()

    git("init", "--quiet", "whole")
    (tmp_path / "whole" / "file").write_text("before")
    git("-C", "whole", "add", "file")
    git("-C", "whole", "commit", "--quiet", "--message", "One")
    commit = git("-C", "whole", "rev-parse", "HEAD")
    git("-C", "whole", "commit", "--quiet", "--allow-empty", "--message", "Two")
    git("clone", "--quiet", "--depth=1", (tmp_path / "whole").as_uri(), "shallow")

    assert (before.extract(tmp_path / "tree", commit, tmp_path / "whole") / "file").read_text() == "before"
    with pytest.raises(MissingPieceError, match="a shallow clone; git fetch --unshallow") as missing:
        before.extract(tmp_path / "tree", commit, tmp_path / "shallow")
    assert not missing.value.remote
    with pytest.raises(MissingPieceError, match="clone the repository with its history") as missing:
        before.extract(tmp_path / "tree", commit, tmp_path)
    assert missing.value.remote
