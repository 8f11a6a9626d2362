"""The app, which synthesizes stacks to Terraform JSON, all of them or none."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from anyscale_constructs import engine
from anyscale_constructs.errors import ConfigError, ConstructsError, SynthesisError, engine_ended, said_by_engine
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.signals import delayed
from anyscale_constructs.terraform.allowances import Allowance, sift
from anyscale_constructs.terraform.locks import TERRAFORM_LOCK, kept_locks, misfits, read_lock
from anyscale_constructs.terraform.siblings import expressions_left, stacks_in
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.terraform.values import in_order

# Each engine writes its own version to the JSON; a constant makes the output identical on all engines.
_FORMAT_VERSION = "0.21.0"
# A separate HCL file, because checkov ignores a JSON file that contains required_version or a block without a label.
_VERSIONS = "versions.tf"
_MANIFEST = "manifest.json"
_LONGEST_RUN = 3600.0
_UNLABELLED = ("import", "moved", "removed")
_ADDRESSES = ("from", "to", "provider")
_PLAIN = {*_ADDRESSES, "id", "for_each", "lifecycle", "//"}

STALE_OUTPUT = Rule("stale-output", "warning", "A stack that no cloud defines may still be deployed.", allowable=False)
ANNOTATION_ERROR = Rule("annotation-error", "error", "Your own code reported the error with an engine annotation.")


class App(engine.App):
    """A CDKTF app whose stacks are checked before and after synthesis.

    Args:
        outdir: The output directory, created with its parents if missing. Default: CDKTF_OUTDIR, which the cdktf CLI
            sets, else cdktf.out.
        locks: The directory of the committed lock files, `<stack>.lock.hcl`. Synthesis copies each one into its stack's
            folder as `.terraform.lock.hcl`. Default: no lock files are copied.

    Raises:
        SynthesisError: The output directory cannot be created.
    """

    def __init__(
        self, outdir: str | os.PathLike[str] | None = None, *, locks: str | os.PathLike[str] | None = None
    ) -> None:
        # Absolute, because the engine's process keeps its initial working directory.
        path = pathlib.Path(outdir or os.environ.get("CDKTF_OUTDIR") or "cdktf.out").absolute()
        with _writing(path):  # the engine would not create missing parents
            path.mkdir(parents=True, exist_ok=True)
        with delayed():
            super().__init__(outdir=str(path), stack_traces=False)
        self.node.set_context("cdktfVersion", _FORMAT_VERSION)
        self._locks = pathlib.Path(locks) if locks is not None else None
        self._kept_locks: Mapping[str, pathlib.Path] = {}
        self._by_name: dict[str, CloudStack] = {}
        self._misfits: dict[str, list[Finding]] = {}
        self.findings: list[Finding] = []
        """The warnings and notes that no allowance accepts, after synthesis."""
        self.allowed: list[tuple[Finding, Allowance]] = []
        """The allowed warnings and notes, each with the allowance that accepts it, after synthesis."""

    @property
    def cloud_stacks(self) -> list[CloudStack]:
        """The app's stacks, in the order of their creation."""
        return [stack for stack in stacks_in(self) if isinstance(stack, CloudStack)]

    def synth(self) -> None:
        """Writes each stack's JSON, and a versions.tf next to it for settings that checkov cannot read in JSON.

        These are the required Terraform version, and the import, moved and removed blocks.

        Raises:
            ConstructsError: A stack is invalid; nothing is written, or the written files are incomplete.
        """
        stacks = self.cloud_stacks
        self._by_name, self._misfits = {stack.name: stack for stack in stacks}, {}
        self._kept_locks = kept_locks(self._locks) if self._locks else {}
        try:
            with delayed():  # Node.js would continue to write into the removed directory
                super().synth()
        except (ConstructsError, RuntimeError) as error:  # jsii converts every error to a RuntimeError
            if any(stack.failure for stack in stacks):
                raise SynthesisError([*_failures(stacks)]) from None
            if isinstance(error, ConstructsError):
                raise
            said = [*annotated_errors(self)] or [
                Finding(f"the engine cannot synthesize the stack: {said_by_engine(error)}")
            ]
            raise SynthesisError(said) from error
        for name in [stack.node.id for stack in stacks_in(self) if stack.node.id not in self._misfits]:
            file = pathlib.Path(self.outdir, "stacks", name, "cdk.tf.json")
            if file.is_file():
                self.save(name, in_order(json.loads(file.read_text(encoding="utf-8"))))
        sifted = sift({stack.name: (stack.findings, stack.allowances) for stack in stacks})
        self.findings, self.allowed = sifted.findings, sifted.allowed
        told = [finding for finding in self.findings if finding.severity != "note"]
        if any(finding.severity == "error" for finding in told):
            raise ConfigError(sorted(told, key=lambda finding: finding.severity))
        late = {
            name: [each for each in found if name not in self._by_name or each in told]
            for name, found in self._misfits.items()
        }
        if any(late.values()):
            _annotate(pathlib.Path(self.outdir) / _MANIFEST, late)

    def save(self, name: str, content: dict[str, Any]) -> None:
        """Writes a stack's JSON, and its lock file next to it; synthesis calls this.

        Args:
            name: The name of the stack.
            content: The JSON; that of a `CloudStack` has sorted keys.

        Raises:
            SynthesisError: The stack is not a `CloudStack`, and contains expressions.
        """
        stack = self._by_name.get(name)
        if stack is None:
            if left := list(expressions_left(name, content)):
                raise SynthesisError(left)
            content = in_order(content)
        versions = "\n".join(_taken_out(content))
        self._write_file(name, "cdk.tf.json", _formatted(content) + b"\n")
        self._write_file(name, _VERSIONS, versions.encode())
        self._misfits[name] = []
        if not (lock := self._kept_locks.get(name)):
            return
        text = read_lock(lock)
        self._write_file(name, TERRAFORM_LOCK, text.encode())
        self._misfits[name] = misfits(lock, text, content.get("terraform", {}).get("required_providers", {}))
        if stack is not None:
            stack.findings += self._misfits[name]

    def _write_file(self, stack: str, name: str, content: bytes) -> None:
        # pathlib, and a text file, take longer to open than to write.
        with open(f"{self.outdir}/stacks/{stack}/{name}", "wb") as file:  # noqa: PTH123
            file.write(content)


def annotated_errors(scope: engine.Construct) -> Iterator[Finding]:
    """Yields the errors that the user's own code reports with engine annotations.

    Args:
        scope: The app, or a stack.
    """
    for construct in scope.node.find_all():
        for entry in construct.node.metadata:
            if entry.type == "@cdktf/error":
                cloud, _, inside = construct.node.path.partition("/")
                yield Finding(str(entry.data), rule=ANNOTATION_ERROR, cloud=cloud, construct=inside)


def _annotate(manifest: pathlib.Path, warnings: Mapping[str, list[Finding]]) -> None:
    """Adds warnings to the manifest that need the finished JSON; the engine collects its annotations earlier."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    for name, findings in warnings.items():
        content["stacks"][name]["annotations"] += [
            {"constructPath": name, "level": "@cdktf/warn", "message": each.annotation} for each in findings
        ]
    manifest.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _taken_out(synthesized: dict[str, Any]) -> Iterator[str]:
    """Removes the blocks that checkov cannot read from the JSON, and yields them as HCL."""
    version = synthesized.get("terraform", {}).pop("required_version", None)
    if version is not None:
        yield _hcl("terraform", {"required_version": version})
    for kind in _UNLABELLED:
        found = synthesized.get(kind, [])
        blocks = found if isinstance(found, list) else [found]
        # A block with a provisioner, or in another JSON form, stays: Terraform can read it, even if checkov cannot.
        if all(block.keys() <= _PLAIN and isinstance(block.get("lifecycle", {}), dict) for block in blocks):
            synthesized.pop(kind, None)
            yield from (_hcl(kind, block) for block in blocks)


def _formatted(content: dict[str, Any]) -> bytes:
    """Returns what `json.dumps` does with an indent of 2, in a tenth of the time."""
    with contextlib.suppress(PydanticSerializationError):  # half of a surrogate pair, or more than 250 levels
        if (written := to_json(content, indent=2)).isascii():
            return written
    return json.dumps(content, indent=2).encode()


def _hcl(name: str, block: Mapping[str, Any], indent: str = "") -> str:
    lines = [f"{indent}{name} {{"]
    for key, value in sorted(block.items()):
        if key == "lifecycle":
            lines.append(_hcl(key, value, indent + "  ").rstrip())
        elif key != "//":
            written = value if key in _ADDRESSES else json.dumps(value, ensure_ascii=False)
            lines.append(f"{indent}  {key} = {written}")
    return "\n".join([*lines, f"{indent}}}\n"])


def _failures(stacks: Iterable[CloudStack]) -> Iterator[Finding]:
    """Yields the errors of all stacks; the engine stops at the first."""
    for stack in stacks:
        with contextlib.suppress(ConstructsError):
            stack.to_terraform()
        if stack.failure:
            yield from stack.failure.findings


def synthesize(
    build: Callable[[App], object], out: pathlib.Path, locks: pathlib.Path | None = None
) -> list[CloudStack]:
    """Synthesizes into a temporary directory, and changes `out` only if synthesis succeeds.

    Terraform's files in the stacks' folders (.terraform, the lock file, local state) stay; only a committed lock file
    replaces Terraform's.

    Args:
        build: Adds the stacks to the app.
        out: The output directory, created if missing.
        locks: The directory of the committed lock files. Default: no lock files are copied.

    Returns:
        The stacks.

    Raises:
        ConstructsError: A stack is invalid, or the directory cannot be written.
    """
    return synthesize_app(build, out, locks).cloud_stacks


def synthesize_app(
    build: Callable[[App], object], out: pathlib.Path, locks: pathlib.Path | None = None, *, others: bool = False
) -> App:
    """Synthesizes as `synthesize` does, and returns the app, with the findings of its stacks.

    Args:
        build: Adds the stacks to the app.
        out: The output directory, created if missing.
        locks: The directory of the committed lock files. Default: no lock files are copied.
        others: Whether to keep the manifest entries of other stacks in the output directory. Default: False.

    Raises:
        ConstructsError: A stack is invalid, or the directory cannot be written.
    """
    place = pathlib.Path(os.path.realpath(out))
    with _writing(out), delayed():
        place.parent.mkdir(parents=True, exist_ok=True)
        # Inside the directory if it exists: the parent of a mount point is another file system, maybe read-only.
        within = place if place.is_dir() else place.parent
        _remove_left_over(place, within)
        directory = tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=within)
    with directory as temporary:
        app = App(temporary, locks=locks)
        build(app)
        with _writing(out):
            app.synth()
            if others:
                _keep_others(pathlib.Path(temporary) / _MANIFEST, place)
            _put(pathlib.Path(temporary), place)
    return app


def _keep_others(manifest: pathlib.Path, out: pathlib.Path) -> None:
    """Adds the stacks of an earlier synthesis to a manifest, if their files still exist."""
    try:
        before = json.loads((out / _MANIFEST).read_text(encoding="utf-8"))["stacks"]
        there = {name: entry for name, entry in before.items() if (out / entry["synthesizedStackPath"]).is_file()}
    except (
        FileNotFoundError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ):  # no manifest, or not one of synthesis
        return
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["stacks"] = there | content["stacks"]
    manifest.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _remove_left_over(place: pathlib.Path, within: pathlib.Path) -> None:
    """Removes temporary files of killed runs, once they are too old to belong to a running one."""
    mine = re.compile(rf"\.{re.escape(place.name)}\.[a-z0-9_]{{8}}(\..+)?")
    before = time.time() - _LONGEST_RUN
    names = f".{place.name}.*"
    for left in {
        *within.glob(names),
        *(left for at in ("", "stacks/", "stacks/*/") for left in place.glob(at + names)),
    }:
        if mine.fullmatch(left.name) and left.lstat().st_mtime < before:
            _remove(left)


def _put(new: pathlib.Path, out: pathlib.Path) -> None:
    """Moves files into place: first next to their targets, as file systems may differ, then renames all at once."""
    out.mkdir(parents=True, exist_ok=True)
    # The manifest is last: it lists the stacks, so readers never see one that does not exist yet.
    changed = sorted(_changed(new, out), key=lambda move: move[1].name == _MANIFEST)
    moves: list[tuple[pathlib.Path, pathlib.Path]] = []
    placed = 0
    try:
        for made, target in changed:
            moves.append((target.with_name(f"{new.name}.{target.name}"), target))
            shutil.move(made, moves[-1][0])
        for beside, target in moves:
            beside.replace(target)
            placed += 1
    finally:
        for beside, _ in moves[placed:]:
            _remove(beside)


def _changed(new: pathlib.Path, out: pathlib.Path) -> Iterator[tuple[pathlib.Path, pathlib.Path]]:
    """Yields new directories and changed files, with their targets; replaced files trigger programs that watch them."""
    for made in new.iterdir():
        target = out / made.name
        if made.is_dir() and target.is_dir():
            yield from _changed(made, target)
        elif not (target.is_file() and target.read_bytes() == made.read_bytes()):
            yield made, target


def _remove(left: pathlib.Path) -> None:
    if left.is_dir() and not left.is_symlink():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)


def sweep(out: pathlib.Path, stacks: Iterable[CloudStack]) -> Iterator[Finding]:
    """Removes the output of stacks that no longer exist, unless their folders contain other files.

    Args:
        out: The output directory.
        stacks: All existing stacks.

    Yields:
        A finding for each folder that was removed or kept.

    Raises:
        ConstructsError: A folder cannot be removed.
    """
    live = {stack.name for stack in stacks}
    with _writing(out):
        for name in sorted(set(os.listdir(out / "stacks")) - live):  # noqa: PTH208 - most names are live
            folder = out / "stacks" / name
            file = folder / "cdk.tf.json"
            if not file.exists() or not (content := _written(file)):
                continue
            # terraform init creates a lock file, so it does not indicate a deployment.
            assets, versions, lock = folder / "assets", folder / _VERSIONS, folder / TERRAFORM_LOCK
            kept = {other.name for other in folder.iterdir() if other not in {file, assets, versions, lock}}
            settings = content.get("terraform", {})
            state = settings.get("backend", {}).get("local", {}).get("path")
            if state is None:
                kept.add("possibly a remote state")
            elif (folder / state).exists():
                kept.add(state)
            if kept:
                yield Finding(
                    f"{folder} is kept, although no cloud defines this stack any more: found {', '.join(sorted(kept))}",
                    "run terraform destroy if the stack is deployed, then delete the folder",
                    rule=STALE_OUTPUT,
                )
            else:
                shutil.rmtree(assets, ignore_errors=True)
                versions.unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
                file.unlink()
                folder.rmdir()
                yield Finding(f"{folder} was removed: no cloud defines this stack any more", rule=STALE_OUTPUT)


def _written(file: pathlib.Path) -> dict[str, Any]:
    """Returns the Terraform JSON in a file; empty if synthesis did not write it."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return content if content["//"]["metadata"]["stackName"] == file.parent.name else {}
    except (ValueError, KeyError, TypeError):
        return {}


@contextlib.contextmanager
def _writing(out: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = ": ".join(filter(None, (error.strerror, str(error.filename or ""))))
        raise engine_ended(error) or SynthesisError(
            f"the output directory {out} cannot be written: {why}", fix="choose another directory with --out"
        ) from error
