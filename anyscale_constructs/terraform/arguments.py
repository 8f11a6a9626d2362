"""Checks the names of arguments, for resources of Anyscale's Terraform provider and for blocks of Terraform."""

import functools
import json
import pathlib
from collections.abc import Mapping
from typing import Any, Literal

from anyscale_constructs.errors import InputError
from anyscale_constructs.names import unknown

# The arguments that Terraform accepts in every resource.
_META_ARGUMENTS = ("connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner")


@functools.cache
def anyscale_provider() -> Mapping[str, Any]:
    """Returns the documented arguments and attributes of Anyscale's resources and data sources, with their types."""
    file = pathlib.Path(__file__).with_name("anyscale.json")
    return json.loads(file.read_text(encoding="utf-8"))  # type: ignore[no-any-return] # an object


def check_arguments(given: Any, known: Any, at: str, fix: str = "") -> None:
    """Checks the names of arguments, including those in nested blocks.

    Args:
        given: The arguments by name, or a list of such blocks; other values are not checked.
        known: The existing arguments, by name. The value of a nested block is a mapping; that of a repeatable block is
            a list with a mapping.
        at: The address of the block, for the error.
        fix: How to fix it, for the error. Default: the message does not say.

    Raises:
        InputError: An argument does not exist.
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
    """Checks the arguments of a resource or data source of Anyscale's provider; other providers are not checked.

    Args:
        kind: Whether it is a data source (`data`) or a resource (`resources`).
        type: The type, e.g. `anyscale_cloud`.
        arguments: The arguments.
        at: The address, for the error.

    Raises:
        InputError: The provider has no such type, or the type has no such argument.
    """
    if not type.startswith("anyscale_"):
        return
    provider = anyscale_provider()
    other = "Resource" if kind == "resources" else "DataSource"
    fix = f"correct the name; if another provider version than {provider['version']} has it, use Terraform{other}"
    if type not in provider[kind]:
        raise InputError(f"{at}: {unknown(type, provider[kind], 'type')}", fix=fix)
    known = provider[kind][type]["arguments"] | dict.fromkeys(_META_ARGUMENTS, "any")
    check_arguments(arguments, known, at, fix)
