"""The app: stacks in, Terraform JSON out, all of it or nothing."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

from anyscale_constructs import engine
from anyscale_constructs.errors import ConfigError, ConstructsError, SynthesisError, said_by_engine
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.signals import delayed
from anyscale_constructs.terraform.allowances import Sifted, sift
from anyscale_constructs.terraform.locks import TERRAFORM_LOCK, kept_lock, misfits, read_lock
from anyscale_constructs.terraform.siblings import expressions_left
from anyscale_constructs.terraform.stack import CloudStack

# Both engines write their own version into the JSON; one constant keeps the bytes the same on either.
_FORMAT_VERSION = "0.21.0"
# Beside the JSON, of which checkov reads nothing when it holds the required version or a block without a label.
_VERSIONS = "versions.tf"
_MANIFEST = "manifest.json"
_LONGEST_RUN = 3600.0
_UNLABELLED = ("import", "moved", "removed")
_ADDRESSES = ("from", "to", "provider")
_PLAIN = {*_ADDRESSES, "id", "for_each", "lifecycle", "//"}

STALE_OUTPUT = Rule("stale-output", "warning", "A stack that no cloud makes may still be deployed.", allowable=False)
ANNOTATION_ERROR = Rule("annotation-error", "error", "Code of your own says so, by an annotation of the engine's.")


class App(engine.App):
    """A CDKTF app whose stacks are checked before and after synthesis.

    Args:
        outdir: The output directory, which is made with those above it. Default: CDKTF_OUTDIR, which the CLI sets,
            else cdktf.out.
        locks: The directory of lock files that are kept in git, `<stack>.lock.hcl`. Synthesis copies each into its
            stack's folder, as `.terraform.lock.hcl`. Default: none is copied.

    Raises:
        SynthesisError: The output directory can't be made.
    """

    def __init__(
        self, outdir: str | os.PathLike[str] | None = None, *, locks: str | os.PathLike[str] | None = None
    ) -> None:
        # Absolute, since the engine's process keeps the working directory it was started in.
        path = pathlib.Path(outdir or os.environ.get("CDKTF_OUTDIR") or "cdktf.out").absolute()
        with _writing(path):  # the engine would make the last folder only
            path.mkdir(parents=True, exist_ok=True)
        with delayed():
            super().__init__(outdir=str(path), stack_traces=False)
        self.node.set_context("cdktfVersion", _FORMAT_VERSION)
        self._locks = pathlib.Path(locks) if locks is not None else None
        self.sifted = Sifted([], [])
        """What its stacks' warnings and notes are, after synthesis."""

    @property
    def cloud_stacks(self) -> list[CloudStack]:
        """The app's stacks, in the order in which they were made."""
        return [child for child in self.node.children if isinstance(child, CloudStack)]

    def synth(self) -> None:
        """Writes each stack's JSON, and what checkov can't read there into versions.tf beside it.

        That is the Terraform version that the stack requires, and its import, moved and removed blocks.

        Raises:
            ConstructsError: A stack is wrong: nothing is written then, or what is written can't be used.
        """
        stacks = {stack.name: stack for stack in self.cloud_stacks}
        for stack in stacks.values():
            stack.prepare()
        try:
            with delayed():  # Node.js would go on writing what is removed
                super().synth()
        except (ConstructsError, RuntimeError) as error:  # JSII makes the latter of both
            if any(stack.failure for stack in stacks.values()):
                raise SynthesisError([*_failures(stacks.values())]) from None
            if isinstance(error, ConstructsError):
                raise
            said = [*annotated_errors(self)] or [Finding(f"the engine can't synthesize: {said_by_engine(error)}")]
            raise SynthesisError(said) from error
        written = sorted(pathlib.Path(self.outdir).glob("stacks/*/cdk.tf.json"))
        misfitting = {file.parent.name: self._finish(file, stacks.get(file.parent.name)) for file in written}
        self.sifted = sift({stack.name: (stack.findings, stack.allowances) for stack in stacks.values()})
        told = [finding for finding in self.sifted.told if finding.severity != "note"]
        if any(finding.severity == "error" for finding in told):
            raise ConfigError(sorted(told, key=lambda finding: finding.severity))
        late = {
            name: [each for each in found if name not in stacks or each in told] for name, found in misfitting.items()
        }
        if any(late.values()):
            _annotate(pathlib.Path(self.outdir) / _MANIFEST, late)

    def _finish(self, file: pathlib.Path, stack: CloudStack | None) -> list[Finding]:
        """Rewrites a stack's JSON and puts its lock file beside it; gives what the lock file does not allow."""
        content, name = json.loads(file.read_text(encoding="utf-8")), file.parent.name
        if stack is None and (left := list(expressions_left(name, content))):
            raise SynthesisError(left)
        versions = "\n".join(_taken_out(content))
        file.write_text(_formatted(content) + "\n", encoding="utf-8")
        file.with_name(_VERSIONS).write_text(versions, encoding="utf-8")
        if self._locks is None or not (lock := kept_lock(self._locks, name)).is_file():
            return []
        text = read_lock(lock)
        file.with_name(TERRAFORM_LOCK).write_text(text, encoding="utf-8")
        findings = misfits(lock, text, content.get("terraform", {}).get("required_providers", {}))
        if stack is not None:
            stack.findings += findings
        return findings


def annotated_errors(scope: engine.Construct) -> Iterator[Finding]:
    """What the user's own code says is wrong, by the engine's annotations.

    Args:
        scope: The app, or a stack.
    """
    for construct in scope.node.find_all():
        for entry in construct.node.metadata:
            if entry.type == "@cdktf/error":
                cloud, _, inside = construct.node.path.partition("/")
                yield Finding(str(entry.data), rule=ANNOTATION_ERROR, cloud=cloud, construct=inside)


def _annotate(manifest: pathlib.Path, warnings: Mapping[str, list[Finding]]) -> None:
    """Adds warnings that need the finished JSON, which the engine makes after it has collected the annotations."""
    content = json.loads(manifest.read_text(encoding="utf-8"))
    for name, findings in warnings.items():
        content["stacks"][name]["annotations"] += [
            {"constructPath": name, "level": "@cdktf/warn", "message": each.annotation} for each in findings
        ]
    manifest.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _taken_out(synthesized: dict[str, Any]) -> Iterator[str]:
    """The blocks that checkov can't read as JSON, taken out of it, in Terraform's own syntax."""
    version = synthesized.get("terraform", {}).pop("required_version", None)
    if version is not None:
        yield _hcl("terraform", {"required_version": version})
    for kind in _UNLABELLED:
        found = synthesized.get(kind, [])
        blocks = found if isinstance(found, list) else [found]
        # One with a provisioner, or in another form of JSON's, stays there: Terraform reads it, whatever checkov does.
        if all(block.keys() <= _PLAIN and isinstance(block.get("lifecycle", {}), dict) for block in blocks):
            synthesized.pop(kind, None)
            yield from (_hcl(kind, block) for block in blocks)


def _formatted(value: Any, indent: str = "\n") -> str:
    """What `json.dumps(value, indent=2, sort_keys=True)` gives, which takes three times as long."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if not value or not isinstance(value, dict | list):
        return json.dumps(value)
    deeper = f"{indent}  "
    if isinstance(value, list):
        return f"[{','.join([deeper + _formatted(each, deeper) for each in value])}{indent}]"
    inner = [f"{deeper}{encode_basestring_ascii(key)}: {_formatted(value[key], deeper)}" for key in sorted(value)]
    return f"{{{','.join(inner)}{indent}}}"


def _hcl(name: str, block: Mapping[str, Any], indent: str = "") -> str:
    lines = [f"{indent}{name} {{"]
    for key, value in block.items():
        if key == "lifecycle":
            lines.append(_hcl(key, value, indent + "  ").rstrip())
        elif key != "//":
            written = value if key in _ADDRESSES else json.dumps(value, ensure_ascii=False)
            lines.append(f"{indent}  {key} = {written}")
    return "\n".join([*lines, f"{indent}}}\n"])


def _failures(stacks: Iterable[CloudStack]) -> Iterator[Finding]:
    """What is wrong with each of the stacks; the engine ends with the first that fails."""
    for stack in stacks:
        with contextlib.suppress(ConstructsError):
            stack.to_terraform()
        if stack.failure:
            yield from stack.failure.findings


def synthesize(
    build: Callable[[App], object], out: pathlib.Path, locks: pathlib.Path | None = None
) -> list[CloudStack]:
    """Synthesizes into a temporary directory, and changes `out` only when all went well.

    What Terraform keeps in the stacks' folders (.terraform, the lock file, local state) stays; only a lock file that
    is kept in git replaces Terraform's.

    Args:
        build: Adds the stacks to the app.
        out: The output directory; it is made when it isn't there.
        locks: As in `App`.

    Returns:
        The stacks.

    Raises:
        ConstructsError: A stack is wrong, or the directory can't be written.
    """
    return synthesize_app(build, out, locks).cloud_stacks


def synthesize_app(
    build: Callable[[App], object], out: pathlib.Path, locks: pathlib.Path | None = None, *, others: bool = False
) -> App:
    """As `synthesize`; gives the app, which has what there is to say of its stacks.

    Args:
        build: As in `synthesize`.
        out: As in `synthesize`.
        locks: As in `synthesize`.
        others: Whether there may be other stacks, whose entries in the manifest stay.
    """
    place = pathlib.Path(os.path.realpath(out))
    with _writing(out), delayed():
        place.parent.mkdir(parents=True, exist_ok=True)
        # Inside, since of a mount point the parent is on another file system, and may be read-only.
        within = place if place.is_dir() else place.parent
        _remove_left_over(place, within)
        directory = tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=within)
    with directory as temporary:
        app = App(temporary, locks=locks)
        build(app)
        app.synth()
        with _writing(out):
            if others:
                _keep_others(pathlib.Path(temporary) / _MANIFEST, place)
            _put(pathlib.Path(temporary), place)
    return app


def _keep_others(manifest: pathlib.Path, out: pathlib.Path) -> None:
    """Adds the stacks of an earlier synthesis to a manifest, as far as they are there."""
    try:
        before = json.loads((out / _MANIFEST).read_text(encoding="utf-8"))["stacks"]
        there = {name: entry for name, entry in before.items() if (out / entry["synthesizedStackPath"]).is_file()}
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):  # none, or of no synthesis
        return
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["stacks"] = there | content["stacks"]
    manifest.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _remove_left_over(place: pathlib.Path, within: pathlib.Path) -> None:
    """Removes what runs that were killed left, after so long that no run is still at work with it."""
    mine = re.compile(rf"\.{re.escape(place.name)}\.[a-z0-9_]{{8}}(\..+)?")
    before = time.time() - _LONGEST_RUN
    for left in (*within.glob(f".{place.name}.*"), *place.glob(f"stacks/*/.{place.name}.*")):
        if mine.fullmatch(left.name) and left.lstat().st_mtime < before:
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _put(new: pathlib.Path, out: pathlib.Path) -> None:
    """Puts files into place: first beside it, which may be on yet another file system, then all of them at once."""
    # The manifest goes last: it names the stacks, so a reader never sees one that isn't there.
    files = [pathlib.Path(folder, name) for folder, _, names in os.walk(new) for name in names]
    files.sort(key=lambda file: file.name == _MANIFEST)
    moves: list[tuple[pathlib.Path, pathlib.Path]] = []
    placed = 0
    try:
        for file in files:
            target = out / file.relative_to(new)
            if target.is_file() and target.read_bytes() == file.read_bytes():
                continue  # what watches the file need not read it again
            target.parent.mkdir(parents=True, exist_ok=True)
            moves.append((target.with_name(f"{new.name}.{target.name}"), target))
            shutil.move(file, moves[-1][0])
        for beside, target in moves:
            beside.replace(target)
            placed += 1
    finally:
        for beside, _ in moves[placed:]:
            beside.unlink(missing_ok=True)


def sweep(out: pathlib.Path, stacks: Iterable[CloudStack]) -> Iterator[Finding]:
    """Removes what synthesis wrote for stacks that are gone; folders that hold anything else stay.

    Args:
        out: The output directory.
        stacks: All stacks there are.

    Yields:
        What was done with the folder of a stack that is gone, and why.

    Raises:
        ConstructsError: A folder can't be removed.
    """
    live = {stack.name for stack in stacks}
    with _writing(out):
        for file in sorted(out.glob("stacks/*/cdk.tf.json")):
            folder = file.parent
            if folder.name in live or not (content := _written(file)):
                continue
            # Terraform makes a lock file for any command: it is no sign of a deployment.
            assets, versions, lock = folder / "assets", folder / _VERSIONS, folder / TERRAFORM_LOCK
            kept = {other.name for other in folder.iterdir() if other not in {file, assets, versions, lock}}
            settings = content.get("terraform", {})
            state = settings.get("backend", {}).get("local", {}).get("path")
            if state is None:
                kept.add("a state elsewhere, perhaps")
            elif (folder / state).exists():
                kept.add(state)
            if kept:
                yield Finding(
                    f"{folder} stays, though no cloud makes this stack any more: there is {', '.join(sorted(kept))}",
                    "terraform destroy, if it is deployed, and delete the folder",
                    rule=STALE_OUTPUT,
                )
            else:
                shutil.rmtree(assets, ignore_errors=True)
                versions.unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
                file.unlink()
                folder.rmdir()
                yield Finding(f"{folder} is removed: no cloud makes this stack any more", rule=STALE_OUTPUT)


def _written(file: pathlib.Path) -> dict[str, Any]:
    """The Terraform JSON that synthesis wrote there; empty if something else did."""
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
        raise SynthesisError(
            f"the output directory {out} can't be written: {error.strerror}: {error.filename}",
            fix="name another one, with --out",
        ) from error
