"""Checks what users add to a stack with overrides and the engine's constructs; valid additions are unchanged."""

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from anyscale_constructs.engine import Construct, TerraformProvider
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.sources import Sources

if TYPE_CHECKING:
    from anyscale_constructs.terraform.module import Module

# The arguments of a module call other than inputs; the engine also adds a comment.
ARGUMENTS = {"count", "depends_on", "for_each", "providers", "source", "version"}
_COMMENT = "//"

LOST_OVERRIDE = Rule(
    "lost-override", "error", "The engine drops an override whose path has a name where a list index is needed."
)
UNKNOWN_ARGUMENT = Rule("unknown-argument", "error", "Terraform rejects arguments that do not exist.")
TWO_DEFAULTS = Rule("duplicate-provider", "error", "Terraform accepts one default configuration per provider.")
UNKNOWN_MODULE = Rule("unknown-module", "error", "A misspelt module ID would silently have no effect.")
UNKNOWN_RESOURCE = Rule("unknown-resource", "error", "A misspelt address would silently have no effect.")


def idle_overrides(sources: Sources, modules: Collection[str], resources: Collection[str]) -> Iterator[Finding]:
    """Yields findings about overrides of modules and resources that the stack does not have.

    Args:
        sources: The overrides.
        modules: The paths of the stack's modules.
        resources: The addresses of the stack's resources.
    """
    for key, given, there, what, rule in (
        ("modules", sources.overrides, modules, "module", UNKNOWN_MODULE),
        ("resources", sources.resources, resources, "resource", UNKNOWN_RESOURCE),
    ):
        for name in given.keys() - set(there):
            yield Finding(unknown(name, there, what), rule=rule, key=(key, name))


def lost_overrides(tree: Mapping[str, Any], overrides: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields findings about overrides that the engine drops, because their path has a name where an index is needed.

    Args:
        tree: The stack's JSON.
        overrides: The overriding values, by path.
    """
    for path, value in overrides.items():
        yield from _lost(tree, reduce(lambda inner, key: {key: inner}, reversed(path.split(".")), value), "")


def _lost(tree: Any, given: Any, path: str) -> Iterator[Finding]:
    if not isinstance(given, Mapping):
        return
    for key, value in ((str.__str__(key), value) for key, value in given.items()):  # an expression cannot be compared
        if isinstance(tree, list) and not key.isdecimal():
            yield Finding(
                f"the override of {path}.{key} has no effect: {path} is a list",
                f"add the index of the element, e.g. {path}.0.{key}",
                rule=LOST_OVERRIDE,
            )
        else:
            yield from _lost(_element(tree, key), value, f"{path}.{key}" if path else key)


def _element(tree: Any, key: str) -> Any:
    if isinstance(tree, list):
        return tree[int(key)] if int(key) < len(tree) else None
    return tree.get(key) if isinstance(tree, Mapping) else None


def refused_arguments(tree: Mapping[str, Any], modules: Collection["Module"]) -> Iterator[Finding]:
    """Yields findings about invalid arguments that overrides add to module calls.

    Args:
        tree: The stack's JSON.
        modules: The stack's modules.
    """
    for module in modules:
        call = tree.get("module", {}).get(module.module_id, {})
        inputs = module.interface.variables
        for name in call:
            if name not in inputs and name not in ARGUMENTS and name != _COMMENT:
                unknowns = Finding(unknown(name, inputs, "input"), rule=UNKNOWN_ARGUMENT, on=[name])
                yield from module.located([unknowns])
        found = module.found_by_waiting() if call.get("depends_on") else None
        if found and found.severity == "error":
            yield from module.located([found])


def two_defaults(tree: Mapping[str, Any], stack: Construct) -> Iterator[Finding]:
    """Yields findings about providers with more than one default configuration.

    Args:
        tree: The stack's JSON.
        stack: The stack.
    """
    for name, blocks in tree.get("provider", {}).items():
        count = len(_defaults(blocks))
        if count > 1:
            found = (child for child in stack.node.find_all() if isinstance(child, TerraformProvider))
            paths = [
                each.node.path for each in found if _defaults(each.to_terraform().get("provider", {}).get(name, []))
            ]
            paths += [f"the override of provider.{name}"] * (count - len(paths))
            yield Finding(
                f"{' and '.join(paths)} are both the default configuration of the provider {name}",
                "remove one of them, or set an alias",
                rule=TWO_DEFAULTS,
            )


def _defaults(blocks: Any) -> list[Any]:
    return [block for block in (blocks if isinstance(blocks, list) else [blocks]) if "alias" not in block]
