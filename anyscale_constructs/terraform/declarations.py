"""Variables and local values: their names, and what a variable's block holds."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, is_unresolved
from anyscale_constructs.terraform.arguments import check_arguments
from anyscale_constructs.terraform.values import constant, to_terraform

# The names that Terraform keeps for arguments of a module call.
_RESERVED = {"count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"}
_VALIDATION = {"condition": "bool", "error_message": "string"}


class Validation(TypedDict):
    """What a variable's value must fulfil."""

    condition: Expr
    """An expression that names the variable, e.g. `fn.startswith("${var.zone}", "us-")`."""

    error_message: str
    """What Terraform says of a value that doesn't fulfil it."""


class VariableArguments(TypedDict, total=False):
    """The arguments of a variable beside its name and type; None leaves one out."""

    default: Any
    """The value that it has when none is given, without expressions and nulls. Default: a value must be given."""

    description: str | None
    """What Terraform says when it asks for a value."""

    sensitive: bool | None
    """Whether Terraform hides the value in what it prints. Default: False."""

    nullable: bool | None
    """Whether null is a value; otherwise null stands for the default. Default: True."""

    ephemeral: bool | None
    """Whether the value is left out of plans and states; write-only arguments and providers take such a value.

    It needs Terraform 1.10. Default: False.
    """

    validation: Sequence[Validation] | None
    """What the value must fulfil. Default: any value of the type is accepted."""


def check_name(block: str, name: str) -> None:
    """Checks the name of a variable or a local value.

    Args:
        block: `variable` or `local`.
        name: Its name.

    Raises:
        InputError: It is no identifier, or reserved by Terraform.
    """
    if is_unresolved(name) or not re.fullmatch(r"[A-Za-z_][\w-]*", name):
        raise InputError(
            f"a {block}'s name must be an identifier",
            value=name,
            allowed="letters, digits, underscores and hyphens, beginning with a letter or an underscore",
        )
    if block == "variable" and name in _RESERVED:
        raise InputError("Terraform reserves the name of the variable", value=name, mend=f"rename it, e.g. {name}_")


def variable_block(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A variable's arguments as Terraform JSON holds them.

    Args:
        name: Its name.
        arguments: As in `VariableArguments`.

    Raises:
        InputError: An argument is unknown, the default holds an expression or null, or a condition is no expression.
    """
    at = f"var.{name}"
    check_arguments(arguments, VariableArguments.__annotations__ | {"validation": [_VALIDATION]}, at)
    given = {key: value for key, value in arguments.items() if value is not None}
    if "default" in given:
        given["default"] = constant(given["default"], f"{at}.default")
    if "validation" in given:
        for index, rule in enumerate(given["validation"]):
            if not is_unresolved(rule.get("condition")):
                raise InputError(
                    f"{at}.validation[{index}].condition must be an expression",
                    value=rule.get("condition"),
                    mend=f'write one that names the variable, e.g. fn.startswith("${{var.{name}}}", "us-")',
                )
        given["validation"] = to_terraform(given["validation"], f"{at}.validation")
    return given
