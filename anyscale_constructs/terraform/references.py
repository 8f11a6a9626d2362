"""Checks a stack's finished JSON for dead references, dependency cycles and unresolved tokens."""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from anyscale_constructs import words
from anyscale_constructs.engine import TerraformElement
from anyscale_constructs.errors import said_by_engine
from anyscale_constructs.expressions import ENGINE_TOKEN, references
from anyscale_constructs.expressions.code import code_in, texts
from anyscale_constructs.findings import Finding, Rule, in_json
from anyscale_constructs.names import unknown

if TYPE_CHECKING:
    from anyscale_constructs.terraform.module import Module
    from anyscale_constructs.terraform.stack import CloudStack

# A reference to a module's output, a variable, a local value or a data source.
_NAMED = re.compile(
    r"(?<![\w.-])(?:module\.(?P<module>[A-Za-z_][\w-]*)(?:\.(?P<output>[A-Za-z_][\w-]*))?"
    r"|(?P<declared>(?:var|local)\.[A-Za-z_][\w-]*|data\.[A-Za-z_]\w*\.[A-Za-z_][\w-]*))"
)
# The engine's tokens, even if truncated or changed in case, and its objects, number tokens and expressions as Python
# prints them.
_RESIDUE = {
    ("{", "{tf"): r"[$#@&]\{Tf(?:To|$)",
    ("]", "token."): r"Token\.\d+\]",
    ("j", "jsii"): r"<jsii\b|jsii\._",
    ("<", "<cdkt"): r"<cdkt[fn]\b",
    ("+", "8.1095622"): r"8\.1095622\d*e\+298",
    ("'", "expr('"): r"\bExpr\('",
}
"""Patterns, by a character and lower-case letters that every match contains; the search for a character is faster."""
_ANY_RESIDUE = re.compile("|".join(_RESIDUE.values()), re.IGNORECASE)

UNWRITABLE = Rule("unwritable-value", "error", "The engine cannot write the value as Terraform JSON.")
UNRESOLVED_TOKEN = Rule("unresolved-token", "error", "Terraform would use the text of the token instead of its value.")
UNKNOWN_REFERENCE = Rule("unknown-reference", "error", "Terraform rejects references to objects outside of the stack.")
DEPENDENCY_CYCLE = Rule("dependency-cycle", "error", "Terraform rejects modules that depend on each other.")


def hidden_tokens(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yields the code of expressions in a stack's JSON that contains engine tokens."""
    for _, text in texts(tree):
        yield from (code.text for code in words.codes(text) if ENGINE_TOKEN in code.text)


def refused_elements(stack: "CloudStack") -> Iterator[Finding]:
    """Yields findings about elements and overrides that the engine cannot write, e.g. with a list inside a string."""
    elements = [each for each in stack.node.find_all() if isinstance(each, TerraformElement)]
    values = {each.node.path: each.to_terraform() for each in elements}
    values |= {f"the override of {path}": value for path, value in stack.overrides.items()}
    for where, value in values.items():
        try:
            stack.code_of_tokens(value)
        except RuntimeError as error:
            yield Finding(
                f"the engine cannot write {where}: {said_by_engine(error).rstrip('.')}",
                "pass the values themselves to lists and functions; fn.jsonencode(...) converts a list to a string, "
                "and fn.concat(...) appends to a list",
                rule=UNWRITABLE,
            )


def residue(tree: Mapping[str, Any], letters: str) -> Iterator[Finding]:
    """Yields findings about unresolved tokens left in a stack's JSON.

    Args:
        tree: The JSON.
        letters: All strings of the JSON, including keys, in one string in lower case.
    """
    for path, text in texts(tree) if any(rare in letters and part in letters for rare, part in _RESIDUE) else ():
        for left in _ANY_RESIDUE.finditer(text):
            yield in_json(
                path,
                "contains an unresolved token",
                "use a value from your configuration, a Terraform function (fn), or expr()",
                text[max(left.start() - 40, 0) : left.end() + 20],
                rule=UNRESOLVED_TOKEN,
            )


def dead_references(
    tree: Mapping[str, Any], strings: Iterable[str], modules: Mapping[str, "Module"]
) -> Iterator[Finding]:
    """Yields findings about references in a stack's JSON to objects that do not exist.

    Args:
        tree: The JSON.
        strings: All strings of the JSON that may contain code, including keys.
        modules: The stack's modules, by their names in Terraform.
    """
    declared = {f"var.{name}" for name in tree.get("variable", {})}
    declared |= {f"local.{name}" for name in tree.get("locals", {})}
    checks = [check for check in tree.get("check", {}).values() if isinstance(check, Mapping)]
    for scope in (tree, *checks):
        declared |= {f"data.{kind}.{name}" for kind, named in scope.get("data", {}).items() for name in named}

    def problem(name: str, output: str, named: str) -> tuple[str, str] | None:
        """Returns what a reference refers to and how to fix it, or None if the object exists."""
        if named:
            dead = f"'${{{named}}}', which is not in this stack", "use the value itself, or declare it"
            return None if named in declared else dead
        if (module := modules.get(name)) is None:
            dead = (
                f"module.{name}, which is not in this stack, and cross-stack references are not supported",
                "pass the value as a literal, or read it with a data source",
            )
            return None if name in tree.get("module", {}) else dead
        if not output or output in module.interface.outputs:
            return None
        return f"{module.address}: {unknown(output, module.interface.outputs, 'output')}", ""

    # Most stacks have no problem, which a search without paths shows.
    if any(itertools.starmap(problem, {each for text in {*strings} for each in _named_in(text)})):
        found = {(path, each): None for path, code in code_in(tree) for each in _named_in(code)}
        for path, each in found:
            if said := problem(*each):
                yield in_json(path, f"refers to {said[0]}", said[1], rule=UNKNOWN_REFERENCE)


@functools.lru_cache(maxsize=4096)
def _named_in(code: str) -> list[tuple[str, str, str]]:
    """Returns the parts of references: module, output, and another name; cached, since many stacks have the same."""
    return _NAMED.findall(code)


def cycles(modules: Iterable["Module"]) -> Iterator[Finding]:
    """Yields findings about modules that depend on each other through `depends_on`."""
    modules = list(modules)
    if not any(module.depends_on_modules for module in modules):
        return  # Terraform itself reports cycles of resources
    waits = {module.module_id: {other for other, _ in references(module.inputs.given)} for module in modules}
    for module in modules:
        waits[module.module_id] |= {other.module_id for other in module.depends_on_modules}
    for module in modules:
        for other in module.depends_on_modules:
            if module.module_id in reachable(other.module_id, waits):
                yield Finding(
                    f"{module.address} depends on {other.address}, which in turn depends on {module.address}",
                    "remove depends_on; references order single resources, not whole modules",
                    rule=DEPENDENCY_CYCLE,
                    on=["depends_on"],
                )


def reachable(start: str, waits: Mapping[str, set[str]]) -> set[str]:
    """Returns the direct and indirect dependencies of an element.

    Args:
        start: The element.
        waits: The direct dependencies of each element.
    """
    seen: set[str] = set()
    todo = [start]
    while todo:
        for other in waits.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen
