import json
import os
import pathlib

import pytest

from tests.unit.cli.parts import Run
from tests.unit.review.repository import CLOUD, FOLDER, commit, git, repository

WIDER = CLOUD.replace("10.0.0.0/19", "10.0.0.0/18").replace("203.0.113.0/24", "203.0.113.0/24, 198.51.100.0/24")


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A repository whose working tree differs from its main branch."""
    root = tmp_path / "repository"
    here = repository(root)
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    (root / FOLDER / "prod.yaml").write_text(WIDER)
    monkeypatch.chdir(here)
    return here


def test_compares_the_work_tree_with_the_merge_base(folder: pathlib.Path, run: Run) -> None:
    status, out, err = run("--plan", "none", command="review")
    assert (status, err) == (0, "")
    assert out.startswith(f"{git(folder, 'rev-parse', 'HEAD')[:7]} -> work tree, without a plan\n\nprod\n")


@pytest.mark.parametrize(
    ("parts", "allowed", "status"),
    [
        ("", "", 0),
        ("destroy", "", 3),
        ("widen", "", 3),
        ("destroy,widen", "allow: {widened-ingress: an office}\n", 3),
        ("destroy,widen", "allow: {widened-ingress: an office, replaced-resource: it is empty}\n", 0),
        ("widen", "allow: {widened-ingress: an office}\n", 0),
    ],
)
def test_fails_on_what_is_not_allowed(parts: str, allowed: str, status: int, folder: pathlib.Path, run: Run) -> None:
    (folder / "clouds" / "prod.yaml").write_text(WIDER + allowed)
    ended, out, _ = run("--plan", "none", "--format", "json", "--fail-on", parts, command="review")
    assert ended == status
    assert bool(json.loads(out)["allowed"]) is bool(allowed)


@pytest.mark.usefixtures("folder")
def test_refuses_other_parts(run: Run) -> None:
    status, _, err = run("--fail-on", "everything", command="review")
    assert status == 2
    assert "expected destroy, widen, or destroy,widen" in err


def test_two_equal_revisions(folder: pathlib.Path, run: Run) -> None:
    commit(folder.parent, {"README.md": "Ours"})
    status, out, _ = run("HEAD", "HEAD", "--plan", "none", command="review")
    assert (status, out.splitlines()[-1]) == (0, "Nothing changes.")


@pytest.mark.usefixtures("folder")
def test_without_terraform_it_says_so_and_uses_rules(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(_which("git"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    status, out, _ = run(command="review")
    assert status == 0
    assert "without a plan" in out.splitlines()[0]
    assert "note[offline-plan-missing]" in out
    status, _, err = run("--plan", "offline", command="review")
    assert status == 2
    assert "use --plan none" in err


@pytest.mark.usefixtures("folder")
def test_a_plan_in_a_file_is_that_of_the_stack_that_differs(run: Run, tmp_path: pathlib.Path) -> None:
    change = {
        "actions": ["delete", "create"],
        "before": {"cidr_block": "10.0.0.0/19"},
        "after": {"cidr_block": "10.0.0.0/18"},
        "replace_paths": [["cidr_block"]],
    }
    address = "module.vpc.aws_vpc.anyscale_vpc[0]"
    changes = [{"address": address, "type": "aws_vpc", "mode": "managed", "change": change}]
    plan = {"format_version": "1.2", "planned_values": {}, "resource_changes": changes}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    status, out, err = run("--plan", str(tmp_path / "plan.json"), command="review")
    assert (status, err) == (0, "")
    assert f"{address} is replaced" in out


def _which(program: str) -> pathlib.Path:
    found = (pathlib.Path(folder, program) for folder in os.environ["PATH"].split(os.pathsep))
    return next(path for path in found if path.exists())
