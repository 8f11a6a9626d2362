"""Generates documentation pages and pictures from the code."""

import pathlib

from docs.generate import clouds, constructs, contents, policies, rules

HERE = pathlib.Path(__file__).parent.parent
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
    files = {page: HERE / page for page in {*there, *expected}}
    return sorted(
        page
        for page, file in files.items()
        if not file.is_file() or file.read_text(encoding="utf-8") != expected.get(page)
    )
