"""The source of the upstream modules: github.com, or local clones through git's `insteadOf`."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.e2e.registry import registry_modules
from tests.missing import MissingPieceError, reachable

_SOURCE = re.compile(r"git::https://github\.com/(?P<org>[^/]+)/(?P<name>[^/?]+?)(\.git)?(//[^?]*)?\?ref=(?P<ref>.+)")


def module_sources(folders: Iterable[Path]) -> dict[str, set[str]]:
    """The repositories of the stacks' modules, with the refs that they use."""
    refs: dict[str, set[str]] = {}
    for folder in folders:
        document = json.loads((folder / "cdk.tf.json").read_text())
        for module in document.get("module", {}).values():
            if match := _SOURCE.fullmatch(module["source"]):
                refs.setdefault(f"{match['org']}/{match['name']}", set()).add(match["ref"])
        for called in registry_modules(folder):
            refs.setdefault(called.repository, set()).add(called.ref)
    return refs


def find_clone(root: Path, repository: str) -> Path | None:
    """The clone of `org/name` below root: `org/name`, `org/name.git`, `name` or `name.git`."""
    name = repository.split("/")[1]
    candidates = [root / f"{stem}{suffix}" for stem in (repository, name) for suffix in ("", ".git")]
    return next((path for path in candidates if (path / ".git").exists() or (path / "objects").exists()), None)


def git_configuration(
    refs: Mapping[str, Iterable[str]],
    environment: Mapping[str, str] = os.environ,
    *,
    online: Callable[[str], bool] = reachable,
) -> str | None:
    """Returns the git configuration that replaces github.com by clones; empty if github.com is used.

    Args:
        refs: The refs needed of each repository, by `org/name`.
        environment: The environment, in which `ANYSCALE_MODULES_DIR` may name a directory of clones.
        online: Returns whether a host can be reached.

    Raises:
        MissingPieceError: A repository or a ref is not available.
    """
    if not refs:
        return ""
    named = environment.get("ANYSCALE_MODULES_DIR")
    if not named:
        if online("github.com"):
            return None
        raise MissingPieceError(
            f"a clone of {' and '.join(sorted(refs))}",
            ["https://github.com"],
            "name a folder of clones in ANYSCALE_MODULES_DIR",
            remote=True,
        )
    root = Path(named).absolute()
    return "".join(_rewrite(root, repository, wanted) for repository, wanted in sorted(refs.items()))


def _rewrite(root: Path, repository: str, refs: Iterable[str]) -> str:
    clone = find_clone(root, repository)
    if clone is None:
        raise MissingPieceError(
            f"a clone of {repository}", [f"ANYSCALE_MODULES_DIR={root}"], f"clone it to {root / repository}"
        )
    safe = ["-c", f"safe.directory={clone}"]
    for ref in sorted(refs):
        known = ["git", *safe, "-C", str(clone), "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}"]
        if subprocess.run(known, check=False, capture_output=True).returncode:
            raise MissingPieceError(f"{ref} of {repository}", [str(clone)], "fetch its tags")
    return (
        f'[url "{clone.as_uri()}"]\n'
        f"\tinsteadOf = https://github.com/{repository}.git\n"
        f"\tinsteadOf = https://github.com/{repository}\n"
        f'[safe]\n\tdirectory = "{clone}"\n\tdirectory = "{clone / ".git"}"\n'
    )
