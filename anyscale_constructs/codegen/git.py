"""Reads files at a tag of a git repository; the checkout itself is never touched."""

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
        folder: The repository's folder, which may be bare.
        ref: The tag.
        commit: The tag's commit.
    """

    folder: Path
    ref: str
    commit: str

    @classmethod
    def at(cls, folder: Path, ref: str) -> "Checkout":
        """The repository in a folder, at a tag.

        Raises:
            CodegenError: The folder is no git checkout, or has no such tag.
        """
        if not folder.is_dir() or _git(folder, "rev-parse", "--git-dir").returncode:
            raise CodegenError(
                "--from must be a git checkout", value=str(folder), fix="clone the modules' repository there"
            )
        found = _git(folder, "rev-parse", "--verify", "--quiet", f"refs/tags/{ref}^{{commit}}")
        if found.returncode:
            tags = _git(folder, "tag", "--sort=-version:refname").stdout.split()
            raise CodegenError(
                "--ref must be a tag of the repository",
                value=ref,
                allowed=", ".join(tags[:_TAGS_SHOWN])
                + (f" or an older one of {len(tags)}" if tags[_TAGS_SHOWN:] else ""),
                fix=f"git -C {folder} fetch --tags, if the tag is new",
            )
        return cls(folder, ref, found.stdout.strip())

    def files(self, path: str, suffix: str) -> dict[str, str]:
        """The texts of a folder's own files with that suffix, by name.

        Raises:
            CodegenError: The folder isn't there at the tag.
        """
        listed = _git(self.folder, "ls-tree", "--full-tree", "--name-only", self.commit, f"{path}/").stdout.split("\n")
        names = [name for name in listed if name.endswith(suffix)]
        if not names:
            raise CodegenError(
                f"the repository holds no module in {path} at {self.ref}",
                fix="choose a later tag, or correct the path in codegen/modules.yaml",
            )
        return {Path(name).name: _git(self.folder, "show", f"{self.commit}:{name}").stdout for name in names}


@contextlib.contextmanager
def clone(repository: str) -> Iterator[Path]:
    """A clone of a repository on GitHub, for as long as it is needed.

    Args:
        repository: `owner/name`.

    Raises:
        CodegenError: It can't be cloned.
    """
    url = f"https://github.com/{repository}"
    with tempfile.TemporaryDirectory() as folder:
        cloned = _git(Path(folder), "clone", "--quiet", "--bare", url, "repository")
        if cloned.returncode:
            reason = cloned.stderr.strip().rpartition("\n")[2]
            raise CodegenError(f"{url} can't be cloned: {reason}", fix="give a checkout of it with --from")
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
        raise CodegenError(f"{arguments[-1]} isn't UTF-8", fix="report it to the module's authors") from None
    except FileNotFoundError:
        raise CodegenError("git isn't on PATH", fix="install git") from None
