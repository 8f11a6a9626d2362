"""Extends mkdocs.yml: a navigation entry that ends with `/` stands for all pages of a directory."""

import pathlib
from collections.abc import Collection
from typing import Any


def on_config(config: Any) -> None:
    """Replaces the directories in the navigation with their pages after mkdocs has read its configuration.

    Args:
        config: The configuration.
    """
    config.nav = expanded(config.nav, pathlib.Path(config.docs_dir))


def expanded(entries: Any, root: pathlib.Path, more: Collection[str] = ()) -> Any:
    """Returns a part of the navigation with directories replaced by their pages; those without pages are omitted.

    Args:
        entries: The part.
        root: The directory that the paths of pages are relative to.
        more: Pages that do not exist yet. Default: none.
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
            there -= {"docs/README.md"}  # it has its own entry
            return sorted(there, key=lambda page: (not page.endswith("/README.md"), page))
    return entries
