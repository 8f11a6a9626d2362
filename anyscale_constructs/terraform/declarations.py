"""Input variables and local values of stacks."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from anyscale_constructs.engine import Construct, TerraformLocal, TerraformStack, TerraformVariable
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, as_expressions, expr, is_unresolved, type_of
from anyscale_constructs.terraform.arguments import check_arguments
from anyscale_constructs.terraform.values import constant, to_terraform

# Variable names that Terraform reserves for arguments of module calls.
_RESERVED = {"count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"}
_VALIDATION = {"condition": "bool", "error_message": "string"}


class Validation(TypedDict):
    """A validation rule of a variable."""

    condition: Expr
    """The condition, an expression that refers to the variable, e.g. `fn.startswith("${var.zone}", "us-")`."""

    error_message: str
    """The error message of Terraform for a value that violates the condition."""


class VariableArguments(TypedDict, total=False):
    """The arguments of a variable other than its name and type; None omits an argument."""

    default: Any
    """The default value, without expressions and nulls. Default: the variable is required."""

    description: str | None
    """The description, which Terraform shows when it prompts for a value."""

    sensitive: bool | None
    """Whether Terraform hides the value in its output. Default: False."""

    nullable: bool | None
    """Whether null is a valid value; otherwise, null selects the default. Default: True."""

    ephemeral: bool | None
    """Whether plans and states omit the value; only write-only arguments and provider configurations accept it.

    Requires Terraform 1.10. Default: False.
    """

    validation: Sequence[Validation] | None
    """The validation rules. Default: any value of the type is accepted."""


def check_name(block: str, name: str) -> None:
    """Checks the name of a variable or a local value.

    Args:
        block: The type of block: `variable` or `local`.
        name: The name.

    Raises:
        InputError: The name is not an identifier, or is reserved by Terraform.
    """
    if is_unresolved(name) or not re.fullmatch(r"[A-Za-z_][\w-]*", name):
        raise InputError(
            f"the name of a {block} must be an identifier",
            value=name,
            allowed="letters, digits, underscores and hyphens, beginning with a letter or an underscore",
        )
    if block == "variable" and name in _RESERVED:
        raise InputError("the variable has a name that Terraform reserves", value=name, fix=f"rename it, e.g. {name}_")


def variable_block(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the block of a variable, without its type, as Terraform JSON.

    Args:
        name: The name of the variable.
        arguments: The arguments in `VariableArguments`.

    Raises:
        InputError: An argument is unknown, the default contains an expression or null, or a condition is not an
            expression.
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
                    fix=f'use an expression that refers to the variable, e.g. fn.startswith("${{var.{name}}}", "us-")',
                )
        given["validation"] = to_terraform(given["validation"], f"{at}.validation")
    return given


class Declarations(TerraformStack):
    """A stack that can declare variables and local values."""

    def add_local(self, name: str, value: Any) -> Expr:
        """Declares a local value.

        Args:
            name: The name.
            value: Any value that a module input accepts; it may contain expressions.

        Returns:
            The reference `local.<name>`, with the type of the value.

        Raises:
            InputError: The name is not an identifier or already in use, or the value has no equivalent in Terraform.
        """
        given = as_expressions(value, f"local.{name}")
        local = TerraformLocal(self, self._declare("local", name, TerraformLocal), to_terraform(given, f"local.{name}"))
        local.override_logical_id(name)
        return expr(f"local.{name}", type_of(given), stack=self)

    def add_variable(self, name: str, type: str, **arguments: Unpack[VariableArguments]) -> Expr:
        """Declares an input variable, whose value Terraform receives when it runs.

        Args:
            name: The name.
            type: The Terraform type constraint, e.g. `map(string)`.
            **arguments: `default`, `description`, `sensitive`, `nullable`, `ephemeral` and `validation`, as in
                `VariableArguments`.

        Returns:
            The reference `var.<name>`, with that type.

        Raises:
            InputError: The name is not an identifier, is already in use or is reserved; an argument is unknown; the
                default contains an expression or null; or the condition of a validation is not an expression.
        """
        block = variable_block(name, arguments)
        variable = TerraformVariable(self, self._declare("variable", name, TerraformVariable), type=type)
        variable.override_logical_id(name)
        for key, value in block.items():
            variable.add_override(key, value)
        return expr(f"var.{name}", type, stack=self)

    def add_secret(self, name: str, type: str, description: str, *, ephemeral: bool = False) -> Expr:
        """Declares a sensitive variable that cannot be null, to keep a secret out of the JSON.

        Args:
            name: The name.
            type: The Terraform type constraint.
            description: The description, which Terraform shows when it prompts for a value.
            ephemeral: Whether plans and states omit the value. Default: False.
        """
        return self.add_variable(
            name, type, description=description, nullable=False, sensitive=True, ephemeral=ephemeral or None
        )

    def _declare(self, block: str, name: str, construct: type[Construct]) -> str:
        """Returns the construct ID of a new variable or local value, since blocks of other types may share its name."""
        check_name(block, name)
        own = f"{block}-{name}"
        if any(isinstance(self.node.try_find_child(each), construct) for each in (own, name)):
            raise InputError(f"the {block} {name} already exists", fix=f"give each {block} a unique name")
        return own
