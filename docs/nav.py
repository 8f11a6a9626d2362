"""What mkdocs.yml cannot say: an entry of the navigation that ends with `/` stands for all pages of a folder."""

import pathlib
from collections.abc import Collection
from typing import Any


def on_config(config: Any) -> None:
    """Replaces the folders in the navigation by their pages, when mkdocs has read its configuration.

    Args:
        config: The configuration.
    """
    config.nav = expanded(config.nav, pathlib.Path(config.docs_dir))


def expanded(entries: Any, root: pathlib.Path, more: Collection[str] = ()) -> Any:
    """A part of the navigation with the pages in place of the folders; those without a page are left out.

    Args:
        entries: The part.
        root: What the paths of pages begin at.
        more: Pages that are not there yet.
    """
    match entries:
        case list():
            return [each for each in (expanded(entry, root, more) for entry in entries) if each]
        case dict():
            found = {title: expanded(inner, root, more) for title, inner in entries.items()}
            return {title: inner for title, inner in found.items() if inner}
        case str() if entries.endswith("/"):
            there = {str(page.relative_to(root)) for page in (root / entries).glob("*.md")}
            there |= {page for page in more if page.rpartition("/")[0] == entries.rstrip("/")}
            there -= {"docs/README.md"}  # it has an entry of its own
            return sorted(there, key=lambda page: (not page.endswith("/README.md"), page))
    return entries
