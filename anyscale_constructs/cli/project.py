"""What cdktf.json says: where the clouds are, where the JSON goes, and which package holds your own kinds of clouds."""

import importlib
import json
import os
import pathlib
import pkgutil
import sys
from typing import Any

from anyscale_constructs.clouds import KINDS
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.names import unknown

_FILE = pathlib.Path("cdktf.json")


def clouds_directory() -> pathlib.Path:
    """Where the clouds' YAML files are: `context.clouds`, else `clouds`."""
    return pathlib.Path(_setting("context", "clouds", default="clouds"))


def command() -> str:
    """What `cdktf` runs to synthesize: `app`; empty if cdktf.json does not say it."""
    return _setting("app", default="")


def locks_directory(clouds: pathlib.Path) -> pathlib.Path:
    """Where the lock files of the clouds' stacks are kept: `locks`, beside the directory of clouds."""
    return clouds.parent / "locks"


def output_directory() -> pathlib.Path:
    """Where the JSON goes: CDKTF_OUTDIR, which CDKTF's CLI sets, else `output`, else `cdktf.out`."""
    return pathlib.Path(os.environ.get("CDKTF_OUTDIR") or _setting("output", default="cdktf.out"))


def kinds() -> dict[str, str]:
    """The kinds of clouds: where the class of each is, e.g. `{"ec2": "anyscale_constructs.clouds.ec2:Ec2Stack"}`.

    Those of the package, and over them those of your own: the modules of `context.stacks`, or of a folder `stacks`
    beside cdktf.json. The stack of the kind `my_kind` is `MyKindStack` in the module `my_kind`.

    Raises:
        ConfigError: `context.stacks` names no package beside cdktf.json.
    """
    found = {kind: _place("anyscale_constructs.clouds", kind) for kind in KINDS}
    package, folder = _stacks(), stacks_directory()
    if folder.is_dir():
        if (here := str(pathlib.Path.cwd())) != sys.path[0]:
            sys.path.insert(0, here)  # before a package of the same name elsewhere
        modules = (module.name for module in pkgutil.iter_modules([str(folder.absolute())]))
        found |= {name: _place(package, name) for name in modules if not name.startswith("_")}
    elif _setting("context", "stacks", default=""):
        raise ConfigError(
            f"{_FILE}: context.stacks names no package here",
            value=package,
            fix="name the folder with the kinds of clouds of your own, or leave it out",
        )
    return dict(sorted(found.items()))


def load_stack(kind: object) -> Any:
    """The class of stacks of a kind.

    Raises:
        ConfigError: There is no such kind, or its module can't be used.
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
                f"Python finds {package} elsewhere, not beside {_FILE}",
                value=places,
                fix=f"add an empty {stacks_directory() / '__init__.py'}; if there is one, rename the folder and name "
                "it in context.stacks",
            )
        loaded = importlib.import_module(module)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"{module} can't be imported: {error}",
            fix="correct it; if it is a copy of an older version's stacks, delete it, and write what you change as a "
            "subclass of the package's; see Upgrading in CHANGELOG.md",
        ) from error
    found = getattr(loaded, name, None)
    if not (isinstance(found, type) and hasattr(found, "config_type")):
        raise ConfigError(
            f"{module} has no class {name}, the kind's stack",
            fix=f"name it {name}, and derive it from one of anyscale_constructs.clouds",
        )
    return found


def stacks_directory() -> pathlib.Path:
    """Where the kinds of clouds of your own are: `context.stacks`, else `stacks`."""
    return pathlib.Path(*_stacks().split("."))


def _stacks() -> str:
    package = _setting("context", "stacks", default="stacks")
    if not all(map(str.isidentifier, package.split("."))):
        raise ConfigError(
            f"{_FILE}: context.stacks must be the name of a package",
            value=package,
            fix="name it as Python imports it, e.g. stacks or infra.stacks",
        )
    return package


def _place(package: str, kind: str) -> str:
    return f"{package}.{kind}:{kind.title().replace('_', '')}Stack"


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
        raise ConfigError(f"{_FILE}: {'.'.join(keys)} must be a string", value=value)
    return value
