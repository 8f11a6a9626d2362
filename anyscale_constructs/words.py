"""Words that stand for Terraform code until a stack is written: what `Expr` is made of.

A word is plain letters and digits, so that Python, `json.dumps`, YAML and the engine carry it unchanged wherever text
goes. Nothing else writes one: each process draws its own prefix. Its number has a fixed width, so sorting text by
words keeps the order of their creation. The capital letters tell a word that was changed in case.
"""

import re
import secrets
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PREFIX = "Ac" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
LENGTH = len(PREFIX) + 9
WORD = re.compile(PREFIX + r"\d{7}xZ")
TRACE = re.compile(f"{PREFIX}(?:" + r"\d{7}xZ)?", re.IGNORECASE)
"""A word, or what is left of one that was cut or changed in case: only the former matches `WORD` as a whole."""


@dataclass(frozen=True, eq=True)
class Code:
    """What a word stands for.

    Args:
        text: The expression, as between `${` and `}`; it may hold words.
        type: Terraform's type of its value, e.g. `list(string)`.
        stack: The stack in which it means something; None: any.
    """

    text: str
    type: str
    stack: Any = None


_codes: list[Code] = []
_words: dict[Code, str] = {}


def word(code: Code) -> str:
    """The word for the code: always the same one for equal codes."""
    if code not in _words:
        _words[code] = f"{PREFIX}{len(_codes):07d}xZ"
        _codes.append(code)
    return _words[code]


def code_of(word: str) -> Code:
    """What the word stands for."""
    return _codes[int(word[len(PREFIX) : -2])]


def codes(text: str) -> Iterator[Code]:
    """What the words in the text stand for, and the words in their code."""
    for match in WORD.finditer(text):
        code = code_of(match.group())
        yield code
        yield from codes(code.text)


def spelled(text: str, form: Callable[[str], str] = "${{{}}}".format) -> str:
    """The text with code in place of its words, for people to read.

    Args:
        text: Any text.
        form: How code is written inside it.
    """
    return WORD.sub(lambda match: form(spelled(code_of(match.group()).text, str)), text) if PREFIX in text else text
