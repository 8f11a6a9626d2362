"""The `moved`, `import` and `removed` blocks of a stack, and checks of their addresses."""

from collections.abc import Iterable, Iterator
from typing import Any

from anyscale_constructs.engine import TerraformResource
from anyscale_constructs.findings import Finding, Key, Rule
from anyscale_constructs.terraform.moves import outermost
from anyscale_constructs.terraform.values import to_terraform

MISSING_TARGET = Rule(
    "missing-address",
    "error",
    "Terraform would destroy a resource moved to an address that is not in the stack, and rejects an import to it.",
    "https://developer.hashicorp.com/terraform/language/block/moved",
)
STILL_DECLARED = Rule(
    "moved-from-declared-address",
    "error",
    "Terraform rejects a move from an address that is still in the stack.",
    "https://developer.hashicorp.com/terraform/language/block/moved",
)


def adopted(stack: Any) -> dict[str, str]:
    """Returns the addresses of a stack's modules, by catalog name; the first if several have the same name.

    Args:
        stack: The stack.
    """
    return {each.interface_name: each.address for each in reversed(stack.modules.values())}


def holds(stack: Any, address: str) -> bool:
    """Returns whether a stack has the module or resource at an address; the contents of modules are not checked.

    Args:
        stack: The stack.
        address: The address.
    """
    kind, _, name = outermost(address).partition(".")
    if kind == "module":
        return name in stack.modules
    resources = (child for child in stack.node.find_all() if isinstance(child, TerraformResource))
    return any((each.terraform_resource_type, each.friendly_unique_id) == (kind, name) for each in resources)


def misplaced(stack: Any, stacks: Iterable[Any]) -> Iterator[Finding]:
    """Yields findings about targets of moves and imports that do not exist, and sources of moves that still exist.

    Args:
        stack: A stack of the cloud; only the cloud's first stack yields findings.
        stacks: All stacks of the app.
    """
    config = stack.origins.config
    if config is None or not (config.moved or config.imports):
        return
    own = [each for each in stacks if getattr(each, "origins", None) and each.origins.config is config]
    if own[0] is not stack:
        return
    targets: list[tuple[Key, str]] = [
        *((("moved", index, "to"), move.to) for index, move in enumerate(config.moved)),
        *((("import", index, "to"), each.to) for index, each in enumerate(config.imports)),
    ]
    known = ", ".join(sorted(module.address for each in own for module in each.modules.values()))
    allowed = f"an address in {known}, or a resource of the stack" if known else "a resource of the stack"
    for key, address in targets:
        if not any(holds(each, address) for each in own):
            fix = "correct the address; terraform plan lists the existing ones"
            yield Finding("is not in the stack", fix, address, allowed, rule=MISSING_TARGET, key=key)
    for index, move in enumerate(config.moved):
        if move.source == outermost(move.source) and any(holds(each, move.source) for each in own):
            what, fix = "is still in the stack", "remove the move, or correct the address"
            yield Finding(what, fix, move.source, rule=STILL_DECLARED, key=("moved", index, "from"))


def blocks(stack: Any) -> dict[str, list[dict[str, Any]]]:
    """Returns the blocks of a stack's moves, imports and adoption, by kind.

    Args:
        stack: The stack.
    """
    found: dict[str, list[dict[str, Any]]] = stack.adoption.blocks(adopted(stack)) if stack.adoption else {}
    if config := stack.origins.config:
        moved = [{"from": move.source, "to": move.to} for move in config.moved if holds(stack, move.to)]
        imported = [
            {"to": each.to, "id": to_terraform(each.id, "import.id")}
            for each in config.imports
            if holds(stack, each.to)
        ]
        found = {**found, "moved": [*found.get("moved", []), *moved], "import": imported}
    return {kind: made for kind, made in found.items() if made}
