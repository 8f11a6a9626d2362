"""The commit that created existing clouds: its tree, its synthesis, and the sections on upgrading in CHANGELOG.md."""

import io
import os
import re
import subprocess
import sys
import tarfile
from fnmatch import fnmatchcase
from pathlib import Path

from tests import ROOT
from tests.missing import MissingPieceError, find

COMMIT = "0b0b4fb6d7450f3b9e7ccedf51e24bf94880e9d7"
CLOUDS = Path("examples", "clouds")
# What users have to change before they upgrade, since it is refused now; the changelog says so.
_FIRST = {"everything.yaml": ("  num_shards: 2\n", "")}
_UPGRADING = re.compile(r"^### Upgrading\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def extract(folder: Path, commit: str = COMMIT, repository: Path = ROOT) -> Path:
    """Extracts the commit's files into a directory; returns the directory.

    Args:
        folder: The directory, which is created.
        commit: The commit.
        repository: The repository with its history.

    Raises:
        MissingPieceError: The history lacks the commit.
    """
    git = [find("git", "install git"), "-c", f"safe.directory={repository}", "-C", str(repository)]
    archived = subprocess.run([*git, "archive", commit], check=False, capture_output=True)
    if archived.returncode:
        shallow = [*git, "rev-parse", "--is-shallow-repository"]
        cut_off = subprocess.run(shallow, check=False, capture_output=True, text=True).stdout.strip() == "true"
        raise MissingPieceError(
            f"the commit {commit[:7]}, which existing clouds were made with,",
            [f"the history of {repository}" + (", a shallow clone" if cut_off else "")],
            "git fetch --unshallow" if cut_off else "clone the repository with its history",
            remote=not cut_off,
        )
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        archive.extractall(folder, filter="data")
    for name, (was, instead) in _FIRST.items():
        file = folder / CLOUDS / name
        if file.exists():
            file.write_text(file.read_text(encoding="utf-8").replace(was, instead), encoding="utf-8")
    return folder


def synthesize(tree: Path, clouds: Path, out: Path) -> str:
    """Synthesizes a directory of clouds with the library in a tree, in a separate process.

    Args:
        tree: The library's checkout: this one, or an extracted one.
        clouds: The YAML files.
        out: The directory for the Terraform JSON.

    Returns:
        The error, if any.
    """
    command = [sys.executable, "-m", "stacks", "--clouds", str(clouds), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    run = subprocess.run(command, check=False, cwd=tree, env=environment, capture_output=True, text=True)
    return run.stderr if run.returncode else ""


def is_announced(address: str, changelog: str) -> bool:
    """Returns whether the changelog's sections "Upgrading" list an address, or an output, in backticks.

    They may also list its module or resource, and `*` matches anything.
    """
    named = [name for section in _UPGRADING.findall(changelog) for name in re.findall(r"`([^`]+)`", section)]
    return any(
        address == name or address.startswith((f"{name}.", f"{name}[")) or fnmatchcase(address, name) for name in named
    )
