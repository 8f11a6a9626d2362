"""Where a construct stands."""

from typing import TYPE_CHECKING

from anyscale_constructs.engine import Construct, TerraformStack
from anyscale_constructs.errors import SynthesisError

if TYPE_CHECKING:
    from anyscale_constructs.terraform.stack import CloudStack


def cloud_stack(scope: Construct, what: str) -> "CloudStack":
    """The stack around a construct.

    Args:
        scope: The construct.
        what: What is to be made in it, for the error.

    Raises:
        SynthesisError: It is a stack of the engine's own, which pins no provider and puts no code in for expressions.
    """
    from anyscale_constructs.terraform.stack import CloudStack  # noqa: PLC0415 - which is made of what asks this

    # Each question to the engine is one to another process where that is cdktf.
    stack = scope if isinstance(scope, CloudStack) else TerraformStack.of(scope)
    if not isinstance(stack, CloudStack):
        raise SynthesisError(
            f"{what} needs a CloudStack, which pins providers and puts in the code of expressions",
            value=type(stack).__name__,
            fix=f"derive {stack.node.id} from anyscale_constructs.CloudStack instead of TerraformStack",
        )
    return stack


def path_in(stack: "CloudStack", scope: Construct, id: str) -> str:
    """The path of a construct below its stack: its id, behind those of the constructs around it."""
    if scope is stack:
        return id
    above = len(stack.node.path.split("/"))
    return "/".join([*scope.node.path.split("/")[above:], id])
