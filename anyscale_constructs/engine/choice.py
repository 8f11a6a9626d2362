"""Which engine runs, chosen once in a process.

ANYSCALE_CONSTRUCTS_ENGINE names it (`native`, `cdktf` or `cdktn`). Else it is the one that is already imported; else
`native` for a command that works on YAML, and for a Python program the one that is installed, cdktf first. All have the
same API and give the same JSON, but one process can't mix them.
"""

import functools
import importlib
import importlib.util
import os
import pathlib
import sys
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import Any

from anyscale_constructs.errors import EngineError
from anyscale_constructs.node import prepare_node

VARIABLE = "ANYSCALE_CONSTRUCTS_ENGINE"
NATIVE = "native"
_WITH_NODE = ("cdktf", "cdktn")
_HCL = "SYNTH_HCL_OUTPUT"
_COMMANDS = {"anyscale-constructs", "__main__"}  # the latter of python -m
_command: list[str] = []


def run_command() -> None:
    """Says that a command on YAML runs, which needs no Node.js, unless stacks of one's own do.

    It is so where the command is all that the process does; a program that calls one is a program.
    """
    if pathlib.Path(sys.argv[0]).stem in _COMMANDS:
        _command[:] = [sys.executable, *sys.orig_argv[1:]]


@functools.cache
def chosen() -> str:
    """The engine's name.

    Raises:
        EngineError: It can't be had.
    """
    if os.environ.get(_HCL) in {"true", "1"}:  # then the engine writes no JSON, which the checks of the stacks read
        raise EngineError(
            f"{_HCL}, which cdktf synth --hcl sets, is not supported: only Terraform JSON is checked",
            fix="run cdktf synth without --hcl",
        )
    loaded = [engine for engine in _WITH_NODE if engine in sys.modules]
    if len(loaded) > 1:
        raise EngineError(
            "cdktf and cdktn are both loaded, and one process can't mix them",
            fix="import one of them, or neither: anyscale_constructs.engine brings what it needs",
        )
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in {NATIVE, *_WITH_NODE}:
        raise EngineError(f"{VARIABLE} must name an engine", value=wanted, allowed="native, cdktf or cdktn")
    if loaded and wanted and loaded != [wanted]:
        raise EngineError(
            f"{loaded[0]} is loaded already, but {VARIABLE} asks for {wanted}",
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
    """All that the engine has, by name.

    Raises:
        EngineError: It can't be had, or Node.js is missing, which it runs on.
    """
    name = chosen()
    if name != NATIVE:
        prepare_node()
    module = importlib.import_module(f"{__package__}.native" if name == NATIVE else name)
    found = {**vars(module), "name": name}
    if name != NATIVE:
        found["Construct"] = importlib.import_module("constructs").Construct
        found["member"] = importlib.import_module("jsii").member
    sys.meta_path.insert(0, _Watch(name))
    return found


class _Watch:
    """What sees to it that no other engine is imported beside the chosen one.

    Args:
        name: The chosen one.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._others = {*_WITH_NODE, *(("constructs", "jsii") if name == NATIVE else ())} - {name}

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - Python gives it
        target: types.ModuleType | None = None,  # noqa: ARG002 - this too
    ) -> ModuleSpec | None:
        """Finds nothing; refuses another engine, or starts the command again with it."""
        if name not in self._others:
            return None
        engine = name if name in _WITH_NODE else "cdktf"
        if self._name == NATIVE and _command and not os.environ.get(VARIABLE):
            os.execve(_command[0], _command, {**os.environ, VARIABLE: engine})  # noqa: S606 - the same program
        raise EngineError(
            f"{name} is imported, but the engine {self._name} is in use, and one process can't mix them",
            fix=f"set {VARIABLE}={engine} in the environment, or do not import {name}",
        )
