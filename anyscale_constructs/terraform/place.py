"""The stack and the path of a construct."""

from typing import TYPE_CHECKING, cast

from anyscale_constructs.engine import Construct, TerraformStack
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.terraform.declarations import Declarations

if TYPE_CHECKING:
    from anyscale_constructs.terraform.stack import CloudStack


def cloud_stack(scope: Construct, what: str) -> "CloudStack":
    """Returns the stack that contains a construct.

    Args:
        scope: The construct.
        what: The name of the construct to be created, for the error.

    Raises:
        SynthesisError: The stack is not a `CloudStack`, so it would pin no providers and resolve no expressions.
    """
    # Each question to the engine is one to another process where that is cdktf.
    stack = scope if isinstance(scope, Declarations) else TerraformStack.of(scope)
    if not isinstance(stack, Declarations):
        raise SynthesisError(
            f"{what} requires a CloudStack, which pins providers and resolves expressions",
            value=type(stack).__name__,
            fix=f"derive {stack.node.id} from anyscale_constructs.CloudStack instead of TerraformStack",
        )
    return cast("CloudStack", stack)  # its only subclass, which needs this module


def path_in(stack: "CloudStack", scope: Construct, id: str) -> str:
    """Returns the path of a construct relative to its stack: the IDs of its parents and its own, joined by slashes."""
    if scope is stack:
        return id
    above = len(stack.node.path.split("/"))
    return "/".join([*scope.node.path.split("/")[above:], id])
