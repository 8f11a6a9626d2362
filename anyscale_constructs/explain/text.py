"""Renders the page as plain text for a terminal with 80 columns."""

import textwrap
from collections.abc import Iterator

from anyscale_constructs.explain.page import Page
from anyscale_constructs.explain.sections import Entry, Section

_WIDTH = 80
_WIDEST_NAME = 28
_INDENT = 2


def as_text(page: Page) -> str:
    """Returns the page as plain text.

    Args:
        page: The page.
    """
    title = f"{page.name}: {page.summary}"
    return "\n".join([*_wrapped(title, 0), *(line for section in page.sections for line in _section(section))])


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield section.title
    yield "-" * len(section.title)
    if section.note:
        yield from _wrapped(section.note, 0)
    names = [len(entry.name) for entry in section.entries if len(entry.name) <= _WIDEST_NAME]
    width = _INDENT + max(names, default=_INDENT) + 2
    for entry in section.entries:
        yield from _entry(entry, width)


def _entry(entry: Entry, width: int) -> Iterator[str]:
    """Yields a name in the left column with its lines in the right column, or below the name if there is no room."""
    longest = max((len(word) for line in entry.lines for word in line.split()), default=0)
    if len(entry.name) > _WIDEST_NAME or longest > _WIDTH - width - _INDENT:
        yield from _wrapped(entry.name, _INDENT)
        yield from (line for said in entry.lines for line in _wrapped(said, 3 * _INDENT))
        return
    first, *rest = [line for said in entry.lines for line in _wrapped(said, width)]
    yield f"{'':{_INDENT}}{entry.name}".ljust(width) + first.lstrip()
    yield from rest


def _wrapped(text: str, indent: int) -> list[str]:
    rest = " " * (indent + 2 if indent else 0)
    lines = textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=rest, break_on_hyphens=False)
    return [line.rstrip() for line in lines]
