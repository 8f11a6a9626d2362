"""The two sides of a review: each is a git revision, the working tree, or an output directory of synthesis."""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyscale_constructs
from anyscale_constructs import __version__
from anyscale_constructs.errors import ConstraintError, ConstructsError, ReviewError
from anyscale_constructs.findings import NOT_GIVEN, Finding, Place, Rule, clean
from anyscale_constructs.review.environment import without_credentials
from anyscale_constructs.terraform.allowances import Allowance, every_rule
from anyscale_constructs.terraform.constraints import Constraint
from anyscale_constructs.terraform.synthesized import read_synthesized

OTHER_VERSION = Rule(
    "other-version",
    "note",
    "Both sides are synthesized with the installed version, which may not be the version that a revision requires.",
    command="review",
)

_NAME = "anyscale-constructs"
_PROJECT = "cdktf.json"
_REQUIREMENT = re.compile(rf"^\s*{_NAME}\s*(?:\[[\w\s,-]*\])?\s*([=<>!~][^;#\\]*)", re.MULTILINE | re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT = 7


@dataclass(frozen=True)
class Side:
    """One side of a review: the synthesized stacks.

    Args:
        name: The name of the revision or the directory.
        out: The output directory. A temporary one is removed when nothing refers to the side any more.
        origins: For each stack, the places of module inputs (`vpc.anyscale_vpc_cidr_block`) and of configuration keys
            (`vpc.cidr_block`); "" is the file. A place in a revision begins with the revision, as in git:
            `main:clouds/prod.yaml`. Empty for directories.
        allowances: For each stack, the findings of reviews that its configuration allows. Empty for directories.
        notes: Findings on how the side was made.
    """

    name: str
    out: pathlib.Path
    origins: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    allowances: Mapping[str, Sequence[tuple[Rule, Allowance]]] = field(default_factory=dict)
    notes: Sequence[Finding] = ()

    def stacks(self) -> list[str]:
        """Returns the names of the stacks."""
        return sorted(file.parent.name for file in self.out.glob("stacks/*/cdk.tf.json"))


def from_folder(path: pathlib.Path) -> Side:
    """Returns the side in an output directory of synthesis.

    Raises:
        ConstructsError: The directory contains no stack, or other files than synthesis writes.
    """
    side = Side(str(path), path)
    for name in side.stacks():
        read_synthesized(path / "stacks" / name / "cdk.tf.json")
    if not side.stacks():
        raise ReviewError(
            f"{path} is neither a revision of this repository nor an output directory of synthesis",
            fix="use a revision, such as HEAD~1, or the directory of anyscale-constructs synth --out",
        )
    return side


def from_work_tree() -> Side:
    """Returns the side of the working tree, including uncommitted files.

    Raises:
        ConstructsError: The files cannot be synthesized.
    """
    work = pathlib.Path(tempfile.mkdtemp())
    try:
        return _synthesized("work tree", pathlib.Path.cwd(), work, "")
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def from_revision(revision: str) -> Side:
    """Returns the side of a revision, from the current directory in the repository.

    Args:
        revision: The revision, in any form that git accepts.

    Raises:
        ConstructsError: The revision does not exist or cannot be synthesized.
    """
    prefix = _git("rev-parse", "--show-prefix")
    commit = _commit(revision)
    name = revision[:_SHORT] if _COMMIT.fullmatch(revision) else revision
    if _run("cat-file", "-e", f"{commit}:{prefix}{_PROJECT}").returncode:
        raise ReviewError(
            f"{name} has no {prefix}{_PROJECT}",
            fix="name a revision that contains it, or run the command in the directory that contained it",
        )
    work = pathlib.Path(tempfile.mkdtemp())
    try:
        with tarfile.open(fileobj=io.BytesIO(_archive(commit))) as archive:
            archive.extractall(work / "tree", filter=_inside)  # noqa: S202 - the filter is the data filter
        return _synthesized(name, work / "tree" / prefix, work, f"{name}:")
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def merge_base(branch: str = "origin/main") -> str:
    """Returns the merge base of HEAD and another branch.

    Args:
        branch: The other branch. Default: `origin/main`.

    Raises:
        ReviewError: The local history contains no merge base.
    """
    shallow = _git("rev-parse", "--is-shallow-repository") == "true"
    known = _known(branch)
    found = _run("merge-base", branch, "HEAD").stdout.decode().strip() if known else ""
    if found:
        return found
    if shallow:
        raise ReviewError(
            f"this is a shallow clone without the merge base of HEAD and {branch}",
            fix="set fetch-depth: 0 for actions/checkout, or run git fetch --unshallow",
        )
    what = f"HEAD and {branch} have no common commit" if known else f"there is no {branch} to compare with"
    raise ReviewError(what, fix="name the revision to compare with, such as main")


def _known(revision: str) -> bool:
    return _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").returncode == 0


def _commit(revision: str) -> str:
    if not _known(revision):
        raise ReviewError("the revision does not exist", value=revision, fix="use a revision that git log shows")
    return _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")


def _archive(commit: str) -> bytes:
    top = _git("rev-parse", "--show-toplevel")
    return _checked(_run("-C", top, "archive", "--format=tar", commit)).stdout


def _git(*arguments: str) -> str:
    return _checked(_run(*arguments)).stdout.decode().strip()


def _run(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["git", *arguments], check=False, capture_output=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise ReviewError(f"git cannot be run: {error.strerror}", fix="install git, or name two directories") from error


def _checked(done: "subprocess.CompletedProcess[bytes]") -> "subprocess.CompletedProcess[bytes]":
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ").partition("\n")[0]
        if said.startswith("not a git repository"):
            raise ReviewError(
                "this directory is not in a git repository",
                fix="run the command in one, or review two output directories of synthesis",
            )
        raise ReviewError(f"git failed: {clean(said)}")
    return done


def _inside(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Returns a member to extract, or None if it leads out of the directory, such as a link to /."""
    try:
        return tarfile.data_filter(member, path)
    except tarfile.FilterError:
        return None


def _synthesized(name: str, folder: pathlib.Path, work: pathlib.Path, prefix: str) -> Side:
    """Synthesizes in a separate process, with the revision's kinds of clouds and another working directory.

    Args:
        name: The side's name.
        folder: The directory of cdktf.json.
        work: A temporary directory, which the side removes.
        prefix: The prefix of file names in places.
    """
    out, origins = work / "out", work / "origins.json"
    # Safe path: the directory may contain a package with the library's name, as its own repository does.
    command = [sys.executable, "-P", "-m", "anyscale_constructs", "synth", "--format", "json"]
    done = subprocess.run(
        [*command, "--out", str(out), "--origins", str(origins)],
        cwd=folder,
        env=_environment(),
        check=False,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise _failure(name, done, prefix)
    written = json.loads(origins.read_text(encoding="utf-8"))
    side = Side(
        name=name,
        out=out,
        origins={
            stack: {key: Place(prefix + file, line, column) for key, (file, line, column) in found["origins"].items()}
            for stack, found in written.items()
        },
        allowances={
            stack: [
                (every_rule()[each["rule"]], Allowance(reason=each["reason"], until=each["until"]))
                for each in found["allowances"]
            ]
            for stack, found in written.items()
        },
        notes=[*_other_versions(name, folder)],
    )
    weakref.finalize(side, shutil.rmtree, work, ignore_errors=True)
    return side


def _environment() -> dict[str, str]:
    library = pathlib.Path(anyscale_constructs.__file__).parent.parent
    given = [str(pathlib.Path(path).absolute()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    environment = without_credentials() | {"PYTHONPATH": os.pathsep.join([str(library), *given])}
    engine = sys.modules.get("anyscale_constructs.engine")
    return environment | ({"ANYSCALE_CONSTRUCTS_ENGINE": engine.name} if engine else {})


def _failure(name: str, done: "subprocess.CompletedProcess[str]", prefix: str) -> ConstructsError:
    try:
        found = json.loads(done.stdout)["findings"]
    except (ValueError, KeyError):
        said = clean(
            (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").removeprefix("error: ")
        )
        return ReviewError(f"{name} cannot be synthesized: {said}")
    return ReviewError([_finding(each, name, prefix) for each in found])


def _finding(told: Mapping[str, Any], name: str, prefix: str) -> Finding:
    place = Place(prefix + told["file"], told["line"] or 0, told["column"] or 0) if told["file"] else None
    return Finding(
        told["what"] if prefix and place else f"{name}: {told['what']}",
        told["fix"] or "",
        NOT_GIVEN if told["value"] is None else told["value"],
        told["allowed"] or "",
        rule=every_rule().get(told["rule"]),
        on=[told["input"]] if told["input"] else (),
        key=tuple(told["config_path"].split(".")) if told["config_path"] else (),
        construct=told["construct"] or "",
        cloud=told["cloud"] or "",
        place=place,
    )


def _other_versions(name: str, folder: pathlib.Path) -> Iterator[Finding]:
    for file in sorted({*folder.glob("*.toml"), *folder.glob("*.lock"), *folder.glob("requirements*.txt")}):
        wanted = [each for each in _wanted(file) if not _allows(each, __version__)]
        if wanted:
            what = f"{name} requires {_NAME} {wanted[0]} in {file.name}, but is synthesized with {__version__}"
            yield Finding(what, rule=OTHER_VERSION)


def _wanted(file: pathlib.Path) -> Iterator[str]:
    """Yields the versions of the library that a lock file, requirements file or pyproject.toml requires."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    try:
        content = tomllib.loads(text) if file.suffix in {".toml", ".lock"} else {}
    except tomllib.TOMLDecodeError:  # a lock file may be in the format of requirements
        content = {}
    project, packages = content.get("project"), content.get("package")
    dependencies = project.get("dependencies", []) if isinstance(project, dict) else []
    for listed in (text, *map(str, dependencies)):
        yield from (found.strip() for found in _REQUIREMENT.findall(listed))
    for package in packages if isinstance(packages, list) else ():
        if package.get("name") == _NAME and "version" in package and "editable" not in package.get("source", {}):
            yield f"== {package['version']}"


def _allows(requirement: str, here: str) -> bool:
    written = requirement.replace("===", "=").replace("==", "=").replace("~=", "~>")
    try:
        constraint = Constraint.parse(written)
    except ConstraintError:  # a version that is not only numbers
        return True
    major, minor, patch = (int(part) for part in re.findall(r"\d+", here)[:3])
    return constraint.allows((major, minor, patch))
