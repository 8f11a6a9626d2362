"""The pages and pictures that follow from the code."""

import pathlib

from docs.generate import clouds, constructs, contents, policies, rules

HERE = pathlib.Path(__file__).parent.parent
FOLDERS = {"clouds": "*.*", "configuration": "*.*", "constructs": "**/*.md", "rules": "*.*"}
"""The folders in which these files are all generated."""


def pages() -> dict[str, str]:
    """The generated files, by their paths in docs/."""
    found = {**clouds.pages(), **constructs.pages(), **rules.pages(), **policies.pages()}
    return {**found, **contents.pages(found)}


def stale(expected: dict[str, str]) -> list[str]:
    """The paths of generated files that are missing, different or no longer generated.

    Args:
        expected: What there should be.
    """
    there = {str(file.relative_to(HERE)) for folder, names in FOLDERS.items() for file in (HERE / folder).glob(names)}
    files = {page: HERE / page for page in {*there, *expected}}
    return sorted(
        page
        for page, file in files.items()
        if not file.is_file() or file.read_text(encoding="utf-8") != expected.get(page)
    )
