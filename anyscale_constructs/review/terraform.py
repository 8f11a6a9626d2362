"""Runs Terraform without credentials, for a plan that needs no cloud."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.findings import clean
from anyscale_constructs.review.environment import without_credentials
from anyscale_constructs.terraform.program import terraform, terraform_version

OLDEST = (1, 11)
"""The oldest version in which the runs of a test can share a state with `state_key`."""

_NOWHERE = "http://127.0.0.1:9"
# Shared AWS configuration files could set another endpoint or a role to assume.
_NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
_NO_NETWORK = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    "AWS_EC2_METADATA_DISABLED": "true",
}
_PATIENCE = 10


def unavailable() -> str:
    """Returns why an offline plan cannot be made; empty if it can."""
    program, wanted = terraform(), f"an offline plan needs Terraform {OLDEST[0]}.{OLDEST[1]} or later"
    try:
        said, version = terraform_version(program, _environment())
    except OSError as error:
        return f"{wanted}, and {program} cannot be run: {error.strerror}"
    except ValueError:
        return f"{wanted}, and {program} version failed"
    return "" if version >= OLDEST else f"{wanted}, and this is {said}"


def init(folder: Path, cache: Path) -> None:
    """Installs the modules and providers of a test; the only command that may use the network.

    Args:
        folder: The directory of the test.
        cache: The provider cache that stacks share, unless the user has set one.

    Raises:
        ReviewError: A module or provider cannot be installed.
    """
    environment = _environment()
    config = Path(os.environ.get("TF_CLI_CONFIG_FILE") or os.path.expanduser("~/.terraformrc"))  # noqa: PTH111 - pathlib fails without a home directory
    has_cache = config.is_file() and "plugin_cache_dir" in config.read_text(encoding="utf-8", errors="replace")
    if not has_cache and "TF_PLUGIN_CACHE_DIR" not in environment:
        cache.mkdir(exist_ok=True)
        environment |= {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
    # It may be writing to the user's provider cache, so it is terminated gracefully.
    for _ in _events(folder, environment, _PATIENCE, "init", "-backend=false", "-json"):
        pass


def test(folder: Path) -> Generator[dict[str, Any]]:
    """Runs a test without a network; yields its events, and stops it when the iteration ends.

    Raises:
        ReviewError: A run failed.
    """
    return _events(folder, _environment() | _NO_NETWORK | _NO_FILES, 0, "test", "-json", "-verbose")


def _environment() -> dict[str, str]:
    quiet = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "GIT_TERMINAL_PROMPT": "0"}
    return without_credentials() | quiet


def _events(folder: Path, environment: Mapping[str, str], patience: int, *arguments: str) -> Generator[dict[str, Any]]:
    process = subprocess.Popen(
        [terraform(), *arguments],
        cwd=folder,
        env={**environment, "TMPDIR": str(folder.parent)},  # killed providers leave their sockets there
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # only this process forwards an interrupt to Terraform, once
    )
    with process:
        try:
            for line in process.stdout or ():
                event = _event(line)
                diagnostic = event.get("diagnostic", {})
                if diagnostic.get("severity") == "error":
                    raise ReviewError(_said(diagnostic))
                yield event
            if process.wait():
                raise ReviewError(f"terraform {arguments[0]} failed with exit status {process.returncode}")
        finally:
            _end(process, patience)


def _event(line: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict):
            return event
    return {}


def _said(diagnostic: Mapping[str, Any]) -> str:
    where = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
    said = " ".join(f"{diagnostic.get('summary', '')}: {diagnostic.get('detail') or ''}".split())
    return clean(where + said.rstrip(":").rstrip("."))


def _end(process: "subprocess.Popen[str]", patience: int) -> None:
    """Stops Terraform and the providers that it started if it is still running."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        if patience:
            process.terminate()
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
