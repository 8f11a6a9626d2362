"""Renders the page as one HTML file that loads nothing and runs no scripts."""

import html
import importlib.resources
import re
from collections.abc import Iterator

from anyscale_constructs.explain.drawing import GROUPS
from anyscale_constructs.explain.page import Page
from anyscale_constructs.explain.sections import Section
from anyscale_constructs.explain.svg import STYLE, as_svg, styles

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_REFERENCE = re.compile(r"&lt;[^&]+&gt;")
_STYLE = importlib.resources.files("anyscale_constructs.explain") / "page.css"


def as_html(page: Page) -> str:
    """Returns the page as one HTML file.

    Args:
        page: The page.
    """
    return "\n".join(_lines(page))


def _lines(page: Page) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{html.escape(page.name)}</title>"
    yield f"<style>\n{STYLE}{_STYLE.read_text(encoding='utf-8')}{styles(page.drawing)}\n</style>\n</head>\n<body>"
    yield f"<header><h1>{html.escape(page.name)}</h1><p>{html.escape(page.summary)}</p></header>\n<main>"
    yield '<section class="drawing">'
    yield as_svg(page.drawing, page.title)
    there = {box.group for box in page.drawing.boxes}
    yield '<p class="legend">'
    yield from (f'<span class="{group}">{group}</span>' for group in GROUPS if group in there)
    yield '</p>\n</section>\n<div class="sections">'
    for section in page.sections:
        yield from _section(section)
    yield "</div>\n</main>\n</body>\n</html>"


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{html.escape(section.title)}</h2>"
    if section.note:
        yield f"<p>{html.escape(section.note)}</p>"
    if section.entries:
        yield "<table>"
        for entry in section.entries:
            lines = "".join(f"<li>{_line(line)}</li>" for line in entry.lines)
            yield f'<tr><th scope="row">{_breaking(html.escape(entry.name))}</th><td><ul>{lines}</ul></td></tr>'
        yield "</table>"
    yield "</section>"


def _line(text: str) -> str:
    """Returns a line in which values known after apply and sources open to everybody are highlighted."""
    marked = _REFERENCE.sub(r"<code>\g<0></code>", html.escape(text))
    return _breaking(marked.replace(" from everybody", ' from <strong class="open">everybody</strong>'))


def _breaking(text: str) -> str:
    """Returns text with line break opportunities after the dots and underscores of addresses."""
    return re.sub(r"(?<=[a-zA-Z])([._/])(?=[a-zA-Z])", r"\1<wbr>", text)
