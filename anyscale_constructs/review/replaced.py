"""Finds what a change replaces or destroys, with the first cause and the resources that follow."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from anyscale_constructs.findings import Finding, Place, Rule, shown
from anyscale_constructs.review.facts import is_off
from anyscale_constructs.review.forcing import ARGUMENTS, DATA, DATA_MODULES, FORCING
from anyscale_constructs.review.module_facts import SWITCHES
from anyscale_constructs.review.plans import Change, Path, is_unknown, value_at
from anyscale_constructs.review.sides import Side
from anyscale_constructs.terraform.interface import Interface

REPLACED = Rule(
    "replaced-resource",
    "warning",
    "Terraform destroys the resource and creates another one: dependents stop working until then, and also afterwards "
    "if they use the old resource's ID.",
    command="review",
)
DESTROYED = Rule(
    "destroyed-resource",
    "warning",
    "Terraform destroys the resource, and its dependents stop working.",
    command="review",
)
REPLACED_DATA = Rule(
    "replaced-data",
    "warning",
    "Terraform destroys a resource with data and creates an empty one: the data is lost unless it is copied first.",
    command="review",
)
DESTROYED_DATA = Rule(
    "destroyed-data",
    "warning",
    "Terraform destroys a resource with data: the data is lost unless it is copied first.",
    command="review",
)

DESTROYING = (DESTROYED_DATA, REPLACED_DATA, DESTROYED, REPLACED)
"""The rules on replaced and destroyed resources, most severe first."""

_MOST_ADDRESSES = 20
_META = {"//", "depends_on", "providers"}
_OWN = ("id", "arn", "name", "bucket")
"""The attributes by which other resources refer to a resource."""


@dataclass(frozen=True)
class Configuration:
    """The configuration of a stack on both sides, for finding causes.

    Args:
        name: The stack's name.
        base: The stack's Terraform JSON on the older side.
        head: The stack's Terraform JSON on the newer side.
        base_places: The places of module inputs and keys on the older side, as in `Side.origins`.
        head_places: The same on the newer side.
    """

    name: str = ""
    base: Mapping[str, Any] = field(default_factory=dict)
    head: Mapping[str, Any] = field(default_factory=dict)
    base_places: Mapping[str, Place] = field(default_factory=dict)
    head_places: Mapping[str, Place] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, base: Side, head: Side) -> Self:
        """Returns the configuration of a stack on two sides.

        Args:
            name: The stack's name.
            base: The older side.
            head: The newer side.
        """
        trees = [json.loads((side.out / "stacks" / name / "cdk.tf.json").read_text("utf-8")) for side in (base, head)]
        return cls(name, *trees, *(side.origins.get(name, {}) for side in (base, head)))

    def place(self, module: str, inputs: Sequence[str] = ()) -> Place | None:
        """Returns the place of the first of a module's inputs that has one, else the file."""
        keys = [f"{module}.{name}" for name in inputs]
        found = [places[key] for key in keys for places in (self.head_places, self.base_places) if key in places]
        return next((place for place in found if place.line), None) or self.head_places.get("")

    def located(self, finding: Finding) -> Finding:
        """Returns a finding with the stack's name and the place of its inputs."""
        module = finding.construct.removeprefix("module.").partition(".")[0]
        return finding._replace(cloud=self.name, place=self.place(module, finding.on))

    def changed(self, module: str) -> dict[str, tuple[Any, Any]]:
        """Returns the inputs of a module that differ, with both values, including `source` if the pin differs."""
        before, after = (tree.get("module", {}).get(module, {}) for tree in (self.base, self.head))
        names = sorted(({*before} | {*after}) - _META)
        return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}

    def catalog(self, module: str) -> str:
        """Returns the catalog's name of a module that the table of forcing inputs contains."""
        call = self.head.get("module", {}).get(module) or self.base.get("module", {}).get(module) or {}
        source = str(call.get("source", "")).partition("?")[0]
        known = sorted({*FORCING, *DATA_MODULES})
        return next((name for name in known if source.endswith(f"/{Interface.load(name).path}")), "")


def of_changes(changes: Iterable[Change], stack: Configuration) -> list[Finding]:
    """Returns the findings on a plan, those on resources with data first.

    Args:
        changes: The plan.
        stack: The stack of the plan; empty if its configuration is unknown.
    """
    changes = sorted(changes, key=lambda change: change.address)
    return _sorted([*_replaced(changes, stack), *_destroyed(changes, stack)])


def of_configuration(stack: Configuration) -> list[Finding]:
    """Returns the findings that follow from tables, without a plan; they cover only what the tables contain.

    Args:
        stack: The stack.
    """
    return _sorted(_by_tables(stack))


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: DESTROYING.index(finding.rule or REPLACED))


def _replaced(changes: Sequence[Change], stack: Configuration) -> Iterator[Finding]:
    replaced = [change for change in changes if change.replaces]
    following = {change.address: _follows(change, replaced) for change in replaced}
    firsts = [change for change in replaced if not following[change.address]]
    groups: dict[str, list[Change]] = {change.address: [] for change in firsts}
    for change in replaced:
        first = _first(change.address, following)
        if first != change.address:
            groups.setdefault(first, []).append(change)
    for change in firsts:
        why, inputs = _cause(change, stack)
        others = groups[change.address]
        place = stack.place(change.module, inputs)
        yield Finding(
            f"{change.address} is replaced{_lost(change)}, {why}{_with(others)}",
            _fix(change, why),
            rule=REPLACED_DATA if change.type in DATA else REPLACED,
            on=inputs,
            construct=change.address,
            cloud=stack.name,
            place=place,
        )
        for other in others:
            if other.type in DATA:
                yield Finding(
                    f"{other.address} is replaced{_lost(other)}, because {change.address} is",
                    _fix(other, why),
                    rule=REPLACED_DATA,
                    on=inputs,
                    construct=other.address,
                    cloud=stack.name,
                    place=place,
                )


def _follows(change: Change, replaced: Sequence[Change]) -> str:
    """Returns the replaced resource that an attribute of the change refers to, which forces its replacement."""
    for path in change.paths:
        if not is_unknown(change, path):
            continue
        text = json.dumps(value_at(change.before, path))
        for other in replaced:
            own = (value_at(other.before, (name,)) for name in _OWN)
            if other is not change and any(isinstance(value, str) and value and value in text for value in own):
                return other.address
    return ""


def _first(address: str, following: Mapping[str, str]) -> str:
    seen = [address]
    while following.get(seen[-1]) and following[seen[-1]] not in seen:
        seen.append(following[seen[-1]])
    return seen[-1]


def _cause(change: Change, stack: Configuration) -> tuple[str, list[str]]:
    """Returns why a resource is replaced, and the inputs of its module that cause it."""
    known = [path for path in change.paths if not is_unknown(change, path)]
    path = known[0] if known else next(iter(change.paths), ())
    name = _spelled(path)
    inputs = _inputs(change, path, stack)
    by = f", by {' and '.join(inputs)} of module.{change.module}" if inputs else ""
    if known:
        old, new = (shown(value_at(values, path), name) for values in (change.before, change.after))
        return f"because {name} changes from {old} to {new}{by}", inputs
    return f"because {name} is known only after apply{by}" if name else f"as configured{by}", inputs


def _inputs(change: Change, path: Path, stack: Configuration) -> list[str]:
    changed = stack.changed(change.module) if change.module else {}
    if not stack.base:  # a plan shows only the new configuration
        changed = {name: each for name, each in changed.items() if name != "source"}
    if not changed or not path:
        return []
    attribute, new = str(path[0]), value_at(change.after, path)
    rows = FORCING.get(stack.catalog(change.module), ())
    by_table = [row.input for row in rows if row.type == change.type and row.attribute == attribute]
    by_name = [name for name in changed if name == attribute or name.endswith(f"_{attribute}")]
    by_value = [name for name, (_, value) in changed.items() if new is not None and _holds(value, new)]
    for found in (by_table, by_name, by_value):
        if inputs := [name for name in found if name in changed]:
            return inputs[:1] if found is not by_value else inputs
    return [*changed] if len(changed) == 1 else []


def _holds(value: Any, part: Any) -> bool:
    return value == part or (isinstance(value, list) and part in value)


def _destroyed(changes: Sequence[Change], stack: Configuration) -> Iterator[Finding]:
    groups: dict[tuple[str, bool], list[Change]] = {}
    for change in changes:
        if change.destroys:
            groups.setdefault((change.module, change.type in DATA), []).append(change)
    for (module, holds_data), group in groups.items():
        why, inputs = _switch(module, stack)
        kinds = sorted({DATA[change.type] for change in group}) if holds_data else ()
        are = "is" if len(group) == 1 else "are"
        lost = f", with the {' and '.join(kinds)} in {'it' if len(group) == 1 else 'them'}" if kinds else ""
        yield Finding(
            f"{_listed(group)} {are} destroyed{lost}{why}",
            "undo that change, or copy the data first" if holds_data else "undo that change if it is not intended",
            rule=DESTROYED_DATA if holds_data else DESTROYED,
            on=inputs,
            construct=group[0].address,
            cloud=stack.name,
            place=stack.place(module, inputs),
        )


def _switch(module: str, stack: Configuration) -> tuple[str, list[str]]:
    """Returns why resources of a module are destroyed, and the inputs that cause it."""
    there = [module in tree.get("module", {}) for tree in (stack.base, stack.head)]
    if there == [True, False]:
        return f", because module.{module} is removed", []
    changed = stack.changed(module) if module else {}
    off = [name for name, (old, new) in changed.items() if _shrinks(old, new)] or [*changed]
    if not off:
        return ", because the configuration no longer contains it" if stack.head else "", []
    told = (f"{name} changes from {shown(changed[name][0], name)} to {shown(changed[name][1], name)}" for name in off)
    return f", because {' and '.join(told)}", off


def _shrinks(old: Any, new: Any) -> bool:
    sized = isinstance(old, list | dict) and isinstance(new, list | dict)
    return len(new) < len(old) if sized else bool(old) and not new


def _by_tables(stack: Configuration) -> Iterator[Finding]:
    before, after = (tree.get("module", {}) for tree in (stack.base, stack.head))
    for module in before:
        name = stack.catalog(module)
        if module not in after:
            yield _gone(module, "it is no longer configured", [], stack)
            continue
        changed = stack.changed(module)
        values = {
            switch: _effective(name, switch, changed[switch]) for switch in SWITCHES if name and switch in changed
        }
        if off := [switch for switch, (old, new) in values.items() if is_off(new) and not is_off(old)]:
            yield _gone(module, f"{off[0]} is off", off[:1], stack)
            continue
        for row in {row.input: row for row in FORCING.get(name, ()) if row.input in changed}.values():
            old, new = _effective(name, row.input, changed[row.input])
            if old == new or "${" in json.dumps([old, new]) or (row.kept and new is None):
                continue
            why = f"because {row.input} changes from {shown(old, row.input)} to {shown(new, row.input)}"
            replaced = not row.each or any(one != other for one, other in zip(old or (), new or (), strict=False))
            if row.each and len(new or ()) < len(old or ()):
                what = f"its {row.type} is destroyed for each removed element, {why}"
                yield _finding(what, DESTROYED, module, [row.input], stack)
            elif replaced:
                rule = REPLACED_DATA if row.type in DATA else REPLACED
                yield _finding(f"its {row.type} is replaced, {why}", rule, module, [row.input], stack)
    yield from _resources_by_tables(stack)


def _gone(module: str, why: str, inputs: Sequence[str], stack: Configuration) -> Finding:
    holds = DATA_MODULES.get(stack.catalog(module))
    lost = f", and its {holds} with the {DATA[holds]} in it" if holds else ""
    return _finding(f"is destroyed{lost}: {why}", DESTROYED_DATA if holds else DESTROYED, module, inputs, stack)


def _effective(name: str, input: str, values: Sequence[Any]) -> tuple[Any, Any]:
    """Returns both values of an input, with the default if it is not set."""
    variable = Interface.load(name).variables.get(input)
    default = variable.default if variable else None
    old, new = (default if value is None else value for value in values)
    return old, new


def _resources_by_tables(stack: Configuration) -> Iterator[Finding]:
    before, after = (tree.get("resource", {}) for tree in (stack.base, stack.head))
    for kind, named in before.items():
        for name, old in named.items():
            new, address = after.get(kind, {}).get(name), f"{kind}.{name}"
            if new is None:
                rule = DESTROYED_DATA if kind in DATA else DESTROYED
                yield Finding(f"{address} is destroyed: it is no longer configured",
                              "undo that change if it is not intended",
                              rule=rule, construct=address, cloud=stack.name, place=stack.place(""))  # fmt: skip
                continue
            for argument in sorted(ARGUMENTS.get(kind, frozenset())):
                one, other = old.get(argument), new.get(argument)
                if one != other and "${" not in json.dumps([one, other]):
                    what = f"{address} is replaced, because {argument} changes from {shown(one)} to {shown(other)}"
                    rule = REPLACED_DATA if kind in DATA else REPLACED
                    yield Finding(what, f"set {argument} back to {shown(one)}", rule=rule, on=[argument],
                                  construct=address, cloud=stack.name, place=stack.place(""))  # fmt: skip


def _finding(what: str, rule: Rule, module: str, inputs: Sequence[str], stack: Configuration) -> Finding:
    place = stack.place(module, inputs)
    fix = "undo that change if it is not intended"
    address = f"module.{module}"
    return Finding(f"{address}: {what}", fix, rule=rule, on=inputs, construct=address, cloud=stack.name, place=place)


def _fix(change: Change, why: str) -> str:
    undo = "undo that change" if why.startswith("because") else "keep it"
    return f"{undo}, or copy the data first" if change.type in DATA else f"{undo} if it is not intended"


def _lost(change: Change) -> str:
    return f", which loses the {DATA[change.type]} in it" if change.type in DATA else ""


def _with(others: Sequence[Change]) -> str:
    if not others:
        return ""
    count = f"{len(others)} more resource{'s are' if len(others) > 1 else ' is'}"
    return f"; {count} replaced with it: {_listed(others)}"


def _listed(changes: Sequence[Change]) -> str:
    told = [change.address for change in changes[:_MOST_ADDRESSES]]
    rest = len(changes) - len(told)
    return ", ".join(told) + (f" and {rest} more" if rest else "")


def _spelled(path: Path) -> str:
    return ".".join(map(str, path))
