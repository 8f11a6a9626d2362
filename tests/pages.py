"""The pages of the documentation and their blocks."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests import ROOT

DOCS = ROOT / "docs"
GENERATED = {"README.md", "clouds", "configuration", "constructs", "rules"}
"""What `make docs` writes in docs/; other tests check the sources of these pages."""

_BLOCK = re.compile(
    r"(?:(?P<add>Add\b[^.`]*?)?`(?P<file>[\w./-]+\.\w+|\.\w+)`:\n\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A block of a page.

    Attributes:
        line: Its first line.
        file: The file that it shows, named directly before it: `clouds/prod.yaml`:
        added: Whether it is added to that file, as in "Add this to `clouds/prod.yaml`:".
        language: The language after its three backticks.
        text: Its content.
    """

    line: int
    file: str | None
    added: bool
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Returns the blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            text.count("\n", 0, match.start("language")) + 1,
            match["file"],
            bool(match["add"]),
            match["language"],
            textwrap.dedent(match["text"]),
        )
        for match in _BLOCK.finditer(text)
    ]


def every_page() -> Iterator[Path]:
    """Yields the README and the pages of the documentation."""
    yield from (ROOT / "README.md", *sorted(DOCS.glob("**/*.md")))


def written() -> list[Path]:
    """Yields the pages that people write."""
    readme, *docs = every_page()
    return [readme, *(page for page in docs if page.relative_to(DOCS).parts[0] not in GENERATED)]


def shown_files() -> dict[str, str]:
    """Returns the files of a repository as pages show them, by name; a later page replaces those of an earlier one."""
    names = ("how-to/change-a-kind.md", "getting-started/python.md", "concepts/program.md", "../README.md")
    pages = [DOCS / name for name in names]
    return {
        block.file: block.text
        for page in pages
        for block in blocks(page)
        if block.file and not block.added and block.language != "diff"
    }
