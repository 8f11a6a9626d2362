"""Terraform, run without credentials, for a plan that needs no cloud."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.findings import clean
from anyscale_constructs.review.environment import without_credentials
from anyscale_constructs.terraform.program import terraform, terraform_version

OLDEST = (1, 11)
"""Since when runs of a test can share a state by `state_key`."""

_NOWHERE = "http://127.0.0.1:9"
# Shared files would give the provider another endpoint or a role to assume.
_NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
_NO_NETWORK = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    "AWS_EC2_METADATA_DISABLED": "true",
}
_PATIENCE = 10


def unavailable() -> str:
    """Why there can be no offline plan; nothing if there can be one."""
    program, wanted = terraform(), f"an offline plan needs Terraform {OLDEST[0]}.{OLDEST[1]} or newer"
    try:
        said, version = terraform_version(program, _environment())
    except OSError as error:
        return f"{wanted}, and {program} can't be run: {error.strerror}"
    except ValueError:
        return f"{wanted}, and {program} version fails"
    return "" if version >= OLDEST else f"{wanted}, and this is {said}"


def init(folder: Path, cache: Path) -> None:
    """Installs the modules and providers of a test: the only command that may use the network.

    Args:
        folder: Where the test is.
        cache: Where providers are kept for other stacks, unless the user has a place for them.

    Raises:
        ReviewError: One of them can't be had.
    """
    environment = _environment()
    config = Path(os.environ.get("TF_CLI_CONFIG_FILE") or Path.home() / ".terraformrc")
    has_cache = config.is_file() and "plugin_cache_dir" in config.read_text(encoding="utf-8", errors="replace")
    if not has_cache and "TF_PLUGIN_CACHE_DIR" not in environment:
        cache.mkdir(exist_ok=True)
        environment |= {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
    # It may be writing to a cache of the user's, so it is asked to end.
    for _ in _events(folder, environment, _PATIENCE, "init", "-backend=false", "-json"):
        pass


def test(folder: Path) -> Iterator[dict[str, Any]]:
    """Runs a test, without a network; gives what it says, line by line, and ends it when no more is asked for.

    Raises:
        ReviewError: A run fails.
    """
    return _events(folder, _environment() | _NO_NETWORK | _NO_FILES, 0, "test", "-json", "-verbose")


def _environment() -> dict[str, str]:
    quiet = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "GIT_TERMINAL_PROMPT": "0"}
    return without_credentials() | quiet


def _events(folder: Path, environment: Mapping[str, str], patience: int, *arguments: str) -> Iterator[dict[str, Any]]:
    process = subprocess.Popen(
        [terraform(), *arguments],
        cwd=folder,
        env={**environment, "TMPDIR": str(folder.parent)},  # where providers leave their sockets when they are killed
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # an interrupt reaches Terraform by this process only, once
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
                raise ReviewError(f"terraform {arguments[0]} ends with {process.returncode}")
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
    """Ends Terraform and the providers that it started, if it still runs."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        if patience:
            process.terminate()
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
