"""Lock files: the versions and checksums of a stack's providers, kept in git as `<stack>.lock.hcl`.

Source: https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from anyscale_constructs.errors import ConstraintError, LockError
from anyscale_constructs.terraform.constraints import Constraint

TERRAFORM_LOCK = ".terraform.lock.hcl"
"""The name of a stack's lock file in its folder of the output, where Terraform reads and writes it."""

_SUFFIX = ".lock.hcl"
_BLOCK = re.compile(r'^provider "([^"]+)" \{\n.*?^\}\n*', re.DOTALL | re.MULTILINE)
_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def kept_lock(directory: pathlib.Path, stack: str) -> pathlib.Path:
    """Where a stack's lock file is kept."""
    return directory / f"{stack}{_SUFFIX}"


def unused_locks(directory: pathlib.Path, stacks: Iterable[str]) -> list[pathlib.Path]:
    """The lock files that are kept for stacks that do not exist."""
    return sorted(set(directory.glob(f"*{_SUFFIX}")) - {kept_lock(directory, stack) for stack in stacks})


def read_lock(file: pathlib.Path) -> str:
    """The text of a lock file; empty if there is none.

    Raises:
        LockError: It can't be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(
            f"{file} can't be read: {error}", fix="restore it from git, or delete it and run anyscale-constructs lock"
        ) from error


def locked_versions(text: str) -> dict[str, str]:
    """The version that a lock file holds for each provider, by the provider's full address.

    Raises:
        LockError: It is not a lock file.
    """
    import hcl2  # noqa: PLC0415 - only stacks with a kept lock need the parser, which takes long to load
    from lark.exceptions import LarkError  # noqa: PLC0415

    try:
        blocks = [item for block in hcl2.loads(text).get("provider", []) for item in block.items()]
        return {address.strip('"'): body["version"].strip('"') for address, body in blocks}
    except (LarkError, AttributeError, KeyError, TypeError) as error:
        raise LockError("it is not a valid lock file") from error


def misfits(text: str, required: Mapping[str, Any]) -> list[str]:
    """What in a lock file does not fit a stack.

    Args:
        text: The lock file.
        required: The stack's `required_providers`, by local name.

    Returns:
        A clause for each provider whose locked version the stack does not allow, or that is not locked.
    """
    try:
        return [
            f"{source} is locked at {version}, which does not satisfy the stack's constraint {constraint}"
            if version
            else f"{source} is required by the stack, but not locked"
            for source, constraint, _, version in _misfits(text, required)
        ]
    except LockError as error:
        return [finding.text for finding in error.findings]


def fitting(text: str, required: Mapping[str, Any]) -> str:
    """The lock file without the providers whose locked version the stack does not allow; empty if it is invalid."""
    try:
        wrong = {address for _, _, address, _ in _misfits(text, required)}
    except LockError:
        return ""
    return _BLOCK.sub(lambda block: "" if block[1] in wrong else block[0], text)


def of_providers(text: str, sources: Iterable[str]) -> str:
    """The lock file with these providers only."""
    wanted = [*sources]
    kept = _BLOCK.sub(lambda block: block[0] if any(_is(block[1], source) for source in wanted) else "", text)
    return kept.rstrip() + "\n"


def _misfits(text: str, required: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """The source, the constraint, and the locked address and version; both are empty where there are none."""
    locked = locked_versions(text)
    for name, provider in required.items():
        given = provider if isinstance(provider, Mapping) else {"version": provider}  # the older form
        source, constraint = given.get("source", f"hashicorp/{name}").lower(), given.get("version", ">= 0")
        address = next((each for each in locked if _is(each, source)), "")
        if not address or not _allows(constraint, locked[address]):
            yield source, constraint, address, locked.get(address, "")


def _is(address: str, source: str) -> bool:
    """Whether an address is a source's, which may leave out the host: OpenTofu's registry is not Terraform's."""
    return address == source or address.endswith(f"/{source}")


def _allows(constraint: str, version: str) -> bool:
    try:
        allowed = Constraint.parse(constraint)
    except ConstraintError:  # a prerelease, which only Terraform judges
        return True
    release = _RELEASE.fullmatch(version)
    return release is not None and allowed.allows((int(release[1]), int(release[2]), int(release[3])))
