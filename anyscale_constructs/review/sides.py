"""The two sides of a review: each is a revision in git, the work tree, or an output folder of synthesis."""

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
from importlib.metadata import version
from typing import Any

import anyscale_constructs
from anyscale_constructs.errors import ConstraintError, ConstructsError, ReviewError
from anyscale_constructs.findings import NOT_GIVEN, Finding, Place, Rule, clean
from anyscale_constructs.review.environment import without_credentials
from anyscale_constructs.terraform.allowances import Allowance, every_rule
from anyscale_constructs.terraform.constraints import Constraint

OTHER_VERSION = Rule(
    "other-version",
    "note",
    "Both sides are synthesized by the version that is installed here, which a revision may not ask for.",
    command="review",
)

_NAME = "anyscale-constructs"
_PROJECT = "cdktf.json"
_REQUIREMENT = re.compile(rf"^\s*{_NAME}\s*(?:\[[\w\s,-]*\])?\s*([=<>!~][^;#\\]*)", re.MULTILINE | re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT = 7


@dataclass(frozen=True)
class Side:
    """One side: what synthesis gives for each stack.

    Args:
        name: The revision or the folder, as people call it.
        out: The output folder. One that is temporary is removed when nothing refers to the side any more.
        origins: For each stack, where a module's input (`vpc.anyscale_vpc_cidr_block`) or a key of the configuration
            (`vpc.cidr_block`) stands; "" is the file. A place in a revision begins with its name, as git has it:
            `main:clouds/prod.yaml`. Empty for folders.
        allowances: For each stack, what its configuration allows of reviews' rules. Empty for folders.
        notes: What there is to say of how it was made.
    """

    name: str
    out: pathlib.Path
    origins: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    allowances: Mapping[str, Sequence[tuple[Rule, Allowance]]] = field(default_factory=dict)
    notes: Sequence[Finding] = ()

    def stacks(self) -> list[str]:
        """The names of its stacks."""
        return sorted(file.parent.name for file in self.out.glob("stacks/*/cdk.tf.json"))


def from_folder(path: pathlib.Path) -> Side:
    """The side that an output folder of synthesis is.

    Raises:
        ReviewError: It holds no stack.
    """
    side = Side(str(path), path)
    if not side.stacks():
        raise ReviewError(
            f"{path} is neither a revision of this repository nor an output folder of synthesis",
            fix="give a revision, such as HEAD~1, or the folder that anyscale-constructs synth --out names",
        )
    return side


def from_work_tree() -> Side:
    """The side that the files here give, whether they are committed or not.

    Raises:
        ConstructsError: They can't be synthesized.
    """
    work = pathlib.Path(tempfile.mkdtemp())
    try:
        return _synthesized("work tree", pathlib.Path.cwd(), work, "")
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def from_revision(revision: str) -> Side:
    """The side that a revision gives, in the same folder of the repository as this one.

    Args:
        revision: As git understands it.

    Raises:
        ConstructsError: There is none, or it can't be synthesized.
    """
    prefix = _git("rev-parse", "--show-prefix")
    commit = _commit(revision)
    name = revision[:_SHORT] if _COMMIT.fullmatch(revision) else revision
    if _run("cat-file", "-e", f"{commit}:{prefix}{_PROJECT}").returncode:
        raise ReviewError(
            f"{name} has no {prefix}{_PROJECT}",
            fix="name a revision that has one, or run the command in the folder that had it",
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
    """The commit at which the branch that is checked out left another one.

    Args:
        branch: The other one.

    Raises:
        ReviewError: There is none in the history that is here.
    """
    shallow = _git("rev-parse", "--is-shallow-repository") == "true"
    known = _known(branch)
    found = _run("merge-base", branch, "HEAD").stdout.decode().strip() if known else ""
    if found:
        return found
    if shallow:
        raise ReviewError(
            f"this is a shallow clone, without the commit at which HEAD left {branch}",
            fix="set fetch-depth: 0 for actions/checkout, or run git fetch --unshallow",
        )
    what = f"HEAD and {branch} have no commit in common" if known else f"there is no {branch} to compare with"
    raise ReviewError(what, fix="name the revision to compare with, e.g. anyscale-constructs review main")


def _known(revision: str) -> bool:
    return _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").returncode == 0


def _commit(revision: str) -> str:
    if not _known(revision):
        raise ReviewError("there is no such revision", value=revision, fix="git log shows those that there are")
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
        raise ReviewError(f"git can't be run: {error.strerror}", fix="install git, or give two folders") from error


def _checked(done: "subprocess.CompletedProcess[bytes]") -> "subprocess.CompletedProcess[bytes]":
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ").partition("\n")[0]
        if said.startswith("not a git repository"):
            raise ReviewError("this folder is in no git repository", fix="give two output folders of synthesis")
        raise ReviewError(f"git fails: {clean(said)}")
    return done


def _inside(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """What is extracted: not what would lead out of the folder, such as a link to /."""
    try:
        return tarfile.data_filter(member, path)
    except tarfile.FilterError:
        return None


def _synthesized(name: str, folder: pathlib.Path, work: pathlib.Path, prefix: str) -> Side:
    """Synthesizes in a process of its own: it has that revision's kinds of clouds, and another working directory.

    Args:
        name: The side's name.
        folder: Where cdktf.json is.
        work: A temporary folder, which the side removes.
        prefix: What stands before the files of places.
    """
    out, origins = work / "out", work / "origins.json"
    # Safe: the folder may hold a package of the library's name, as its own repository does.
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
        return ReviewError(f"{name} can't be synthesized: {said}")
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
    here = version(_NAME)
    for file in sorted({*folder.glob("*.toml"), *folder.glob("*.lock"), *folder.glob("requirements*.txt")}):
        wanted = [each for each in _wanted(file) if not _allows(each, here)]
        if wanted:
            what = f"{name} asks for {_NAME} {wanted[0]} in {file.name}, and is synthesized by {here}"
            yield Finding(what, rule=OTHER_VERSION)


def _wanted(file: pathlib.Path) -> Iterator[str]:
    """The versions of the library that a file asks for: a lock's, a list of requirements', or pyproject.toml's."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    try:
        content = tomllib.loads(text) if file.suffix in {".toml", ".lock"} else {}
    except tomllib.TOMLDecodeError:  # a lock may be in the form of requirements
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
    except ConstraintError:  # not one of numbers alone
        return True
    major, minor, patch = (int(part) for part in re.findall(r"\d+", here)[:3])
    return constraint.allows((major, minor, patch))
