"""Writes a synthesized stack as plain Terraform that no longer needs this library."""

import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.terraform.locks import TERRAFORM_LOCK
from anyscale_constructs.terraform.synthesized import read_synthesized

MAIN = "main.tf.json"
_SYNTHESIZED = "cdk.tf.json"
_VARIABLES = ("*.tfvars", "*.tfvars.json")


def eject(stack: pathlib.Path, home: pathlib.Path, target: pathlib.Path) -> list[str]:
    """Writes a stack as plain Terraform: the same configuration, without the engine's metadata.

    Terraform continues to use the same state; a local state file is not moved.

    Args:
        stack: The folder with the stack's JSON.
        home: The stack's folder in the output directory, where Terraform has run so far: relative paths in the
            configuration are relative to it, and lock and variable files are copied from it.
        target: The folder to write to, which must be empty or not exist.

    Returns:
        The paths of the written files, relative to the folder.

    Raises:
        SynthesisError: The stack's JSON is not what synthesis writes, or the folder to write to is not empty or cannot
            be written.
    """
    content = _plain(read_synthesized(stack / _SYNTHESIZED))
    _move_states(content, lambda path: os.path.relpath(home / path, target))
    try:
        if target.exists() and any(target.iterdir()):
            raise SynthesisError(f"{target} is not empty", fix="choose another directory with --to")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            made = pathlib.Path(temporary) / target.name
            shutil.copytree(stack, made, ignore=_leave_out)
            for file in (home / TERRAFORM_LOCK, *(found for name in _VARIABLES for found in home.glob(name))):
                if file.is_file() and not (made / file.name).exists():
                    shutil.copy(file, made)
            (made / MAIN).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            made.replace(target)
    except OSError as error:
        # shutil.copytree continues after an error, and raises all errors together.
        file, why = (error.filename, error.strerror) if error.errno else error.args[0][0][1:]
        what = f"{file or target} cannot be written: {why}"
        raise SynthesisError(what, fix="choose another directory with --to") from error
    return sorted(str(file.relative_to(target)) for file in target.rglob("*") if file.is_file())


def _leave_out(_folder: str, names: list[str]) -> list[str]:
    """Returns the names that are not configuration: Terraform's working data, states and plans."""
    kept = (".terraform", _SYNTHESIZED)
    return [name for name in names if name in kept or ".tfstate" in name or name.endswith(".tfplan")]


def _plain(value: Any) -> Any:
    """Returns Terraform JSON without the engine's comments; users' comments stay."""
    match value:
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items() if not _is_engines(key, inner)}
        case list():
            return [*map(_plain, value)]
    return value


def _is_engines(key: str, value: Any) -> bool:
    return key == "//" and isinstance(value, Mapping) and "metadata" in value


def _move_states(content: dict[str, Any], moved: Callable[[str], str]) -> None:
    """Adapts the relative paths of local states to the new folder."""
    backends = [("local", content.get("terraform", {}).get("backend", {}).get("local", {}))]
    states = content.get("data", {}).get("terraform_remote_state", {})
    backends += [(state.get("backend"), state.get("config", {})) for state in states.values()]
    for type_, arguments in backends:
        path = arguments.get("path") if isinstance(arguments, dict) else None
        if type_ == "local" and isinstance(path, str) and not pathlib.PurePath(path).is_absolute():
            arguments["path"] = moved(path)
