"""What users add to a stack by overrides and by the engine's own constructs: it stays as it is, or is refused."""

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from anyscale_constructs.config.model import unknown
from anyscale_constructs.engine import Construct, TerraformProvider

if TYPE_CHECKING:
    from anyscale_constructs.terraform.module import Module

# What a module call takes beside inputs; the engine adds a comment.
ARGUMENTS = {"count", "depends_on", "for_each", "providers", "source", "version"}
_COMMENT = "//"


def lost_overrides(tree: Mapping[str, Any], overrides: Mapping[str, Any]) -> Iterator[str]:
    """The overrides that the engine drops, since they lead into a list by a name.

    Args:
        tree: The stack's JSON.
        overrides: What overrides set, by its path.
    """
    for path, value in overrides.items():
        yield from _lost(tree, reduce(lambda inner, key: {key: inner}, reversed(path.split(".")), value), "")


def _lost(tree: Any, given: Any, path: str) -> Iterator[str]:
    if not isinstance(given, Mapping):
        return
    for key, value in ((str.__str__(key), value) for key, value in given.items()):  # an expression can't be compared
        if isinstance(tree, list) and not key.isdecimal():
            yield (
                f"the override of {path}.{key} has no effect: {path} is a list. To mend it: name the element, e.g. "
                f"{path}.0.{key}"
            )
        else:
            yield from _lost(_element(tree, key), value, f"{path}.{key}" if path else key)


def _element(tree: Any, key: str) -> Any:
    if isinstance(tree, list):
        return tree[int(key)] if int(key) < len(tree) else None
    return tree.get(key) if isinstance(tree, Mapping) else None


def refused_arguments(tree: Mapping[str, Any], modules: Collection["Module"]) -> Iterator[str]:
    """What module calls were given beside their constructors, and can't take.

    Args:
        tree: The stack's JSON.
        modules: The stack's modules.
    """
    for module in modules:
        call = tree.get("module", {}).get(module.module_id, {})
        inputs = module.interface.variables
        for name in call.keys() - {_COMMENT} - ARGUMENTS - inputs.keys():
            yield f"{module.address}: {unknown(name, inputs, 'input')}"
        found = module.found_by_waiting() if call.get("depends_on") else None
        if found and not found.note:
            yield f"{module.address}: {found}"


def two_defaults(tree: Mapping[str, Any], stack: Construct) -> Iterator[str]:
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
            yield (
                f"{' and '.join(paths)} are both the default configuration of the provider {name}. To mend it: "
                "leave one out, or give it an alias"
            )


def _defaults(blocks: Any) -> list[Any]:
    return [block for block in (blocks if isinstance(blocks, list) else [blocks]) if "alias" not in block]
