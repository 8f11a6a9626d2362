"""What a page on a cloud holds: sections of entries, each a name with lines."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """Something with what there is to say of it.

    Args:
        name: What it is, e.g. an address.
        lines: What there is to say, one sentence or value each.
    """

    name: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Args:
        title: Its title.
        entries: What it holds.
        note: What to know to read it; where there are no entries, why.
    """

    title: str
    entries: Sequence[Entry]
    note: str = ""


def grouped(lines: Sequence[tuple[str, str]]) -> list[Entry]:
    """Entries from names with a line each; a line that a name has already is left out.

    Args:
        lines: The names and the lines.
    """
    found: dict[str, dict[str, None]] = {}
    for name, line in lines:
        found.setdefault(name, {})[line] = None
    return [Entry(name, [*said]) for name, said in found.items()]
