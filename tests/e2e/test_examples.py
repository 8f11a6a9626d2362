import shutil
from pathlib import Path

import pytest

from tests.before import CLOUDS
from tests.e2e.examples import clouds
from tests.e2e.plugins import Plugins
from tests.examples import FOLDER

NAMES = frozenset({"minimal", "eks", "everything"})


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A tree with one unchanged example, one that has changed since, and without newer ones."""
    folder = tmp_path / CLOUDS
    folder.mkdir(parents=True)
    shutil.copy(FOLDER / "minimal.yaml", folder)
    (folder / "eks.yaml").write_text(f"{(FOLDER / 'eks.yaml').read_text()}\ntags: {{old: thing}}\n")
    return tmp_path


def stages(plugins: Plugins, work: Path, release: Path | None) -> dict[str, tuple[bool, bool]]:
    """Returns whether each cloud already exists, and whether its own YAML is upgraded first."""
    found = clouds(plugins, work, NAMES, release)
    return {cloud.name: (cloud.before is not None, cloud.upgraded is not None) for cloud in found}


def test_clouds_of_the_earlier_commit_exist(release: Path, tmp_path: Path) -> None:
    plugins = Plugins("", {}, (), online=False)
    assert stages(plugins, tmp_path, release) == {
        "minimal": (True, False),
        "eks": (True, True),
        "everything": (False, False),
    }
    assert set(stages(plugins, tmp_path, None).values()) == {(False, False)}
