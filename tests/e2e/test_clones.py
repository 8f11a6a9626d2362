import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.clones import find_clone, git_configuration, module_sources
from tests.missing import MissingPieceError

REPOSITORY = "anyscale/modules"


def offline(_: str) -> bool:
    return False


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of clones with one repository, which has a commit with a tag."""
    clone = tmp_path / REPOSITORY
    identity = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com"]
    subprocess.run(["git", "init", "--quiet", clone], check=True)
    commit = ["commit", "--quiet", "--allow-empty", "--message", "first"]
    subprocess.run(["git", "-C", clone, *identity, *commit], check=True)
    subprocess.run(["git", "-C", clone, "tag", "v1"], check=True)
    return tmp_path


def test_repositories_and_refs_are_read_from_sources(tmp_path: Path) -> None:
    base = "git::https://github.com/anyscale/modules"
    modules = {
        "vpc": {"source": f"{base}.git//modules/vpc?ref=v1"},
        "s3": {"source": f"{base}//modules/s3?ref=v2"},
        "here": {"source": "./local"},
    }
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"module": modules}))

    assert module_sources([tmp_path]) == {REPOSITORY: {"v1", "v2"}}


@pytest.mark.parametrize("place", ["anyscale/modules", "anyscale/modules.git", "modules", "modules.git"])
def test_a_clone_is_found_in_each_layout(tmp_path: Path, place: str) -> None:
    (tmp_path / place / "objects").mkdir(parents=True)

    assert find_clone(tmp_path, REPOSITORY) == tmp_path / place


def test_a_clone_replaces_github(root: Path, tmp_path: Path) -> None:
    told = git_configuration({REPOSITORY: {"v1"}}, {"ANYSCALE_MODULES_DIR": str(root)}, online=offline)

    assert told
    configuration = tmp_path / "gitconfig"
    configuration.write_text(told)
    listed = subprocess.run(
        ["git", "ls-remote", "--tags", "https://github.com/anyscale/modules.git"],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GIT_CONFIG_GLOBAL": str(configuration),
            "GIT_ALLOW_PROTOCOL": "file",
        },
        check=True,
        capture_output=True,
        text=True,
    )
    assert listed.stdout.endswith("refs/tags/v1\n")


def test_github_is_used_when_it_can_be_reached() -> None:
    assert git_configuration({REPOSITORY: {"v1"}}, {}, online=lambda _: True) is None


def test_stacks_without_modules_need_no_clones() -> None:
    assert git_configuration({}, {}, online=offline) == ""


def test_fails_when_a_clone_lacks_a_ref(root: Path) -> None:
    with pytest.raises(MissingPieceError, match=r"v2 of anyscale/modules is missing.*fetch its tags"):
        git_configuration({REPOSITORY: {"v1", "v2"}}, {"ANYSCALE_MODULES_DIR": str(root)}, online=offline)


def test_fails_when_there_is_no_clone(tmp_path: Path) -> None:
    with pytest.raises(MissingPieceError, match=r"a clone of anyscale/modules .*clone it to"):
        git_configuration({REPOSITORY: {"v1"}}, {"ANYSCALE_MODULES_DIR": str(tmp_path)}, online=offline)


def test_fails_without_github_and_without_clones() -> None:
    with pytest.raises(MissingPieceError, match="name a folder of clones in ANYSCALE_MODULES_DIR"):
        git_configuration({REPOSITORY: {"v1"}}, {}, online=offline)
