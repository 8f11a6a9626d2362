"""The names of arguments: what Anyscale's Terraform provider documents, and the check against such a record."""

import functools
import importlib.resources
import json
from collections.abc import Mapping
from typing import Any, Literal

from anyscale_constructs.errors import InputError
from anyscale_constructs.names import unknown

# What Terraform itself takes in every block of the kind.
_META_ARGUMENTS = ("connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner")


@functools.cache
def anyscale_provider() -> Mapping[str, Any]:
    """The resources and data sources that Anyscale's provider documents: their arguments and attributes, with types."""
    file = importlib.resources.files("anyscale_constructs.terraform") / "anyscale.json"
    return json.loads(file.read_text(encoding="utf-8"))  # type: ignore[no-any-return] # an object


def check_arguments(given: Any, known: Any, at: str, fix: str = "") -> None:
    """Checks the names of arguments, in nested blocks too.

    Args:
        given: The arguments by name, or a list of such blocks; anything else has no names.
        known: The arguments that exist. One that is a block is a mapping; one that is several, a list with a mapping.
        at: The block's address, for the error.
        fix: What else to do, for the error.

    Raises:
        InputError: There is no argument of that name.
    """
    block = known[0] if isinstance(known, list) else known
    match given:
        case list() | tuple():
            for index, each in enumerate(given):
                check_arguments(each, block, f"{at}[{index}]", fix)
        case Mapping() if isinstance(block, Mapping) and block:
            for name, value in given.items():
                if name not in block:
                    raise InputError(f"{at}: {unknown(name, block, 'argument')}", fix=fix)
                check_arguments(value, block[name], f"{at}.{name}", fix)


def check_block(kind: Literal["data", "resources"], type: str, arguments: Mapping[str, Any], at: str) -> None:
    """Checks a resource or a data source of Anyscale's provider; those of others pass.

    Args:
        kind: Which of them it is.
        type: Its type.
        arguments: Its arguments.
        at: Its address, for the error.

    Raises:
        InputError: The provider has no such type, or the type no such argument.
    """
    if not type.startswith("anyscale_"):
        return
    provider = anyscale_provider()
    other = "Resource" if kind == "resources" else "DataSource"
    fix = f"if another version than {provider['version']} of the provider has it, use the engine's Terraform{other}"
    if type not in provider[kind]:
        raise InputError(f"{at}: {unknown(type, provider[kind], 'type')}", fix=fix)
    known = provider[kind][type]["arguments"] | dict.fromkeys(_META_ARGUMENTS, "any")
    check_arguments(arguments, known, at, fix)
