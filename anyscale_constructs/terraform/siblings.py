"""Checks between the stacks of an app: shared states, and expressions in stacks that cannot resolve them."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.engine import TerraformStack
from anyscale_constructs.expressions.code import leftovers
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.backend import KEYS, identity

EXPRESSION_LEFT = Rule("plain-stack", "error", "Only a CloudStack resolves expressions.")
SHARED_STATE = Rule(
    "shared-state", "error", "Terraform destroys resources that are in the state but not in the stack being applied."
)


def stacks_in(scope: Any) -> Iterator[TerraformStack]:
    """Yields all stacks below a construct; stacks are not nested.

    Args:
        scope: The construct, e.g. the app.
    """
    for child in scope.node.children:
        if isinstance(child, TerraformStack):
            yield child
        else:
            yield from stacks_in(child)


def expressions_left(name: str, tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields findings about unresolved expressions in a stack that is not a `CloudStack`.

    Args:
        name: The stack's name.
        tree: The stack's JSON.
    """
    for left in leftovers(tree):
        yield Finding(
            "an expression is used in a stack that is not a CloudStack",
            "derive the stack from CloudStack",
            left,
            rule=EXPRESSION_LEFT,
            cloud=name,
        )


class States:
    """The states of an app's stacks, so that a stack is compared only with the stacks that have the same state.

    The first `CloudStack` of an app keeps them.
    """

    def __init__(self) -> None:
        self._owners: dict[tuple[str, ...], list[Any]] = {}
        self._children = 0
        self._plain: list[TerraformStack] = []

    def problems(self, stack: Any, app: Any) -> Iterator[Finding]:
        """Yields findings about other stacks with the same state, and about stacks that are not a `CloudStack`.

        Args:
            stack: The stack, whose state is known.
            app: The app.
        """
        owners = self._owners.setdefault(stack.state, [])
        yield from (
            shared_state(stack.state, each.name) for each in owners if each is not stack and each.state == stack.state
        )
        if stack not in owners:
            owners.append(stack)
        if self._children != (count := len(app.node.children)):
            self._children = count
            self._plain = [each for each in stacks_in(app) if not isinstance(getattr(each, "states", None), States)]
        for plain in self._plain:
            name, tree = plain.node.id, plain.to_terraform()
            yield from expressions_left(name, tree)
            if identity(tree.get("terraform", {}), name) == stack.state:
                yield shared_state(stack.state, name)


def shared_state(state: tuple[str, ...], other: str) -> Finding:
    """Returns the finding about two stacks with the same state.

    Args:
        state: The identity of the state, as returned by `backend.identity`.
        other: The name of the other stack.
    """
    return Finding(
        f"shares its Terraform state with {other}; applying one would destroy the resources of the other",
        f"set a different {KEYS.get(state[0], 'state')} under backend for each stack, or remove it",
        " ".join(state),
        rule=SHARED_STATE,
        key=("backend",),
    )
