"""What a change does, as data: for each stack, what it destroys and opens, what differs, and what moved."""

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
    "Without a plan, replacements are found by a table, which covers the main inputs of the wrapped modules.",
    command="review",
)

FailOn = Literal["destroy", "widen"]


@dataclass(frozen=True)
class StackReport:
    """What a change does to one stack.

    Args:
        name: The stack's name.
        destroys: The findings on what is destroyed, replaced or moved.
        opens: The findings on what is more exposed than before.
        pins: The module calls whose pin differs.
        changed: The values that differ.
        addresses: The addresses that differ.
        notes: Remarks on what could not be compared.
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
        """Whether the report is empty."""
        told = (self.destroys, self.opens, self.pins, self.changed, self.notes)
        return not any((*told, self.addresses.gone, self.addresses.new, self.addresses.moved))

    def as_dict(self) -> dict[str, Any]:
        """Returns the report for JSON; missing values are None."""
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
        plan: A description of the plan that it is based on.
        stacks: The stacks that exist on both sides and differ, those with the most severe findings first.
        clouds: The findings on stacks that exist on only one side.
        which: The stacks on both sides, and those on only one.
        allowed: The allowed findings with the reasons; no other part contains them.
        notes: Findings on how the report was made.
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
        """The stacks that exist on both sides without a difference."""
        differing = {stack.name for stack in self.stacks}
        return [name for name in self.which.both if name not in differing]

    @property
    def destroys(self) -> list[Finding]:
        """The findings on what is destroyed or replaced, in all stacks."""
        renamed = [finding for finding in self.clouds if finding.severity == "warning"]
        return [*renamed, *(finding for stack in self.stacks for finding in stack.destroys)]

    @property
    def opens(self) -> list[Finding]:
        """The findings on what is more exposed than before, in all stacks."""
        return [finding for stack in self.stacks for finding in stack.opens]

    def failing(self, on: Iterable[FailOn]) -> list[Finding]:
        """Returns the findings that make the command fail: warnings that are not allowed.

        Args:
            on: The parts to fail on.
        """
        parts = {"destroy": self.destroys, "widen": self.opens}
        return [finding for name in on for finding in parts[name] if finding.severity != "note"]

    def as_dict(self) -> dict[str, Any]:
        """Returns the report for JSON."""
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
        changes: The plans of stacks, by name. None: without plans, replacements are found by tables.
        plan: A description of the plan. Default: "no plan".
        notes: Findings on how the plan was made. Default: none.

    Raises:
        ReviewError: A side cannot be read.
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
    told = [*sifted.findings]
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
    # The finding on the missing moved block covers a replaced resource, unless data is lost.
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
    """Returns a finding with the place of its input or key, on the older side if it is removed, else of the file."""
    module = finding.construct.removeprefix("module.").partition(".")[0]
    keys = [*(f"{module}.{name}" for name in finding.on), ".".join(map(str, finding.key)), *finding.on]
    found = [
        places[key]
        for places in (side.origins.get(stack, {}) for side in (head, base))
        for key in keys
        if key in places and places[key].line
    ]
    place = finding.place or next(iter(found), head.origins.get(stack, {}).get(""))
    return finding._replace(cloud=stack, place=place and Place(place.file, place.line, place.column))


def _value(change: Changed, value: Any) -> Any:
    return None if value is ABSENT else plain(value, change.difference.secret)
