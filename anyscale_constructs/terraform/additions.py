"""What users add to a stack by overrides and by the engine's own constructs: it stays as it is, or is refused."""

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from anyscale_constructs.engine import Construct, TerraformProvider
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.sources import Sources

if TYPE_CHECKING:
    from anyscale_constructs.terraform.module import Module

# What a module call takes beside inputs; the engine adds a comment.
ARGUMENTS = {"count", "depends_on", "for_each", "providers", "source", "version"}
_COMMENT = "//"

LOST_OVERRIDE = Rule("lost-override", "error", "The engine drops an override that leads into a list by a name.")
UNKNOWN_ARGUMENT = Rule("unknown-argument", "error", "Terraform refuses what a module call does not take.")
TWO_DEFAULTS = Rule("duplicate-provider", "error", "Terraform takes one default configuration of a provider.")
UNKNOWN_MODULE = Rule("unknown-module", "error", "A misspelt id would change nothing, without a word.")
UNKNOWN_RESOURCE = Rule("unknown-resource", "error", "A misspelt address would change nothing, without a word.")


def idle_overrides(sources: Sources, modules: Collection[str], resources: Collection[str]) -> Iterator[Finding]:
    """What the configuration changes of modules and resources that the stack does not have.

    Args:
        sources: What is to be changed.
        modules: The paths of the stack's modules.
        resources: The addresses of its resources.
    """
    for key, given, there, what, rule in (
        ("modules", sources.overrides, modules, "module", UNKNOWN_MODULE),
        ("resources", sources.resources, resources, "resource", UNKNOWN_RESOURCE),
    ):
        for name in given.keys() - set(there):
            yield Finding(unknown(name, there, what), rule=rule, key=(key, name))


def lost_overrides(tree: Mapping[str, Any], overrides: Mapping[str, Any]) -> Iterator[Finding]:
    """The overrides that the engine drops, since they lead into a list by a name.

    Args:
        tree: The stack's JSON.
        overrides: What overrides set, by its path.
    """
    for path, value in overrides.items():
        yield from _lost(tree, reduce(lambda inner, key: {key: inner}, reversed(path.split(".")), value), "")


def _lost(tree: Any, given: Any, path: str) -> Iterator[Finding]:
    if not isinstance(given, Mapping):
        return
    for key, value in ((str.__str__(key), value) for key, value in given.items()):  # an expression can't be compared
        if isinstance(tree, list) and not key.isdecimal():
            yield Finding(
                f"the override of {path}.{key} has no effect: {path} is a list",
                f"name the element, e.g. {path}.0.{key}",
                rule=LOST_OVERRIDE,
            )
        else:
            yield from _lost(_element(tree, key), value, f"{path}.{key}" if path else key)


def _element(tree: Any, key: str) -> Any:
    if isinstance(tree, list):
        return tree[int(key)] if int(key) < len(tree) else None
    return tree.get(key) if isinstance(tree, Mapping) else None


def refused_arguments(tree: Mapping[str, Any], modules: Collection["Module"]) -> Iterator[Finding]:
    """What module calls were given beside their constructors, and can't take.

    Args:
        tree: The stack's JSON.
        modules: The stack's modules.
    """
    for module in modules:
        call = tree.get("module", {}).get(module.module_id, {})
        inputs = module.interface.variables
        for name in call.keys() - {_COMMENT} - ARGUMENTS - inputs.keys():
            unknowns = Finding(unknown(name, inputs, "input"), rule=UNKNOWN_ARGUMENT, on=[name])
            yield from module.located([unknowns])
        found = module.found_by_waiting() if call.get("depends_on") else None
        if found and found.severity == "error":
            yield from module.located([found])


def two_defaults(tree: Mapping[str, Any], stack: Construct) -> Iterator[Finding]:
    """The providers that have more than one default configuration, with the paths of all of these.

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
                "leave one out, or give it an alias",
                rule=TWO_DEFAULTS,
            )


def _defaults(blocks: Any) -> list[Any]:
    return [block for block in (blocks if isinstance(blocks, list) else [blocks]) if "alias" not in block]
