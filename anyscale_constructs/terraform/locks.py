"""Lock files: the versions and checksums of a stack's providers, committed to git as `<stack>.lock.hcl`.

Source: https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

import pathlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from anyscale_constructs.errors import ConstraintError, LockError
from anyscale_constructs.findings import Finding, Place, Rule
from anyscale_constructs.terraform.constraints import Constraint

TERRAFORM_LOCK = ".terraform.lock.hcl"
"""The name of the lock file that Terraform reads and writes in a stack's folder of the output directory."""

MISFIT = Rule("lock-misfit", "warning", "Terraform rejects a locked provider version that the stack does not allow.")
_SUFFIX = ".lock.hcl"
_BLOCK = re.compile(r'^provider "([^"]+)" \{\n.*?^\}\n*', re.DOTALL | re.MULTILINE)
_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def kept_lock(directory: pathlib.Path, stack: str) -> pathlib.Path:
    """Returns the path of a stack's committed lock file."""
    return directory / f"{stack}{_SUFFIX}"


def kept_locks(directory: pathlib.Path) -> dict[str, pathlib.Path]:
    """Returns the committed lock files, by stack."""
    files = sorted(directory.glob(f"*{_SUFFIX}"))
    return {file.name.removesuffix(_SUFFIX): file for file in files if file.is_file()}


def unused_locks(directory: pathlib.Path, stacks: Collection[str]) -> list[pathlib.Path]:
    """Returns the committed lock files of stacks that do not exist."""
    return [file for stack, file in kept_locks(directory).items() if stack not in stacks]


def read_lock(file: pathlib.Path) -> str:
    """Returns the text of a lock file; empty if it does not exist.

    Raises:
        LockError: The file cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        fix = "restore it from git, or delete it and run anyscale-constructs lock"
        raise LockError([Finding(f"the lock file cannot be read: {error}", fix, place=Place(str(file)))]) from error


def locked_versions(text: str) -> dict[str, str]:
    """Returns the locked version of each provider, by the provider's full address.

    Raises:
        LockError: The text is not a valid lock file.
    """
    import hcl2  # noqa: PLC0415 - slow to import, and only stacks with a lock file need it
    from lark.exceptions import LarkError  # noqa: PLC0415

    try:
        blocks = [item for block in hcl2.loads(text).get("provider", []) for item in block.items()]
        return {address.strip('"'): body["version"].strip('"') for address, body in blocks}
    except (LarkError, AttributeError, KeyError, TypeError) as error:
        raise LockError("the lock file is invalid") from error


def misfits(file: pathlib.Path, text: str, required: Mapping[str, Any]) -> list[Finding]:
    """Returns findings about providers whose locked version the stack does not allow, or that are not locked.

    Args:
        file: The path of the lock file, `<stack>.lock.hcl`.
        text: The text of the lock file.
        required: The stack's `required_providers`, by local name.
    """
    try:
        said = [
            f"{source} is locked at {version}, which does not satisfy the stack's constraint {constraint}"
            if version
            else f"{source} is required by the stack, but it is not locked"
            for source, constraint, _, version in _misfits(text, required)
        ]
    except LockError:
        said = ["the lock file is invalid"]
    name, place = file.name.removesuffix(_SUFFIX), Place(str(file))
    return [Finding(what, f"anyscale-constructs lock {name}", rule=MISFIT, cloud=name, place=place) for what in said]


def fitting(text: str, required: Mapping[str, Any]) -> str:
    """Returns the lock file without the providers whose locked version is not allowed; empty if it is invalid."""
    try:
        wrong = {address for _, _, address, _ in _misfits(text, required)}
    except LockError:
        return ""
    return _BLOCK.sub(lambda block: "" if block[1] in wrong else block[0], text)


def of_providers(text: str, sources: Iterable[str]) -> str:
    """Returns the lock file with only the given providers."""
    wanted = [*sources]
    kept = _BLOCK.sub(lambda block: block[0] if any(_is(block[1], source) for source in wanted) else "", text)
    return kept.rstrip() + "\n"


def _misfits(text: str, required: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yields the source and constraint of each misfit, and its locked address and version, empty if not locked."""
    locked = locked_versions(text)
    for name, provider in required.items():
        given = provider if isinstance(provider, Mapping) else {"version": provider}  # the older form
        source, constraint = given.get("source", f"hashicorp/{name}").lower(), given.get("version", ">= 0")
        address = next((each for each in locked if _is(each, source)), "")
        if not address or not _allows(constraint, locked[address]):
            yield source, constraint, address, locked.get(address, "")


def _is(address: str, source: str) -> bool:
    """Returns whether a full address matches a source, which may omit the host; OpenTofu's differs from Terraform's."""
    return address == source or address.endswith(f"/{source}")


def _allows(constraint: str, version: str) -> bool:
    try:
        allowed = Constraint.parse(constraint)
    except ConstraintError:  # a constraint with a prerelease, which only Terraform can check
        return True
    release = _RELEASE.fullmatch(version)
    return release is not None and allowed.allows((int(release[1]), int(release[2]), int(release[3])))
