"""Generates documentation pages and pictures from the code."""

from docs import HERE
from docs.generate import clouds, constructs, contents, policies, rules

FOLDERS = {"clouds": "*.*", "configuration": "*.*", "constructs": "**/*.md", "rules": "*.*"}
"""The directories in which all files with these extensions are generated."""


def pages() -> dict[str, str]:
    """Returns the generated files, by their paths in docs/."""
    found = {**clouds.pages(), **constructs.pages(), **rules.pages(), **policies.pages()}
    return {**found, **contents.pages(found)}


def stale(expected: dict[str, str]) -> list[str]:
    """Returns the paths of generated files that are missing, different or no longer generated.

    Args:
        expected: The expected files, by path.
    """
    there = {str(file.relative_to(HERE)) for folder, names in FOLDERS.items() for file in (HERE / folder).glob(names)}
    return sorted(
        page
        for page in there | expected.keys()
        if not (HERE / page).is_file() or (HERE / page).read_text(encoding="utf-8") != expected.get(page)
    )
