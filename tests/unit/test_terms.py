"""The check of the words that this project's texts do not use."""

import pathlib
import runpy

import pytest

from tests import ROOT

TERMS = runpy.run_path(str(ROOT / "docs" / "terms.py"))
PAGE = """# Contributing

| `not this` | it stands before the list |

## Terms

| not | but |
|---|---|
| `olde word` | new word |
| `one foo a bar`, `two foo a bar` | one per node |
"""


def found(text: str, folder: pathlib.Path, name: str = "docs/page.md") -> list[str]:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    findings: list[str] = list(TERMS["findings"](folder, TERMS["terms"](PAGE)))
    return findings


def test_the_terms_are_those_of_the_table() -> None:
    assert TERMS["terms"](PAGE) == ["olde word", "one foo a bar", "two foo a bar"]
    assert len(TERMS["terms"](TERMS["PAGE"].read_text(encoding="utf-8"))) > 20


@pytest.mark.parametrize(
    "text",
    ["Olde word.", "one\nolde word", "olde\n    # word", '"olde "\n        "word"', "# one foo a bar", "two foo a bar"],
)
def test_a_term_is_found_also_across_lines(text: str, tmp_path: pathlib.Path) -> None:
    (finding,) = found(text, tmp_path)
    assert finding.startswith("docs/page.md:")


@pytest.mark.parametrize("text", ["older word", "olde wordings", "not this", ""])
def test_other_words_are_accepted(text: str, tmp_path: pathlib.Path) -> None:
    assert found(text, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("README.md", 1),
        ("Makefile", 1),
        ("anyscale_constructs/aws/vpc.py", 1),
        ("anyscale_constructs/cli/templates/README.md.jinja", 1),
        ("tests/findings/clouds/a.yaml", 1),
        ("anyscale_constructs/modules/aws/vpc.py", 0),
        ("docs/picture.svg", 0),
    ],
)
def test_all_texts_are_read(name: str, count: int, tmp_path: pathlib.Path) -> None:
    assert len(found("olde word", tmp_path, name)) == count
