"""Reads cdktf.json: the directory of the clouds, the output directory, and the package of your own kinds of clouds."""

import importlib
import json
import os
import pathlib
import pkgutil
import sys
from typing import Any

from anyscale_constructs.clouds import KINDS
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import CONTROL_CHARACTER, control_character
from anyscale_constructs.names import unknown

_FILE = pathlib.Path("cdktf.json")


def clouds_directory() -> pathlib.Path:
    """Returns the directory of the clouds' YAML files: `context.clouds`. Default: `clouds`."""
    return pathlib.Path(_setting("context", "clouds", default="clouds"))


def command() -> str:
    """Returns the command that `cdktf` runs to synthesize: `app`. Default: empty."""
    return _setting("app", default="")


def locks_directory(clouds: pathlib.Path) -> pathlib.Path:
    """Returns the directory of the stacks' lock files: `locks`, next to the directory of clouds."""
    return clouds.parent / "locks"


def output_directory() -> pathlib.Path:
    """Returns the output directory: CDKTF_OUTDIR, which the CDKTF CLI sets, else `output`. Default: `cdktf.out`."""
    return pathlib.Path(os.environ.get("CDKTF_OUTDIR") or _setting("output", default="cdktf.out"))


def kinds() -> dict[str, str]:
    """Returns the class of each kind of cloud, e.g. `{"ec2": "anyscale_constructs.clouds.ec2:Ec2Stack"}`.

    Your own kinds override the package's. They are the modules of `context.stacks`, or of the directory `stacks` next
    to cdktf.json. The stack of the kind `my_kind` is `MyKindStack` in the module `my_kind`.

    Raises:
        ConfigError: `context.stacks` does not name a package next to cdktf.json.
    """
    found = {kind: _place("anyscale_constructs.clouds", kind) for kind in KINDS}
    package, folder = _stacks(), stacks_directory()
    if folder.is_dir():
        if (here := str(pathlib.Path.cwd())) != sys.path[0]:
            sys.path.insert(0, here)  # takes precedence over a package of the same name elsewhere
        modules = (module.name for module in pkgutil.iter_modules([str(folder.absolute())]))
        found |= {name: _place(package, name) for name in modules if not name.startswith("_")}
    elif _setting("context", "stacks", default=""):
        raise ConfigError(
            f"{_FILE}: context.stacks does not name a package in this directory",
            value=package,
            fix="name the directory of your own kinds of clouds, or remove the key",
        )
    return dict(sorted(found.items()))


def load_stack(kind: object) -> Any:
    """Returns the stack class of a kind.

    Raises:
        ConfigError: The kind does not exist, or its module cannot be used.
    """
    known = kinds()
    if not isinstance(kind, str) or kind not in known:
        raise ConfigError(unknown(kind, known, "kind of stack"))
    module, _, name = known[kind].partition(":")
    package = module.rpartition(".")[0]
    try:
        places = [*getattr(importlib.import_module(package), "__path__", ())]
        if package == _stacks() and places[:1] != [str(pathlib.Path.cwd() / stacks_directory())]:
            raise ConfigError(
                f"Python imports {package} from elsewhere, not from the directory of {_FILE}",
                value=places,
                fix=f"add an empty {stacks_directory() / '__init__.py'}; if it exists, rename the directory and set "
                "context.stacks to the new name",
            )
        loaded = importlib.import_module(module)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{module} cannot be imported: {error}",
            fix="correct it; if it is a copy of an older version's stacks, delete it and write your changes in a "
            "subclass of the package's stack; see Upgrading in CHANGELOG.md",
        ) from error
    found = getattr(loaded, name, None)
    if not (isinstance(found, type) and hasattr(found, "config_type")):
        raise ConfigError(
            f"{module} has no class {name}, the stack of the kind",
            fix=f"name the class {name}, and derive it from a class of anyscale_constructs.clouds",
        )
    return found


def stacks_directory() -> pathlib.Path:
    """Returns the directory of your own kinds of clouds: `context.stacks`. Default: `stacks`."""
    return pathlib.Path(*_stacks().split("."))


def _stacks() -> str:
    package = _setting("context", "stacks", default="stacks")
    if not all(map(str.isidentifier, package.split("."))):
        raise ConfigError(
            f"{_FILE}: context.stacks must be the name of a package",
            value=package,
            fix="use the name that Python imports, e.g. stacks or infra.stacks",
        )
    return package


def _place(package: str, kind: str) -> str:
    return f"{package}.{kind}:{kind.title().replace('_', '')}Stack"


def _setting(*keys: str, default: str) -> str:
    if not _FILE.is_file():
        return default
    try:
        value = json.loads(_FILE.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ConfigError(f"{_FILE} is nested too deeply") from error
    except ValueError as error:
        raise ConfigError(f"{_FILE} is not valid JSON: {error}") from error
    where = str(_FILE)
    for number, key in enumerate(keys, start=1):
        if not isinstance(value, dict):
            raise ConfigError(f"{where} must be an object", value=value)
        value, where = value.get(key), f"{_FILE}: {'.'.join(keys[:number])}"
        if value is None:
            return default
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string", value=value)
    if wrong := control_character(value):
        raise ConfigError(f"{where} {wrong}", fix="remove it", rule=CONTROL_CHARACTER)
    return value
