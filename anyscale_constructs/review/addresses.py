"""Addresses that are gone and new, what moved without a moved block, and clouds that came, went or were renamed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.review.stacks import StackContent

MOVED_BLOCK_MISSING = Rule(
    "moved-block-missing",
    "warning",
    "Terraform knows things by their addresses: without a moved block, one that has another address is destroyed and "
    "created again.",
    "https://developer.hashicorp.com/terraform/language/modules/develop/refactoring",
    command="review",
)
RENAMED_CLOUD = Rule(
    "renamed-cloud",
    "warning",
    "A cloud is named after its file: another name is another stack with a state of its own. Terraform creates all of "
    "it again, and what the old state holds stays without configuration.",
    command="review",
)
REMOVED_CLOUD = Rule(
    "removed-cloud",
    "note",
    "Nothing destroys what a stack made when its configuration is gone: it stays, and its state is forgotten.",
    command="review",
)
MOVED_STATE = Rule(
    "moved-state",
    "warning",
    "With another backend, Terraform starts from an empty state unless the old one is copied: an apply would then "
    "create everything again.",
    "https://developer.hashicorp.com/terraform/language/backend#change-a-backend-block",
    command="review",
)

_ALIKE = 0.6
"""How much of two things must be equal for them to be one that moved."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of a stack that differ.

    Args:
        gone: Those that are there no more; without those that a moved block moves.
        new: Those that were not there.
        moves: Which of `gone` most likely became which of `new`.
        moved: What moved blocks move.
    """

    gone: Sequence[str] = ()
    new: Sequence[str] = ()
    moves: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)

    @property
    def renames(self) -> Mapping[str, str]:
        """The new addresses of what is on both sides, by the old ones."""
        return {**self.moved, **self.moves}


@dataclass(frozen=True)
class Stacks:
    """Which stacks are on both sides, and which on one only.

    Args:
        both: Those on both sides.
        added: Those on the newer side only, without those that are renamed.
        removed: Those on the older side only, without those that are renamed.
        renamed: By their old names, those that have another name.
    """

    both: Sequence[str]
    added: Sequence[str]
    removed: Sequence[str]
    renamed: Mapping[str, str]


def compare(base: StackContent, head: StackContent) -> Addresses:
    """The addresses of a stack that differ.

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
    """What there is to say of things that moved without a moved block.

    Args:
        addresses: Those of the stack.
    """
    for old, new in addresses.moves.items():
        what = f"{old} became {new}, and no moved block says so: Terraform destroys it and creates it again"
        fix = f'keep its id, or write in Python: stack.add_override("moved", [{{"from": "{old}", "to": "{new}"}}])'
        yield Finding(what, fix, rule=MOVED_BLOCK_MISSING, construct=old)


def moved_block(old: str, new: str) -> str:
    """A moved block, in Terraform's own syntax."""
    return f"moved {{\n  from = {old}\n  to   = {new}\n}}"


def moved_state(base: StackContent, head: StackContent) -> Iterator[Finding]:
    """What there is to say of a state that is kept elsewhere from now on.

    Args:
        base: The older side.
        head: The newer side.
    """
    if list(base.state) != list(head.state):
        what = f"the state moves from {' '.join(base.state)} to {' '.join(head.state)}"
        fix = "run terraform init -migrate-state in the stack's folder before the next plan"
        yield Finding(what, fix, rule=MOVED_STATE, key=("backend",))


def pair(base: Mapping[str, StackContent], head: Mapping[str, StackContent]) -> Stacks:
    """Which stacks are on both sides, on one only, or have another name.

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
    """What there is to say of stacks that are gone or have another name.

    Args:
        stacks: They.
        base: The stacks of the older side, by name.
        head: Those of the newer side.
    """
    for old, new in stacks.renamed.items():
        if list(base[old].state) == list(head[new].state):
            fix = "name the file as before, unless the new name in Anyscale is meant"
            what = f"{old} is {new} now: names that follow from it change, which replaces what has them"
        else:
            what = f"{old} is {new} now, a new cloud with an empty state: Terraform creates it beside the old one"
            fix = (
                f"name the file {old}.yaml as before, or move the state before the next apply: terraform state pull in "
                f"the folder of {old}, terraform state push in that of {new}"
            )
        yield Finding(what, fix, rule=RENAMED_CLOUD, cloud=new)
    for name in stacks.removed:
        what = f"{name} is gone: what it made stays, and nothing manages it"
        fix = f"run terraform destroy in its folder before the change is merged, if {name} is deployed"
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
    """What two things must have in common: the module that they call, or the type of resource."""
    first, _, name = address.partition(".")
    return stack.modules[name].module if first == "module" else first


def _alike(old: Any, new: Any) -> float:
    """How much two mappings have in common, from 0 to 1; references may lead elsewhere."""
    keys = {*old, *new}
    same = [key for key in keys if key in old and key in new and _plain(old[key]) == _plain(new[key])]
    return (len(same) + 1) / (len(keys) + 1)


def _plain(value: Any) -> Any:
    return "${}" if isinstance(value, str) and value.startswith("${") else value


def _stacks_alike(old: StackContent, new: StackContent) -> float:
    """How much two stacks have in common; what bears the stack's name has the other one's."""
    before = replace(old, name=new.name).renamed({old.name: new.name})
    addresses = {*before.addresses, *new.addresses}
    if not addresses:
        return 0.0
    both = {*before.addresses} & {*new.addresses}
    return sum(_alike(before.arguments(each), new.arguments(each)) for each in both) / len(addresses)


def _best(scores: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """The pairs that are most alike, each thing in one pair."""
    found: dict[str, str] = {}
    for (old, new), score in sorted(scores.items(), key=lambda each: (-each[1], each[0])):
        if score >= _ALIKE and old not in found and new not in found.values():
            found[old] = new
    return dict(sorted(found.items()))
