"""The formats of the page."""

from collections.abc import Callable, Mapping

from anyscale_constructs.explain.mermaid import as_mermaid
from anyscale_constructs.explain.page import Page
from anyscale_constructs.explain.svg import as_picture
from anyscale_constructs.explain.text import as_text
from anyscale_constructs.explain.web import as_html

FORMATS: Mapping[str, Callable[[Page], str]] = {
    "text": as_text,
    "mermaid": as_mermaid,
    "html": as_html,
    "svg": as_picture,
}
"""The function that renders the page, by format."""
