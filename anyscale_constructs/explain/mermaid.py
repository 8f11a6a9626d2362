"""Renders the drawing as a Mermaid flowchart, which GitHub displays in Markdown: https://mermaid.js.org."""

from collections.abc import Iterator

from anyscale_constructs.explain.page import Page

_SHOWN = 2
"""The most values that an arrow names."""


def as_mermaid(page: Page) -> str:
    """Returns the drawing as a flowchart.

    Args:
        page: The page.
    """
    return "\n".join(_lines(page))


def _lines(page: Page) -> Iterator[str]:
    yield "flowchart TD"
    for stack in dict.fromkeys(box.stack for box in page.drawing.boxes):
        boxes = [box for box in page.drawing.boxes if box.stack == stack]
        yield f"  subgraph {boxes[0].key}_stack[{_quoted(stack)}]"
        yield from (f"    {box.key}[{_quoted(f'{box.title}<br/>{box.subtitle}')}]" for box in boxes)
        yield "  end"
    for arrow in page.drawing.arrows:
        more = ["..."] if len(arrow.values) > _SHOWN else []
        label = ", ".join([*arrow.values[:_SHOWN], *more])
        yield (
            f"  {arrow.source} -->|{_quoted(label)}| {arrow.target}"
            if label
            else f"  {arrow.source} -.-> {arrow.target}"
        )


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "#quot;") + '"'
