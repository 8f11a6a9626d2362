"""Checks of a stack's finished JSON: what its code refers to, and what is left of the engine's tokens."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from anyscale_constructs.core.model import unknown
from anyscale_constructs.expressions import code_in

if TYPE_CHECKING:
    from anyscale_constructs.core.module import Module

# Code that names a module's output, a variable, a local value or a data source.
_NAMED = re.compile(
    r"(?<![\w.-])(?:module\.(?P<module>[A-Za-z_][\w-]*)(?:\.(?P<output>[A-Za-z_][\w-]*))?"
    r"|(?P<declared>(?:var|local)\.[A-Za-z_][\w-]*|data\.[A-Za-z_]\w*\.[A-Za-z_][\w-]*))"
)
# The engine's tokens, its objects as text, and its number tokens as text.
_RESIDUE = re.compile(r"TfToken\[|<jsii\.|jsii\._|-8\.1095622\d*e\+298")


def residue(tree: Mapping[str, Any]) -> Iterator[str]:
    """What is left of the engine's tokens in a stack's JSON."""
    text = json.dumps(tree, ensure_ascii=False)
    if found := _RESIDUE.search(text):
        yield (
            f"{text[max(found.start() - 20, 0) : found.end() + 20]!r} is left of a value that is known only "
            "later. To mend it: take the value from your configuration, or write a Terraform function with expr()"
        )


def dead_references(tree: Mapping[str, Any], modules: Mapping[str, "Module"]) -> Iterator[str]:
    """The references in a stack's JSON that lead nowhere.

    Args:
        tree: The JSON.
        modules: The stack's modules, by their ids in Terraform.
    """
    declared = {f"var.{name}" for name in tree.get("variable", {})}
    declared |= {f"local.{name}" for name in tree.get("locals", {})}
    checks = [check for check in tree.get("check", {}).values() if isinstance(check, Mapping)]
    for scope in (tree, *checks):
        declared |= {f"data.{kind}.{name}" for kind, found in scope.get("data", {}).items() for name in found}
    seen: set[tuple[str, str]] = set()
    for path, code in code_in(tree):
        for match in _NAMED.finditer(code):
            name = match.group()
            if (path, name) in seen:
                continue
            seen.add((path, name))
            if match["declared"]:
                if name not in declared:
                    yield (
                        f"{path} refers to '${{{name}}}', which is not in this stack. To mend it: write the value "
                        "itself, or declare that in the stack"
                    )
            elif (module := modules.get(match["module"])) is None:
                if match["module"] not in tree.get("module", {}):
                    yield (
                        f"{path} refers to module.{match['module']}, which is not in this stack. To mend it: one "
                        "cloud is one stack; pass a value of another stack as a literal, or read it with a data "
                        "source"
                    )
            elif match["output"] and match["output"] not in module.interface.outputs:
                nearest = unknown(match["output"], module.interface.outputs, "output")
                yield f"{path} refers to {module.address}: {nearest}"
