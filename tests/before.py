"""The commit that existing clouds were made with: its tree, its synthesis, and what CHANGELOG.md says of upgrading."""

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
    """Puts the commit's files into a folder; gives the folder.

    Args:
        folder: The folder, which is made.
        commit: The commit.
        repository: Where its history is.

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
    """Synthesizes a directory of clouds with the library in a tree, in a process of its own.

    Args:
        tree: The library's checkout: this one, or an extracted one.
        clouds: The YAML files.
        out: Where the Terraform JSON goes.

    Returns:
        What went wrong, if anything.
    """
    command = [sys.executable, "-m", "stacks", "--clouds", str(clouds), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    run = subprocess.run(command, check=False, cwd=tree, env=environment, capture_output=True, text=True)
    return run.stderr if run.returncode else ""


def is_announced(address: str, changelog: str) -> bool:
    """Whether the changelog's sections "Upgrading" name an address, or an output, in backticks.

    They may name the module or the resource that it belongs to, and `*` stands for anything.
    """
    named = [name for section in _UPGRADING.findall(changelog) for name in re.findall(r"`([^`]+)`", section)]
    return any(
        address == name or address.startswith((f"{name}.", f"{name}[")) or fnmatchcase(address, name) for name in named
    )
