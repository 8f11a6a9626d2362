"""Variables and local values: their names, and what a variable's block holds."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from anyscale_constructs.engine import Construct, TerraformLocal, TerraformStack, TerraformVariable
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, as_expressions, expr, is_unresolved, type_of
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
        raise InputError("Terraform reserves the name of the variable", value=name, fix=f"rename it, e.g. {name}_")


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
                    fix=f'write one that names the variable, e.g. fn.startswith("${{var.{name}}}", "us-")',
                )
        given["validation"] = to_terraform(given["validation"], f"{at}.validation")
    return given


class Declarations(TerraformStack):
    """A stack in which variables and local values can be declared."""

    def add_local(self, name: str, value: Any) -> Expr:
        """Declares a local value.

        Args:
            name: Its name in Terraform.
            value: Whatever an input of a module may be; expressions may stand in it.

        Returns:
            The reference `local.<name>`, of the value's type.

        Raises:
            InputError: The name is no identifier or is taken, or Terraform has nothing like the value.
        """
        given = as_expressions(value, f"local.{name}")
        local = TerraformLocal(self, self._declare("local", name, TerraformLocal), to_terraform(given, f"local.{name}"))
        local.override_logical_id(name)
        return expr(f"local.{name}", type_of(given), stack=self)

    def add_variable(self, name: str, type: str, **arguments: Unpack[VariableArguments]) -> Expr:
        """Declares a variable, for what Terraform is given when it runs.

        Args:
            name: Its name in Terraform.
            type: Terraform's type constraint, e.g. `map(string)`.
            **arguments: `default`, `description`, `sensitive`, `nullable`, `ephemeral` and `validation`, as in
                `VariableArguments`.

        Returns:
            The reference `var.<name>`, of that type.

        Raises:
            InputError: The name is no identifier, is taken or reserved; an argument is unknown; the default holds an
                expression or null; the condition of a validation is no expression.
        """
        block = variable_block(name, arguments)
        variable = TerraformVariable(self, self._declare("variable", name, TerraformVariable), type=type)
        variable.override_logical_id(name)
        for key, value in block.items():
            variable.add_override(key, value)
        return expr(f"var.{name}", type, stack=self)

    def add_secret(self, name: str, type: str, description: str, *, ephemeral: bool = False) -> Expr:
        """Declares a sensitive variable that must not be null: secrets never stand in the JSON.

        Args:
            name: Its name.
            type: Its type.
            description: What Terraform says when it asks.
            ephemeral: As in `VariableArguments`.
        """
        return self.add_variable(
            name, type, description=description, nullable=False, sensitive=True, ephemeral=ephemeral or None
        )

    def _declare(self, block: str, name: str, construct: type[Construct]) -> str:
        """The id of a new variable's or local value's construct: other blocks may have the same name."""
        check_name(block, name)
        own = f"{block}-{name}"
        if any(isinstance(self.node.try_find_child(each), construct) for each in (own, name)):
            raise InputError(f"there is a {block} {name} already", fix="give each of them a name of its own")
        return own
