"""What Google-style docstrings say, in parts."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_HEADING = re.compile(r"^(Args|Returns|Raises):$", flags=re.MULTILINE)
_ENTRY = re.compile(r"^    (\S.*?): ", flags=re.MULTILINE)


@dataclass(frozen=True)
class Docstring:
    """What a docstring says.

    Args:
        about: What it says before its sections.
        sections: The entries of `Args` and `Raises`, by their names; `Returns` has one without a name.
    """

    about: str
    sections: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, documented: Any) -> "Docstring":
        """The docstring of a class, a function or a property.

        Args:
            documented: What has it.
        """
        about, *others = _HEADING.split(inspect.getdoc(documented) or "")
        sections = {name: _entries(name, text) for name, text in zip(others[::2], others[1::2], strict=True)}
        return cls(about.strip(), sections)


def _entries(name: str, text: str) -> Mapping[str, str]:
    if name == "Returns":
        return {"": " ".join(text.split())}
    _, *parts = _ENTRY.split(text)
    return {entry.lstrip("*"): " ".join(said.split()) for entry, said in zip(parts[::2], parts[1::2], strict=True)}


def first_paragraph(text: str) -> str:
    """The first paragraph, in one line.

    Args:
        text: The text.
    """
    return " ".join(text.partition("\n\n")[0].split())
