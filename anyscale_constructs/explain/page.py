"""The page on a cloud: sections and a drawing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from anyscale_constructs.explain import parts
from anyscale_constructs.explain.costs import costs
from anyscale_constructs.explain.drawing import Drawing, drawn
from anyscale_constructs.explain.identity import trust
from anyscale_constructs.explain.kept import kept
from anyscale_constructs.explain.networks import reach, subnets
from anyscale_constructs.explain.parts import REGISTRATION, Stack
from anyscale_constructs.explain.registered import registration
from anyscale_constructs.explain.sections import Entry, Section
from anyscale_constructs.review.stacks import StackContent


@dataclass(frozen=True)
class Page:
    """The page on a cloud.

    Args:
        name: The cloud's name.
        summary: A summary in one line.
        sections: The sections of the page.
        drawing: The drawing of the data flow.
    """

    name: str
    summary: str
    sections: Sequence[Section]
    drawing: Drawing

    @property
    def title(self) -> str:
        """The title of the drawing, for screen readers."""
        return f"What feeds what in the cloud {self.name}"


def page_of(name: str, contents: Sequence[StackContent]) -> Page:
    """Returns the page on a cloud.

    Args:
        name: The cloud's name.
        contents: The cloud's stacks, in the order in which they must be applied.
    """
    stacks = [parts.read(content) for content in contents]
    sections = [
        _made(stacks),
        _feeds(stacks),
        subnets(stacks),
        reach(stacks),
        trust(stacks),
        registration(stacks),
        costs(stacks),
        kept(stacks),
    ]
    return Page(name, _summary(stacks), sections, drawn(stacks))


def _summary(stacks: Sequence[Stack]) -> str:
    said: list[str] = []
    for stack in stacks:
        if isinstance(stack.registered, Mapping):
            names = ("provider", "compute_stack", "region", "networking_mode")
            said = [parts.spelled(stack.registered[name]) for name in names if stack.registered.get(name)]
            break
    count = f"{len(stacks)} stacks, applied in this order:" if len(stacks) > 1 else "1 stack:"
    return f"{', '.join(said) or 'a cloud'}; {count} {', '.join(stack.name for stack in stacks)}"


def _made(stacks: Sequence[Stack]) -> Section:
    """Returns the section on the module calls, and on the resources by type."""
    entries: list[Entry] = []
    for stack in stacks:
        types: dict[str, list[str]] = {}
        for part in stack.parts.values():
            if part.is_module:
                entries.append(Entry(part.address, [f"{part.kind} at {part.pin}" if part.pin else part.kind]))
            else:
                types.setdefault(part.kind, []).append(part.name)
        entries += [Entry(kind, [f"{len(names)}: {', '.join(names)}"]) for kind, names in types.items()]
    return Section("Modules and resources", entries, "" if entries else "These stacks create nothing.")


def _feeds(stacks: Sequence[Stack]) -> Section:
    """Returns the section on what each part refers to; parts of one type with the same references share an entry."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for stack in stacks:
        for target in (*stack.parts, REGISTRATION):
            if lines := (*_fed(stack, target),):
                kind, _, name = target.rpartition(".")
                found.setdefault((kind, lines), []).append(name)
    entries = [Entry(_together(kind, names), lines) for (kind, lines), names in found.items()]
    return Section("What feeds what", entries, "" if entries else "The parts do not refer to each other.")


def _together(kind: str, names: Sequence[str]) -> str:
    if f"{kind}.{names[0]}" == REGISTRATION:
        return "registration"
    return f"{kind}.{names[0]}" if len(names) == 1 else f"{kind}: {', '.join(names)}"


def _fed(stack: Stack, target: str) -> Iterator[str]:
    given: dict[str, dict[str, None]] = {}
    waits: list[str] = []
    for each in stack.references:
        if each.target == target and each.argument:
            source = f"{each.source}.{each.value}" if each.value else each.source
            given.setdefault(source, {})[each.argument] = None
        elif each.target == target:
            waits.append(each.source)
    for source, arguments in given.items():
        yield f"{', '.join(arguments)} <- {source}"
    if waits:
        yield f"after {', '.join(waits)}"
