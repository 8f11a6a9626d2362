"""Reads the arguments, module inputs, attributes and rules of constructs from their code."""

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from anyscale_constructs.config.model import Model
from anyscale_constructs.findings import Rule
from anyscale_constructs.terraform.guards import Guard
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.resource import Data, Resource
from docs.generate.docstrings import Docstring, first_paragraph

PACKAGE = "anyscale_constructs"
_HOOKS = {"complete", "findings", "found_by_waiting"}
"""Methods that constructs override but that users do not call."""


@dataclass(frozen=True)
class Argument:
    """An argument of a construct.

    Args:
        name: The name, with the prefix `**` for arbitrary keyword arguments.
        type: The annotation; empty if the type is documented elsewhere.
        default: The code of the default; empty if the argument is required.
    """

    name: str
    type: str
    default: str = ""


def is_ours(defined: Any) -> bool:
    """Returns whether this library defines a class or a function, and not an engine.

    Args:
        defined: A class or a function.
    """
    return str(defined.__module__).startswith(PACKAGE) and ".engine" not in defined.__module__


def arguments_of(construct: Any) -> Iterator[Argument]:
    """Yields the arguments as they are in the source.

    Args:
        construct: A class or a function.
    """
    code = inspect.unwrap(construct.__init__) if inspect.isclass(construct) else construct
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    if not isinstance(function, ast.FunctionDef):
        raise TypeError(f"{construct} is not a function")
    given = function.args
    no_defaults = [None] * (len(given.args) - len(given.defaults))
    defaults = (*no_defaults, *given.defaults, *given.kw_defaults)
    for each, default in zip((*given.args, *given.kwonlyargs), defaults, strict=True):
        if each.annotation:  # all except self
            yield Argument(each.arg, ast.unparse(each.annotation), ast.unparse(default) if default else "")
    if given.kwarg:
        yield Argument(f"**{given.kwarg.arg}", "", "{}")


def base_of(construct: type) -> type | None:
    """Returns the base class of a construct that has its own page, or None.

    Args:
        construct: The construct.
    """
    return next((cls for cls in construct.__mro__[1:] if cls in {Module, Resource, Data}), None)


def upstream_inputs(construct: type[Module]) -> Iterator[tuple[str, str]]:
    """Yields the inputs of the construct's module with their descriptions in the generated wrapper.

    Args:
        construct: The construct.
    """
    tree = ast.parse(inspect.getsource(sys.modules[construct.inputs_type.__module__]))
    classes = {found.name: found for found in tree.body if isinstance(found, ast.ClassDef)}
    yield from _fields(construct.inputs_type.__name__, classes)


def _fields(name: str, classes: Mapping[str, ast.ClassDef]) -> Iterator[tuple[str, str]]:
    """Yields the fields of a class and its bases in the same module, with their descriptions."""
    if found := classes.get(name):
        for field, said in itertools.pairwise(found.body):
            match field, said:
                case ast.AnnAssign(target=ast.Name(id=field_name)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield field_name, " ".join(text.split())
        for base in found.bases:
            yield from _fields(ast.unparse(base), classes)


def attributes_of(construct: type) -> Mapping[str, str]:
    """Returns the descriptions of public properties and methods, without those of a base class with its own page.

    Args:
        construct: The construct.
    """
    found: dict[str, str] = {}
    for cls in itertools.takewhile(lambda cls: is_ours(cls) and cls is not base_of(construct), construct.__mro__):
        for name, member in vars(cls).items():
            if name.startswith("_") or name in _HOOKS or not isinstance(member, property | FunctionType):
                continue
            called = f"({', '.join([*inspect.signature(member).parameters][1:])})" if callable(member) else ""
            found.setdefault(f"{name}{called}", first_paragraph(Docstring.of(member).about))
    return found


def rules_of(module: ModuleType, constructs: Iterable[Any]) -> Sequence[Rule]:
    """Returns the rules that a module contains, and those of its constructs' guards.

    Args:
        module: The module.
        constructs: Its constructs.
    """
    guards = (guard for construct in constructs for guard in getattr(construct, "guards", ()))
    found = {rule.id: rule for each in (*vars(module).values(), *guards) for rule in _rules(module, each)}
    return [found[name] for name in sorted(found)]


def _rules(module: ModuleType, defined: Any) -> Iterator[Rule]:
    match defined:
        case Rule():
            yield defined
        case Guard(rule=Rule() as rule):
            yield rule
        case Guard(find=find):
            yield from _named(find)
        case type() if issubclass(defined, Model) and defined.__module__ == module.__name__:
            for member in filter(inspect.isfunction, vars(defined).values()):
                yield from _named(member)


def _named(function: Callable[..., Any]) -> Iterator[Rule]:
    """Yields the rules that a function names."""
    for name in function.__code__.co_names:
        if isinstance(rule := function.__globals__.get(name), Rule):
            yield rule
