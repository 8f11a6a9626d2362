"""What a change does, as data: for each stack what it destroys, what it opens, what differs, and what has moved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from anyscale_constructs.findings import Finding, Place, Rule, plain
from anyscale_constructs.review import addresses, inputs
from anyscale_constructs.review.addresses import Addresses, Stacks
from anyscale_constructs.review.differences import ABSENT
from anyscale_constructs.review.exposure import scope_of
from anyscale_constructs.review.inputs import Changed, PinChange
from anyscale_constructs.review.interfaces import Interfaces
from anyscale_constructs.review.opened import opened
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.replaced import DESTROYED, Configuration, of_changes, of_configuration
from anyscale_constructs.review.sides import Side
from anyscale_constructs.review.stacks import StackContent, read
from anyscale_constructs.terraform.allowances import Allowance, sift

NO_PLAN = Rule(
    "offline-plan-missing",
    "note",
    "Without a plan, a table says which inputs replace what: it knows the wrapped modules and their main inputs.",
    command="review",
)

FailOn = Literal["destroy", "widen"]


@dataclass(frozen=True)
class StackReport:
    """What a change does to one stack.

    Args:
        name: The stack's name.
        destroys: What is destroyed or replaced, what moves, and why.
        opens: What is more exposed than before.
        pins: Module calls whose pin differs.
        changed: Values that differ.
        addresses: Addresses that differ.
        notes: What could not be compared.
    """

    name: str
    destroys: Sequence[Finding] = ()
    opens: Sequence[Finding] = ()
    pins: Sequence[PinChange] = ()
    changed: Sequence[Changed] = ()
    addresses: Addresses = field(default_factory=Addresses)
    notes: Sequence[str] = ()

    @property
    def is_unchanged(self) -> bool:
        """Whether there is nothing to say of it."""
        told = (self.destroys, self.opens, self.pins, self.changed, self.notes)
        return not any((*told, self.addresses.gone, self.addresses.new, self.addresses.moved))

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it; what is not there is None."""
        return {
            "name": self.name,
            "destroys": [finding.as_dict() for finding in self.destroys],
            "opens": [finding.as_dict() for finding in self.opens],
            "pins": [
                {
                    "repository": pin.repository,
                    "old": pin.old,
                    "new": pin.new,
                    "link": pin.link or None,
                    "interfaces": {name: None if each is None else list(each) for name, each in pin.interfaces.items()},
                }
                for pin in self.pins
            ],
            "changed": [
                {
                    "part": each.part,
                    "subject": each.subject,
                    "name": each.difference.name,
                    "old": _value(each, each.difference.old),
                    "new": _value(each, each.difference.new),
                    "note": each.note or None,
                }
                for each in self.changed
            ],
            "addresses": {
                "gone": list(self.addresses.gone),
                "new": list(self.addresses.new),
                "moves": dict(self.addresses.moves),
                "moved": dict(self.addresses.moved),
            },
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Report:
    """What a change does.

    Args:
        base: The older side.
        head: The newer side.
        plan: What plan it is based on, for people.
        stacks: The stacks that are on both sides and differ, those of which most is to be said first.
        clouds: What there is to say of stacks that are on one side only.
        which: Which stacks are on both sides, and which on one only.
        allowed: The findings that are accepted, with the reasons; they stand in no other part.
        notes: What there is to say of how the report was made.
    """

    base: str
    head: str
    plan: str
    stacks: Sequence[StackReport]
    clouds: Sequence[Finding]
    which: Stacks
    allowed: Sequence[tuple[Finding, Allowance]] = ()
    notes: Sequence[Finding] = ()

    @property
    def unchanged(self) -> list[str]:
        """The stacks that are on both sides, of which nothing differs."""
        differing = {stack.name for stack in self.stacks}
        return [name for name in self.which.both if name not in differing]

    @property
    def destroys(self) -> list[Finding]:
        """What is destroyed or replaced, in all stacks."""
        renamed = [finding for finding in self.clouds if finding.severity == "warning"]
        return [*renamed, *(finding for stack in self.stacks for finding in stack.destroys)]

    @property
    def opens(self) -> list[Finding]:
        """What is more exposed than before, in all stacks."""
        return [finding for stack in self.stacks for finding in stack.opens]

    def failing(self, on: Iterable[FailOn]) -> list[Finding]:
        """The findings that make the command fail: warnings that are not accepted.

        Args:
            on: What it fails on.
        """
        parts = {"destroy": self.destroys, "widen": self.opens}
        return [finding for name in on for finding in parts[name] if finding.severity != "note"]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "base": self.base,
            "head": self.head,
            "plan": self.plan,
            "stacks": [stack.as_dict() for stack in self.stacks],
            "clouds": {
                "added": list(self.which.added),
                "removed": list(self.which.removed),
                "renamed": dict(self.which.renamed),
                "unchanged": self.unchanged,
                "findings": [finding.as_dict() for finding in self.clouds],
            },
            "allowed": [
                finding.as_dict() | {"reason": each.reason, "until": str(each.until) if each.until else None}
                for finding, each in self.allowed
            ],
            "notes": [finding.as_dict() for finding in self.notes],
        }


def review(
    base: Side,
    head: Side,
    changes: Mapping[str, Sequence[Change]] | None,
    *,
    plan: str = "no plan",
    notes: Sequence[Finding] = (),
) -> Report:
    """Compares two sides.

    Args:
        base: The older side.
        head: The newer side.
        changes: The plans of stacks, by name; None: none is made, and rules say what is replaced.
        plan: What plan that is, for people.
        notes: What there is to say of how it was made.

    Raises:
        ReviewError: A side can't be read.
    """
    before, after = read(base.out), read(head.out)
    which = addresses.pair(before, after)
    made = {
        name: _stack(before[name], after[name], base, head, None if changes is None else changes.get(name))
        for name in which.both
    }
    clouds = [_located(each, each.cloud, base, head) for each in addresses.about_stacks(which, before, after)]
    found = {
        name: [_located(each, name, base, head) for each in (*stack.destroys, *stack.opens)]
        for name, stack in made.items()
    }
    for finding in clouds:
        found.setdefault(finding.cloud, []).append(finding)
    sifted = sift({name: (each, head.allowances.get(name, ())) for name, each in found.items()})
    told = [*sifted.told]
    reports = [
        replace(
            stack,
            destroys=_kept(stack.destroys, found[name][: len(stack.destroys)], told),
            opens=_kept(stack.opens, found[name][len(stack.destroys) :], told),
        )
        for name, stack in made.items()
    ]
    said = [
        stack for stack in reports if not stack.is_unchanged or any(f.cloud == stack.name for f, _ in sifted.allowed)
    ]
    said.sort(key=lambda stack: (not stack.destroys, not stack.opens))
    return Report(
        base.name,
        head.name,
        plan,
        said,
        [finding for finding in clouds if finding in told],
        which,
        sifted.allowed,
        [*base.notes, *head.notes, *notes],
    )


def _stack(
    base: StackContent, head: StackContent, older: Side, newer: Side, changes: Sequence[Change] | None
) -> StackReport:
    where = addresses.compare(base, head)
    places = [side.origins.get(head.name, {}) for side in (older, newer)]
    trees = [stack.tree for stack in (base.renamed(where.moved), head)]
    both = Configuration(head.name, *trees, *places)
    replaced = of_configuration(both) if changes is None else of_changes(changes, both)
    # The missing block says it of what moves, and what to do; what is lost is worth another word.
    lost = [each for each in replaced if each.rule != DESTROYED or scope_of(each.construct) not in where.moves]
    before = base.renamed(where.renames)
    interfaces = Interfaces([base.folder, head.folder])
    return StackReport(
        name=head.name,
        destroys=[
            *addresses.moved_state(base, head),
            *addresses.missing_blocks(where),
            *lost,
        ],
        opens=opened(before, head, interfaces, changes),
        pins=inputs.pins(before, head, interfaces),
        changed=[*inputs.changed(before, head, interfaces)],
        addresses=where,
        notes=[*inputs.unknown_defaults(before, head, interfaces)],
    )


def _kept(findings: Sequence[Finding], located: Sequence[Finding], told: Sequence[Finding]) -> list[Finding]:
    return [each for _, each in zip(findings, located, strict=True) if each in told]


def _located(finding: Finding, stack: str, base: Side, head: Side) -> Finding:
    """A finding with the place of the input or the key that it is about, before if it is gone, else of the file."""
    module = finding.construct.removeprefix("module.").partition(".")[0]
    keys = [*(f"{module}.{name}" for name in finding.on), ".".join(map(str, finding.key)), *finding.on]
    found = [
        places[key]
        for places in (side.origins.get(stack, {}) for side in (head, base))
        for key in keys
        if key in places and places[key].line
    ]
    place = finding.place or next(iter(found), head.origins.get(stack, {}).get(""))
    return replace(finding, cloud=stack, place=place and Place(place.file, place.line, place.column))


def _value(change: Changed, value: Any) -> Any:
    return None if value is ABSENT else plain(value, change.difference.secret)
