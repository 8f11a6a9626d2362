"""Writes the generated documentation; `make docs` runs it."""

from docs import HERE
from docs.generate import pages, stale

expected = pages()
for page in stale(expected):
    if page in expected:
        (HERE / page).parent.mkdir(parents=True, exist_ok=True)
        (HERE / page).write_text(expected[page], encoding="utf-8")
    else:
        (HERE / page).unlink()
