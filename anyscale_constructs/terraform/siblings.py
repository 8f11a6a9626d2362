"""What the stacks of one app must not do to each other, and what only one of them can find in another."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.engine import TerraformStack
from anyscale_constructs.expressions.resolve import leftovers
from anyscale_constructs.terraform.backend import KEYS


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


def expressions_left(name: str, tree: Mapping[str, Any]) -> Iterator[str]:
    """The expressions in a stack of the engine's own, which puts no code in.

    Args:
        name: The stack's name.
        tree: Its JSON.
    """
    for left in leftovers(tree):
        yield (
            f"{name}: an expression stands in a stack that is no CloudStack; given: {left!r}. To mend it: derive the "
            "stack from CloudStack"
        )


def shared_state(name: str, state: tuple[str, ...], other: str) -> str:
    """What there is to say of two stacks with one state.

    Args:
        name: The second stack's name.
        state: What tells the state from others.
        other: The first stack's name.
    """
    return (
        f"{name}: its state would be {other}'s too, which the next apply would replace; given: {' '.join(state)!r}. "
        f"To mend it: give each a {KEYS.get(state[0], 'state')} of its own under backend, or leave it out"
    )
