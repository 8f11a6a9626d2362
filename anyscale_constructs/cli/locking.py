"""Creates the lock files of synthesized stacks with Terraform."""

import os
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence

from anyscale_constructs.errors import LockError
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.locks import (
    TERRAFORM_LOCK,
    fitting,
    kept_lock,
    locked_versions,
    of_providers,
    read_lock,
)
from anyscale_constructs.terraform.program import terraform
from anyscale_constructs.terraform.synthesized import read_synthesized

_FETCHED = re.compile(r"- Fetching (\S+) (\S+) for (\S+?)\.*$")


def lock_stacks(
    out: pathlib.Path,
    names: Sequence[str],
    locks: pathlib.Path,
    options: Sequence[str],
    *,
    upgrade: bool,
    say: Callable[[str], object],
) -> Iterator[str]:
    """Locks the providers of stacks.

    Args:
        out: The output directory of synthesis.
        names: The stacks. Empty: all stacks in the output directory.
        locks: The directory of the lock files.
        options: Options for `terraform providers lock`.
        upgrade: Whether to lock the newest matching versions instead of keeping the locked ones.
        say: Called with each line of progress.

    Yields:
        For each stack, a line with its lock file and the locked versions.

    Raises:
        LockError: A stack does not exist, or Terraform failed. The lock file of that stack is then unchanged.
    """
    found = {file.parent.name: file.parent for file in sorted(out.glob("stacks/*/cdk.tf.json"))}
    if not found:
        raise LockError(f"{out} contains no stacks", fix="run anyscale-constructs synth first, with the same --out")
    for name in names:
        if name not in found:
            raise LockError(f"{out}: {unknown(name, found, 'stack')}")
    # A shared data directory fetches common modules once, and leaves the stacks' directories uninitialized.
    with tempfile.TemporaryDirectory() as data:
        for name in dict.fromkeys(names or found):
            kept = kept_lock(locks, name)
            versions = locked_versions(_lock(found[name], kept, options, data, upgrade=upgrade, say=say))
            listed = (f"{address.partition('/')[2]} {version}" for address, version in versions.items())
            yield f"{kept}: {', '.join(listed) or 'no providers'}"


def _lock(
    folder: pathlib.Path,
    kept: pathlib.Path,
    options: Sequence[str],
    data: str,
    *,
    upgrade: bool,
    say: Callable[[str], object],
) -> str:
    settings = read_synthesized(folder / "cdk.tf.json").get("terraform", {})
    lock = folder / TERRAFORM_LOCK
    before = read_lock(lock)
    begin = "" if upgrade else read_lock(kept) or before
    fetched: set[str] = set()

    def look(line: str) -> None:
        if match := _FETCHED.match(line):
            fetched.add(match[1])
            say(f"{folder.name}: fetching {match[1]} {match[2]} for {match[3]}")

    try:
        _put(lock, fitting(begin, settings.get("required_providers", {})))
        say(f"{folder.name}: fetching modules")
        _terraform(folder, data, look, "get")
        _terraform(folder, data, look, "providers", "lock", *options)
        text = read_lock(lock)
        if (
            fetched
        ):  # Terraform keeps providers that are no longer needed, and then rejects the file with -lockfile=readonly
            text = of_providers(text, fetched)
        _put(kept, text)
        _put(lock, text)
    except BaseException:
        _put(lock, before)
        raise
    return text


def _put(file: pathlib.Path, text: str) -> None:
    try:
        if text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise LockError(
            f"{file} cannot be written: {error.strerror}", fix="use a directory that you can write to"
        ) from error


def _terraform(folder: pathlib.Path, data: str, look: Callable[[str], object], *arguments: str) -> None:
    program = terraform()
    environment = os.environ | {"TF_DATA_DIR": data, "TF_IN_AUTOMATION": "1", "GIT_TERMINAL_PROMPT": "0"}
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            [program, *arguments, "-no-color"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise LockError(f"{program} cannot be run: {error.strerror}", fix="install Terraform") from error
    with process:
        try:
            for line in process.stdout or ():
                look(line.rstrip())
                lines.append(line)
        except BaseException:
            process.terminate()  # otherwise it would continue to download
            process.wait()
            raise
    if process.returncode:
        said = "".join(lines)
        first = said.partition("Error: ")[2].partition("\nError: ")[0]  # the others are often the same
        title, _, detail = (first or said).strip().partition("\n")
        command = " ".join([program, *(each for each in arguments if not each.startswith("-"))])
        why = ": ".join(filter(None, (title, " ".join(detail.split()).removesuffix("."))))
        what = f"{folder.name}: {command} failed: {why or f'exit status {process.returncode}'}"
        raise LockError(what, fix="fix the problem that Terraform reports")
