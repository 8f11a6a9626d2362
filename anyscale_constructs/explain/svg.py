"""Renders the drawing as SVG, in an HTML page or as a picture."""

import html
import importlib.resources
import itertools
import textwrap
from collections.abc import Iterator, Sequence

from anyscale_constructs.explain.drawing import Box, Drawing
from anyscale_constructs.explain.layout import HEIGHT, WIDTH, Layout, Point, laid_out
from anyscale_constructs.explain.page import Page

STYLE = (importlib.resources.files("anyscale_constructs.explain") / "drawing.css").read_text(encoding="utf-8")
"""The colors and fonts of the drawing on a light page."""

_TITLE, _SUBTITLE = 23, 32
"""The most characters of the title and of the subtitle in a line of a box."""
_LINES, _LINE, _BASELINE = 3, 16, 12


def as_svg(drawing: Drawing, title: str) -> str:
    """Returns the drawing as an element of an HTML page, which contains its style.

    Args:
        drawing: The drawing.
        title: The title for screen readers.
    """
    layout = laid_out(drawing)
    return "\n".join(_lines(drawing, layout, title, f'style="max-width: {layout.width:.0f}px"'))


def as_picture(page: Page) -> str:
    """Returns the drawing as a separate file on white, which pages can show as an image in light and dark mode.

    Args:
        page: The page.
    """
    layout = laid_out(page.drawing)
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    first, *others = _lines(page.drawing, layout, page.title, f'xmlns="http://www.w3.org/2000/svg" {size}')
    return "\n".join([first, f"<style>\n{STYLE}</style>", f'<rect {size} fill="white"/>', *others])


def styles(drawing: Drawing) -> str:
    """Returns the CSS rules that highlight the arrows of a box on hover.

    Args:
        drawing: The drawing.
    """
    return "\n".join(f"svg:has(#{box.key}:hover) .arrow:not(.{box.key}) {{ opacity: .12 }}" for box in drawing.boxes)


def _lines(drawing: Drawing, layout: Layout, title: str, attributes: str) -> Iterator[str]:
    size = f"{layout.width:.0f} {layout.height:.0f}"
    yield f'<svg viewBox="0 0 {size}" {attributes} role="img" aria-label="{_safe(title)}">'
    yield '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    yield '<path d="M0 0.6 L8 4 L0 7.4 z" class="head"/></marker></defs>'
    for area in layout.areas:
        width, height = layout.width - 2, area.bottom - area.top - 2
        yield f'<rect class="area" x="1" y="{area.top + 1:.0f}" width="{width:.0f}" height="{height:.0f}" rx="12"/>'
        yield f'<text class="stack" x="16" y="{area.top + 22:.0f}">{_safe(area.stack)}</text>'
    titles = {box.key: box.title for box in drawing.boxes}
    for arrow, points in layout.routes:
        waits = "" if arrow.values else " waits"
        told = f"{titles[arrow.source]} → {titles[arrow.target]}: {', '.join(arrow.values) or 'waits for it'}"
        yield f'<g class="arrow {arrow.source} {arrow.target}{waits}"><title>{_safe(told)}</title>'
        yield f'<path d="{_curve(points)}" marker-end="url(#head)"/></g>'
    for box in drawing.boxes:
        yield from _box(box, layout.places[box.key])
    yield "</svg>"


def _box(box: Box, place: Point) -> Iterator[str]:
    x, y = place
    titles = _fitting(box.title, " ", _TITLE, _LINES - 1)
    subtitles = _fitting(box.subtitle, ", ", _SUBTITLE, _LINES - len(titles))
    yield f'<g class="box {box.group}" id="{box.key}"><title>{_safe(", ".join(box.addresses))}</title>'
    yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
    yield f'<rect class="mark" x="{x:.1f}" y="{y + 8:.1f}" width="4" height="{HEIGHT - 16}" rx="2"/>'
    at = y + (HEIGHT - _LINE * (len(titles) + len(subtitles))) / 2 + _BASELINE
    for text, name in (*((line, "title") for line in titles), *((line, "subtitle") for line in subtitles)):
        yield f'<text class="{name}" x="{x + 16:.1f}" y="{at:.1f}">{_safe(text)}</text>'
        at += _LINE
    yield "</g>"


def _fitting(text: str, between: str, width: int, most: int) -> list[str]:
    """Returns the words or names that fit in several lines, with the number of the others."""
    names = text.split(between)
    for shown in range(len(names), 0, -1):
        more = f" + {len(names) - shown}" if shown < len(names) else ""
        lines = textwrap.wrap(f"{between.join(names[:shown])}{more}", width, break_long_words=False)
        if len(lines) <= most and max(map(len, lines), default=0) <= width:
            return lines
    return [f"{text[: width - 3]}..."]


def _curve(points: Sequence[Point]) -> str:
    """Returns a path of curves between pairs of points and straight lines between the pairs, with vertical ends."""
    (x, y), *_ = points
    said = [f"M{x:.1f} {y:.1f}"]
    for number, ((x, y), (to_x, to_y)) in enumerate(itertools.pairwise(points)):
        middle = (y + to_y) / 2
        curve = f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        said.append(f"L{to_x:.1f} {to_y:.1f}" if number % 2 else curve)
    return " ".join(said)


def _safe(text: str) -> str:
    return html.escape(text)
