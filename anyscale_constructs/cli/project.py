"""What cdktf.json says: where the clouds are, where the JSON goes, and which package holds the stacks."""

import importlib
import json
import os
import pathlib
import pkgutil
import sys
from collections.abc import Mapping
from typing import Any

from anyscale_constructs.core.model import unknown
from anyscale_constructs.errors import ConfigError

_FILE = pathlib.Path("cdktf.json")


def clouds_directory() -> pathlib.Path:
    """Where the clouds' YAML files are: `context.clouds`, else `clouds`."""
    return pathlib.Path(_setting("context", "clouds", default="clouds"))


def output_directory() -> pathlib.Path:
    """Where the JSON goes: CDKTF_OUTDIR, which CDKTF's CLI sets, else `output`, else `cdktf.out`."""
    return pathlib.Path(os.environ.get("CDKTF_OUTDIR") or _setting("output", default="cdktf.out"))


def stacks() -> Mapping[str, str]:
    """The kinds of clouds in the package that `app` runs, e.g. `python -m stacks`.

    Raises:
        ConfigError: There is no such package here.
    """
    package = _setting("app", default="").rpartition("-m ")[2].strip()
    sys.path.insert(0, "")
    try:
        found: Mapping[str, str] = importlib.import_module(package or "stacks").STACKS
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"{_FILE}: app names no package with a table STACKS",
            value=package,
            mend="run this where cdktf.json is, with app: python -m stacks",
        ) from error
    return found


def load_stack(kinds: Mapping[str, str], kind: object) -> Any:
    """The class of stacks of a kind.

    Raises:
        ConfigError: There is no such kind.
    """
    if not isinstance(kind, str) or kind not in kinds:
        raise ConfigError(unknown(kind, kinds, "kind of stack"))
    return pkgutil.resolve_name(kinds[kind])


def _setting(*keys: str, default: str) -> str:
    if not _FILE.is_file():
        return default
    try:
        value = json.loads(_FILE.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{_FILE}: is not JSON: {error}") from error
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return default
    if not isinstance(value, str):
        raise ConfigError(f"{_FILE}: {'.'.join(keys)} must be text", value=value)
    return value
