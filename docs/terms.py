"""Finds words in this repository's texts that docs/contributing.md says not to use.

`make check` runs it.
"""

import pathlib
import re
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parent.parent
PAGE = ROOT / "docs" / "contributing.md"
TEXTS = ("*.md", "Makefile", "anyscale_constructs/**/*", "docs/**/*", "examples/**/*", "stacks/**/*", "tests/**/*")
KINDS = {".jinja", ".md", ".py", ".yaml", ".yml", ""}
NOT_OURS = ("anyscale_constructs/modules/", "tests/e2e/doubles/")
"""Directories with text from upstream."""


def terms(page: str) -> list[str]:
    """Returns the left column of the table of terms: the text in backticks of each row."""
    rows = page.partition("## Terms")[2]
    return [
        term for row in re.findall(r"^\| (`.*?) \|", rows, flags=re.MULTILINE) for term in re.findall(r"`(.+?)`", row)
    ]


def findings(root: pathlib.Path, words: list[str]) -> Iterator[str]:
    """Yields the places of terms in the repository's texts, where a line may break within a term."""
    patterns = [r"[\s#\"]+".join(map(re.escape, word.split())) for word in words]
    wanted = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)
    for pattern in TEXTS:
        for file in sorted(root.glob(pattern)):
            name = file.relative_to(root).as_posix()
            if file.suffix not in KINDS or not file.is_file() or name.startswith(NOT_OURS) or file == PAGE:
                continue
            text = file.read_text(encoding="utf-8")
            for match in wanted.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {' '.join(match[0].split())!r} is in the list of terms of docs/contributing.md"


if __name__ == "__main__":
    found = list(findings(ROOT, terms(PAGE.read_text(encoding="utf-8"))))
    if found:
        sys.exit("\n".join(found))
