"""The sections of a page on a cloud, with entries of a name and lines."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A name with lines about it.

    Args:
        name: The name, e.g. an address.
        lines: The lines, each a sentence or a value.
    """

    name: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Args:
        title: The title.
        entries: The entries.
        note: An explanation, or the reason if there are no entries. Default: none.
    """

    title: str
    entries: Sequence[Entry]
    note: str = ""


def grouped(lines: Sequence[tuple[str, str]]) -> list[Entry]:
    """Groups lines by their names into entries, without duplicate lines.

    Args:
        lines: Pairs of a name and a line.
    """
    found: dict[str, dict[str, None]] = {}
    for name, line in lines:
        found.setdefault(name, {})[line] = None
    return [Entry(name, [*said]) for name, said in found.items()]
