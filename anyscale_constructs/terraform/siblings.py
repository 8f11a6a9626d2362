"""What the stacks of one app must not do to each other, and what only one of them can find in another."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.engine import TerraformStack
from anyscale_constructs.expressions.resolve import leftovers
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.backend import KEYS

EXPRESSION_LEFT = Rule("plain-stack", "error", "Only a CloudStack puts code in for expressions.")
SHARED_STATE = Rule("shared-state", "error", "A state belongs to one stack: Terraform destroys what it does not find.")


def stacks_in(scope: Any) -> Iterator[TerraformStack]:
    """All stacks below a construct; none stands inside of another.

    Args:
        scope: The construct, e.g. the app.
    """
    for child in scope.node.children:
        if isinstance(child, TerraformStack):
            yield child
        else:
            yield from stacks_in(child)


def expressions_left(name: str, tree: Mapping[str, Any]) -> Iterator[Finding]:
    """The expressions in a stack of the engine's own, which puts no code in.

    Args:
        name: The stack's name.
        tree: Its JSON.
    """
    for left in leftovers(tree):
        yield Finding(
            "an expression stands in a stack that is no CloudStack",
            "derive the stack from CloudStack",
            left,
            rule=EXPRESSION_LEFT,
            cloud=name,
        )


def shared_state(state: tuple[str, ...], other: str) -> Finding:
    """What there is to say of two stacks with one state.

    Args:
        state: What tells the state from others.
        other: The first stack's name.
    """
    return Finding(
        f"shares its Terraform state with {other}; the next apply of one would destroy what the other made",
        f"give each a {KEYS.get(state[0], 'state')} of its own under backend, or leave it out",
        " ".join(state),
        rule=SHARED_STATE,
        key=("backend",),
    )
