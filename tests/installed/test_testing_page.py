"""What docs/how-to/testing.md shows runs, in a repository of its own, with the wheel installed."""

import re
from pathlib import Path

import pytest

from anyscale_constructs import testing
from tests import ROOT
from tests.unit.review.repository import git
from tests.wheel import FILES, Environment, blocks

PAGE = (ROOT / "docs" / "how-to" / "testing.md").read_text(encoding="utf-8")
BLOCKS = blocks(PAGE)
CLOUD = next(block.text for block in BLOCKS if block.language == "yaml")
# Without Terraform, so that nothing is fetched.
PYTEST = ["env", "TERRAFORM_BINARY_NAME=none", "python", "-m", "pytest", "-W", "error", "-W", "ignore:an offline plan"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the page's cloud and tests."""
    shown = {block.file: block.text for block in BLOCKS if block.file}
    for name, text in {"cdktf.json": FILES["cdktf.json"], "clouds/prod.yaml": CLOUD, **shown}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
    return tmp_path


def test_the_page_can_be_followed(installed: Environment, repository: Path) -> None:
    commands = [block.text.split() for block in BLOCKS if block.language == "sh"][1:]
    assert commands == [["pytest", "--snapshot-update"], ["pytest"]]
    first = installed.run([*PYTEST, "-k", "terraform"], repository)
    assert "does not exist!" in first.stdout
    for _, *options in commands:
        end = installed.run([*PYTEST, *options], repository)
        assert end.returncode == 0, end.stdout + end.stderr
        assert "8 passed" in end.stdout
    assert [str(file.relative_to(repository)) for file in repository.rglob("*.json") if "snap" in str(file)] == [
        "tests/__snapshots__/test_clouds/test_terraform[prod].json"
    ]


def test_failures_are_those_that_it_shows(installed: Environment, repository: Path) -> None:
    installed.run([*PYTEST, "--snapshot-update"], repository)
    changed = CLOUD.replace("10.0.0.0/16", "10.0.0.0/19").replace("Team:", "team:")
    (repository / "clouds" / "prod.yaml").write_text(changed, encoding="utf-8")
    end = installed.run(PYTEST, repository)
    assert "3 failed, 5 passed" in end.stdout
    shown = [block.text for block in BLOCKS if block.language == "text"]
    assert len(shown) == 2
    for text in shown:
        assert text in end.stdout


def test_it_names_all_there_is() -> None:
    """Each name that tests import, and each of the fixtures."""
    named = set(re.findall(r"`(\w+)[`(]", PAGE))
    types = {"CloudSnapshotExtension", "Clouds", "ModuleCall", "SynthesizedCloud", "SynthesizedStack"}
    assert {*testing.__all__} - types | {"cloud", "clouds", "stack", "cloud_snapshot"} <= named
