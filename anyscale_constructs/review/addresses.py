"""Compares addresses: removed, new and moved ones, and clouds that were added, removed or renamed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.review.stacks import StackContent

MOVED_BLOCK_MISSING = Rule(
    "moved-block-missing",
    "warning",
    "Terraform identifies resources by their addresses: without a moved block, a resource with another address is "
    "destroyed and created again.",
    "https://developer.hashicorp.com/terraform/language/modules/develop/refactoring",
    command="review",
)
RENAMED_CLOUD = Rule(
    "renamed-cloud",
    "warning",
    "A cloud is named after its file: another name means another stack with an empty state. Terraform creates all "
    "resources again, and those in the old state remain without configuration.",
    command="review",
)
REMOVED_CLOUD = Rule(
    "removed-cloud",
    "note",
    "When the configuration of a stack is deleted, nothing destroys its resources: they remain, unmanaged.",
    command="review",
)
MOVED_STATE = Rule(
    "moved-state",
    "warning",
    "With another backend, Terraform starts with an empty state unless the old one is copied: the next apply would "
    "create everything again.",
    "https://developer.hashicorp.com/terraform/language/backend#change-a-backend-block",
    command="review",
)

_ALIKE = 0.6
"""The minimum similarity of two module calls or resources to count as one that moved."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of a stack that differ.

    Args:
        gone: The removed addresses, without those that a moved block moves.
        new: The added addresses.
        moves: The most likely moves from addresses in `gone` to addresses in `new`.
        moved: The moves by moved blocks.
    """

    gone: Sequence[str] = ()
    new: Sequence[str] = ()
    moves: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)

    @property
    def renames(self) -> Mapping[str, str]:
        """The new addresses of what exists on both sides, by the old addresses."""
        return {**self.moved, **self.moves}


@dataclass(frozen=True)
class Stacks:
    """The stacks on both sides, and those on only one.

    Args:
        both: The stacks on both sides.
        added: The stacks on the newer side only, without renamed ones.
        removed: The stacks on the older side only, without renamed ones.
        renamed: The new names of renamed stacks, by their old names.
    """

    both: Sequence[str]
    added: Sequence[str]
    removed: Sequence[str]
    renamed: Mapping[str, str]


def compare(base: StackContent, head: StackContent) -> Addresses:
    """Returns the addresses of a stack that differ.

    Args:
        base: The older side.
        head: The newer side.
    """
    moved = {old: new for old, new in head.moved if (old, new) not in base.moved}
    before, after = dict.fromkeys(base.addresses), dict.fromkeys(head.addresses)
    gone = [address for address in before if address not in after and moved.get(address) not in after]
    new = [address for address in after if address not in before and address not in moved.values()]
    return Addresses(gone, new, _moves(base, head, gone, new), {a: b for a, b in moved.items() if a in before})


def missing_blocks(addresses: Addresses) -> Iterator[Finding]:
    """Yields a finding for each address that moved without a moved block.

    Args:
        addresses: The addresses of the stack that differ.
    """
    for old, new in addresses.moves.items():
        what = f"{old} became {new} without a moved block: Terraform destroys it and creates it again"
        fix = f'keep its ID, or write in Python: stack.add_override("moved", [{{"from": "{old}", "to": "{new}"}}])'
        yield Finding(what, fix, rule=MOVED_BLOCK_MISSING, construct=old)


def moved_block(old: str, new: str) -> str:
    """Returns a moved block in Terraform's syntax."""
    return f"moved {{\n  from = {old}\n  to   = {new}\n}}"


def moved_state(base: StackContent, head: StackContent) -> Iterator[Finding]:
    """Yields a finding if the backend moves the state.

    Args:
        base: The older side.
        head: The newer side.
    """
    if list(base.state) != list(head.state):
        what = f"the state moves from {' '.join(base.state)} to {' '.join(head.state)}"
        fix = "run terraform init -migrate-state in the stack's directory before the next plan"
        yield Finding(what, fix, rule=MOVED_STATE, key=("backend",))


def pair(base: Mapping[str, StackContent], head: Mapping[str, StackContent]) -> Stacks:
    """Returns which stacks are on both sides, on only one, or renamed.

    Args:
        base: The stacks of the older side, by name.
        head: Those of the newer side.
    """
    gone = [name for name in base if name not in head]
    new = [name for name in head if name not in base]
    scores = {(old, fresh): _stacks_alike(base[old], head[fresh]) for old in gone for fresh in new}
    renamed = _best(scores)
    return Stacks(
        both=[name for name in head if name in base],
        added=[name for name in new if name not in renamed.values()],
        removed=[name for name in gone if name not in renamed],
        renamed=renamed,
    )


def about_stacks(
    stacks: Stacks, base: Mapping[str, StackContent], head: Mapping[str, StackContent]
) -> Iterator[Finding]:
    """Yields a finding for each stack that is removed or renamed.

    Args:
        stacks: The stacks, compared by `pair`.
        base: The stacks of the older side, by name.
        head: Those of the newer side.
    """
    for old, new in stacks.renamed.items():
        if list(base[old].state) == list(head[new].state):
            fix = "rename the file back, unless the new name in Anyscale is intended"
            what = f"{old} is renamed to {new}: names derived from it change, which replaces resources"
        else:
            what = f"{old} is renamed to {new}, a new cloud with an empty state, which Terraform creates as well"
            fix = (
                f"rename the file back to {old}.yaml, or move the state before the next apply: terraform state pull in "
                f"the directory of {old}, terraform state push in that of {new}"
            )
        yield Finding(what, fix, rule=RENAMED_CLOUD, cloud=new)
    for name in stacks.removed:
        what = f"{name} is removed: its resources remain, and nothing manages them"
        fix = f"if {name} is deployed, run terraform destroy in its directory before the change is merged"
        yield Finding(what, fix, rule=REMOVED_CLOUD, cloud=name)


def _moves(base: StackContent, head: StackContent, gone: Iterable[str], new: Iterable[str]) -> dict[str, str]:
    scores = {
        (old, fresh): _alike(base.arguments(old), head.arguments(fresh))
        for old in gone
        for fresh in new
        if not old.startswith("data.") and _kind(base, old) == _kind(head, fresh)
    }
    return _best(scores)


def _kind(stack: StackContent, address: str) -> str:
    """Returns what a moved address cannot change: the module that it calls, or the type of resource."""
    first, _, name = address.partition(".")
    return stack.modules[name].module if first == "module" else first


def _alike(old: Any, new: Any) -> float:
    """Returns the similarity of two mappings, from 0 to 1; the targets of references may differ."""
    keys = {*old, *new}
    same = [key for key in keys if key in old and key in new and _plain(old[key]) == _plain(new[key])]
    return (len(same) + 1) / (len(keys) + 1)


def _plain(value: Any) -> Any:
    return "${}" if isinstance(value, str) and value.startswith("${") else value


def _stacks_alike(old: StackContent, new: StackContent) -> float:
    """Returns the similarity of two stacks; values may differ by the stack's name."""
    before = replace(old, name=new.name).renamed({old.name: new.name})
    addresses = {*before.addresses, *new.addresses}
    if not addresses:
        return 0.0
    both = {*before.addresses} & {*new.addresses}
    return sum(_alike(before.arguments(each), new.arguments(each)) for each in both) / len(addresses)


def _best(scores: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """Returns the most similar pairs, with each element in at most one pair."""
    found: dict[str, str] = {}
    for (old, new), score in sorted(scores.items(), key=lambda each: (-each[1], each[0])):
        if score >= _ALIKE and old not in found and new not in found.values():
            found[old] = new
    return dict(sorted(found.items()))
