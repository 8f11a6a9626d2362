"""Formats text as Markdown that GitHub and mkdocs render in the same way."""

import html
import re

_CODE = re.compile(r"(`[^`]*`)")


def escaped(text: str) -> str:
    """Returns text in which angle brackets are escaped.

    Args:
        text: The text, with code between backticks.
    """
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in _CODE.split(text))


def cell(text: str) -> str:
    """Returns text for a table cell.

    Args:
        text: The text, with code between backticks.
    """
    parts = _CODE.split(" ".join(text.split()))
    return "".join(_code(part) if part.startswith("`") else escaped(part).replace("|", "\\|") for part in parts)


def _code(part: str) -> str:
    """Returns code between backticks; as HTML if it has a bar, because mkdocs would show the backslash before it."""
    return f"<code>{html.escape(part.strip('`')).replace('|', '&#124;')}</code>" if "|" in part else part
