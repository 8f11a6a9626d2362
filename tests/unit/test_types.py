"""Type checkers know every parameter of every configuration and of every construct."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import anyscale_constructs
import stacks
from anyscale_constructs.cli import new
from anyscale_constructs.clouds import KINDS
from anyscale_constructs.config.model import Model
from anyscale_constructs.engine import Construct
from anyscale_constructs.terraform.types import TfAny
from tests import ROOT

CHECKERS = {"mypy": [], "basedpyright": ["--pythonpath", sys.executable]}
WRONG_TYPE = "# type: ignore[arg-type] # pyright: ignore[reportArgumentType]"
WRONG_NAME = "# type: ignore[call-arg] # pyright: ignore[reportCallIssue]"


def public(base: type[Any]) -> Iterator[type[Any]]:
    for cls in base.__subclasses__():
        yield from public(cls)
        root, _, inside = cls.__module__.partition(".")
        ours = root in {"anyscale_constructs", "stacks"} and not inside.startswith("engine.")  # typed as cdktf's
        if ours and not cls.__name__.startswith("_") and not is_abstract(cls):
            yield cls


def is_abstract(cls: type[Any]) -> bool:
    """Returns whether a subclass must implement a method; jsii's classes cannot have the metaclass for it."""
    return any(getattr(getattr(cls, name, None), "__isabstractmethod__", False) for name in dir(cls))


def typed_parameters(cls: type[Any]) -> Iterator[str]:
    if issubclass(cls, Model):
        yield from cls.model_fields
        return
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:
        if parameter.kind is not parameter.VAR_KEYWORD:
            yield parameter.name
            continue
        (inputs,) = get_args(parameter.annotation)
        yield from (name for name, type_ in inputs.typed_dict().__annotations__.items() if TfAny not in get_args(type_))


def wrong_program() -> str:
    """Each class is called with a mistake in each argument, and with an unknown argument.

    Both checkers also report an unnecessary ignore comment, which marks a mistake that they do not find.
    """
    for package in (anyscale_constructs, stacks):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    classes = sorted({*public(Model), *public(Construct)}, key=lambda cls: (cls.__module__, cls.__name__))
    lines = [f"import {module}" for module in ("typing", *sorted({cls.__module__ for cls in classes}))]
    lines.append("given: dict[str, typing.Any] = {}")
    for cls in classes:
        name = f"{cls.__module__}.{cls.__name__}"
        lines += [
            f"{name}(",
            *(f"    {parameter}=object(), {WRONG_TYPE}" for parameter in typed_parameters(cls)),
            ")",
            f"{name}(**given, no_such_name=1) {WRONG_NAME}",
        ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("types") / "wrong.py"
    file.write_text(wrong_program(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def own_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("types") / "own"
    folder.mkdir()
    for kind in KINDS:
        (folder / f"my_{kind}.py").write_text(new.source(kind, f"my_{kind}"), encoding="utf-8")
    return folder


def check(checker: str, checked: Path) -> None:
    command = [sys.executable, "-m", checker, *CHECKERS[checker], str(checked)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_parameter_is_typed(checker: str, program: Path) -> None:
    check(checker, program)


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_new_own_kind_has_no_errors(checker: str, own_kinds: Path) -> None:
    check(checker, own_kinds)
