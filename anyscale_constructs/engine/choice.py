"""Chooses the engine, once per process.

ANYSCALE_CONSTRUCTS_ENGINE selects it (`native`, `cdktf` or `cdktn`). Otherwise it is the one that is already imported,
else `native` for commands on YAML files, and for Python programs the installed one, cdktf first. All engines have the
same API and produce the same JSON, but a process cannot mix them.
"""

import functools
import importlib
import importlib.util
import json
import os
import pathlib
import sys
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import Any

from anyscale_constructs.errors import EngineError

VARIABLE = "ANYSCALE_CONSTRUCTS_ENGINE"
NATIVE = "native"
_WITH_NODE = ("cdktf", "cdktn")
_HCL = "SYNTH_HCL_OUTPUT"
_CONTEXT = "CDKTF_CONTEXT_JSON"
_COMMANDS = {"anyscale-constructs", "__main__"}  # __main__ with python -m
_command: list[str] = []


def run_command() -> None:
    """Marks the process as a command on YAML files, which needs no Node.js unless it loads the user's own stacks.

    Does nothing if the process is another program that calls the command.
    """
    if pathlib.Path(sys.argv[0]).stem in _COMMANDS:
        _command[:] = [sys.executable, *sys.orig_argv[1:]]


@functools.cache
def chosen() -> str:
    """Returns the name of the engine.

    Raises:
        EngineError: The engine is not installed, another one is already loaded, or a variable of cdktf-cli is invalid.
    """
    if os.environ.get(_HCL) in {"true", "1"}:  # the engine would not write the JSON that the stacks check
        raise EngineError(
            f"{_HCL}, which cdktf synth --hcl sets, is not supported: only Terraform JSON is checked",
            fix="run cdktf synth without --hcl",
        )
    try:
        context = json.loads(os.environ.get(_CONTEXT) or "{}")
    except (ValueError, RecursionError):
        context = None
    if not isinstance(context, dict):
        raise EngineError(f"{_CONTEXT} must be a JSON object", fix="correct it, or unset it; cdktf-cli sets it")
    loaded = [engine for engine in _WITH_NODE if engine in sys.modules]
    if len(loaded) > 1:
        raise EngineError(
            "cdktf and cdktn are both loaded, but a process cannot mix them",
            fix="import only one of them, or neither: anyscale_constructs.engine imports what it needs",
        )
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in {NATIVE, *_WITH_NODE}:
        raise EngineError(f"{VARIABLE} must name an engine", value=wanted, allowed="native, cdktf or cdktn")
    if loaded and wanted and loaded != [wanted]:
        raise EngineError(
            f"{loaded[0]} is already loaded, but {VARIABLE} is {wanted}",
            fix=f"import {wanted} instead of {loaded[0]}, or unset {VARIABLE}"
            if wanted != NATIVE
            else f"import no engine, or unset {VARIABLE}",
        )
    installed = [engine for engine in _WITH_NODE if importlib.util.find_spec(engine)]
    engine = wanted or next(iter(loaded), "") or (NATIVE if _command else next(iter(installed), "cdktf"))
    if engine not in {NATIVE, *installed}:
        raise EngineError(f"the engine {engine} is not installed", fix=f"pip install {engine}")
    return engine


@functools.cache
def load() -> dict[str, Any]:
    """Loads the engine and returns its names.

    Raises:
        EngineError: The engine or its Node.js is missing, or another engine is already loaded.
    """
    name = chosen()
    if name != NATIVE:
        from anyscale_constructs.node import prepare_node  # noqa: PLC0415 - imported only when needed

        prepare_node()
    module = importlib.import_module(f"{__package__}.native" if name == NATIVE else name)
    found = {**vars(module), "name": name}
    if name != NATIVE:
        found["resolved"] = lambda value: value  # the engine's JSON is plain
        found["Construct"] = importlib.import_module("constructs").Construct
        found["member"] = importlib.import_module("jsii").member
    sys.meta_path.insert(0, _Watch(name))
    return found


class _Watch:
    """An import hook that prevents the import of another engine.

    Args:
        name: The name of the chosen engine.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._others = {*_WITH_NODE, *(("constructs", "jsii") if name == NATIVE else ())} - {name}

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - Python passes it
        target: types.ModuleType | None = None,  # noqa: ARG002 - this too
    ) -> ModuleSpec | None:
        """Returns None; for another engine, raises an error or restarts the command with that engine.

        Args:
            name: The name of the imported module.
            path: Not used.
            target: Not used.

        Raises:
            EngineError: The module belongs to another engine.
        """
        if name not in self._others:
            return None
        engine = name if name in _WITH_NODE else "cdktf"
        if self._name == NATIVE and _command and not os.environ.get(VARIABLE):
            os.execve(_command[0], _command, {**os.environ, VARIABLE: engine})  # noqa: S606 - the same program
        raise EngineError(
            f"{name} is imported, but the engine {self._name} is in use, and a process cannot mix them",
            fix=f"set {VARIABLE}={engine} in the environment, or do not import {name}",
        )
