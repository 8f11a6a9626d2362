"""Parses Google-style docstrings."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HEADING = re.compile(r"^(Args|Returns|Raises):$", flags=re.MULTILINE)
_ENTRY = re.compile(r"^    (\S.*?): ", flags=re.MULTILINE)


@dataclass(frozen=True)
class Docstring:
    """The content of a docstring.

    Args:
        about: The text before its sections.
        sections: The entries of each section, by name; `Returns` has one entry with an empty name.
    """

    about: str
    sections: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, documented: Any) -> "Docstring":
        """Returns the parsed docstring of a class, a function or a property.

        Args:
            documented: The class, function or property.
        """
        about, *others = _HEADING.split(inspect.getdoc(documented) or "")
        sections = {name: _entries(name, text) for name, text in zip(others[::2], others[1::2], strict=True)}
        return cls(about.strip(), sections)


def _entries(name: str, text: str) -> Mapping[str, str]:
    if name == "Returns":
        return {"": " ".join(text.split())}
    _, *parts = _ENTRY.split(text)
    return {entry: " ".join(said.split()) for entry, said in zip(parts[::2], parts[1::2], strict=True)}


def first_paragraph(text: str) -> str:
    """Returns the first paragraph on one line.

    Args:
        text: The text.
    """
    return " ".join(text.partition("\n\n")[0].split())
