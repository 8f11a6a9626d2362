"""Text as Markdown, which GitHub and mkdocs show alike."""

import html
import re

_CODE = re.compile(r"(`[^`]*`)")


def escaped(text: str) -> str:
    """Text whose angle brackets are no HTML.

    Args:
        text: The text, with code between backticks.
    """
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in _CODE.split(text))


def cell(text: str) -> str:
    """Text for a cell of a table.

    Args:
        text: The text, with code between backticks.
    """
    parts = _CODE.split(" ".join(text.split()))
    return "".join(_code(part) if part.startswith("`") else escaped(part).replace("|", "\\|") for part in parts)


def _code(part: str) -> str:
    """Code between backticks; mkdocs shows the backslash before a bar in it, GitHub does not."""
    return f"<code>{html.escape(part.strip('`')).replace('|', '&#124;')}</code>" if "|" in part else part
