"""Reads files at a tag of a git repository, without changing its work tree."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from anyscale_constructs.errors import CodegenError

_TAGS_SHOWN = 5


@dataclass(frozen=True)
class Checkout:
    """A repository at a tag.

    Args:
        folder: The folder of the repository, which may be bare.
        ref: The tag.
        commit: The commit of the tag.
    """

    folder: Path
    ref: str
    commit: str

    @classmethod
    def at(cls, folder: Path, ref: str) -> "Checkout":
        """Returns the repository in a folder, at a tag.

        Raises:
            CodegenError: The folder is not a git repository, or has no such tag.
        """
        if not folder.is_dir() or _git(folder, "rev-parse", "--git-dir").returncode:
            raise CodegenError(
                "--from must be a git checkout", value=str(folder), fix="clone the repository of the modules there"
            )
        found = _git(folder, "rev-parse", "--verify", "--quiet", f"refs/tags/{ref}^{{commit}}")
        if found.returncode:
            tags = _git(folder, "tag", "--sort=-version:refname").stdout.split()
            raise CodegenError(
                "--ref must be a tag of the repository",
                value=ref,
                allowed=", ".join(tags[:_TAGS_SHOWN])
                + (f" or one of {len(tags) - _TAGS_SHOWN} older tags" if tags[_TAGS_SHOWN:] else ""),
                fix=f"choose one of these; if the tag is new, run git -C {folder} fetch --tags",
            )
        return cls(folder, ref, found.stdout.strip())

    def files(self, path: str, suffix: str) -> dict[str, str]:
        """Returns the texts of the files with a suffix in a folder, by name, without subfolders.

        Raises:
            CodegenError: The folder does not exist at the tag, or has no such files.
        """
        listed = _git(self.folder, "ls-tree", "--full-tree", "--name-only", self.commit, f"{path}/").stdout.split("\n")
        names = [name for name in listed if name.endswith(suffix)]
        if not names:
            raise CodegenError(
                f"the repository has no module in {path} at {self.ref}",
                fix="choose a later tag, or correct the path in codegen/modules.yaml",
            )
        return {Path(name).name: _git(self.folder, "show", f"{self.commit}:{name}").stdout for name in names}


@contextlib.contextmanager
def clone(repository: str) -> Iterator[Path]:
    """Clones a GitHub repository temporarily, for the duration of the block.

    Args:
        repository: The repository, as `owner/name`.

    Yields:
        The folder of the clone.

    Raises:
        CodegenError: The repository cannot be cloned.
    """
    url = f"https://github.com/{repository}"
    with tempfile.TemporaryDirectory() as folder:
        cloned = _git(Path(folder), "clone", "--quiet", "--bare", url, "repository")
        if cloned.returncode:
            reason = cloned.stderr.strip().rpartition("\n")[2]
            raise CodegenError(f"{url} cannot be cloned: {reason}", fix="pass the path of a checkout with --from")
        yield Path(folder) / "repository"


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            check=False,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except UnicodeDecodeError:
        raise CodegenError(f"{arguments[-1]} is not UTF-8", fix="report it to the authors of the module") from None
    except FileNotFoundError:
        raise CodegenError("git is not on PATH", fix="install git") from None
