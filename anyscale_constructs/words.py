"""Words: placeholders for Terraform code in the strings of `Expr`, replaced when a stack is synthesized.

A word consists of letters and digits only, so Python, `json.dumps`, YAML and the engine copy it unchanged. Each process
chooses a random prefix and suffix, so no other text contains a word. The number has a fixed width, so words sort in the
order of their creation. Damage is detectable: capital letters reveal a change of case; the prefix and suffix share no
letter, and the number has check digits, so replacing a letter or a digit leaves a trace.
"""

import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

PREFIX = "Ac" + "".join(secrets.choice("abcdefghijklm") for _ in range(8))
_SUFFIX = "".join(secrets.choice("nopqrstuvwxy") for _ in range(7)) + "Z"
LENGTH = len(PREFIX) + 11 + len(_SUFFIX)
WORD = re.compile(PREFIX + r"(\d{7})\d{4}" + _SUFFIX)
_TRACE = re.compile(f"{PREFIX}(?:" + r"\d{11}" + f"{_SUFFIX})?|{_SUFFIX}", re.IGNORECASE)
_CHECK = zlib.crc32(PREFIX.encode())
_BEGINS, _ENDS = PREFIX.lower(), _SUFFIX.lower()


class Code(NamedTuple):
    """The Terraform code that a word represents.

    Attributes:
        text: The expression, without `${` and `}`; it may contain words.
        type: The Terraform type of its value, e.g. `list(string)`.
        stack: The only stack in which the expression is valid. Default: None, for any stack.
    """

    text: str
    type: str
    stack: Any = None


_codes: list[Code] = []
_words: dict[Code, str] = {}
_by_word: dict[str, Code] = {}


def is_plain(text: str) -> bool:
    """Returns whether a string cannot contain code; a fast check that holds for most strings."""
    letters = str.__str__(text)
    return "{" not in letters and "$" not in letters and PREFIX not in letters


def are_plain(value: list[Any] | dict[Any, Any]) -> bool:
    """Returns whether all elements, keys and values are printable strings that cannot contain code.

    One search of all strings takes less time than a search of each.
    """
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return {*map(type, parts)} <= {str} and is_plain(text := " ".join(parts)) and text.isprintable()


def word(code: Code) -> str:
    """Returns the word for the code; equal codes have the same word."""
    found = _words.get(code)
    if found is None:
        found = _words[code] = _written(len(_codes))
        _codes.append(code)
        _by_word[found] = code
    return found


def _written(number: int) -> str:
    digits = str(10**7 + number)[1:]  # faster than a format
    return f"{PREFIX}{digits}{str(10**4 + zlib.crc32(digits.encode(), _CHECK) % 10**4)[1:]}{_SUFFIX}"


def code_of(word: str) -> Code:
    """Returns the code that a word represents."""
    return _by_word[word]


_clean: dict[str, int] = {}
"""For each part not found: the number of codes already searched, which are not searched again."""


def in_codes(part: str) -> bool:
    """Returns whether the code of any word contains the part."""
    found = any(part in code.text for code in _codes[_clean.get(part, 0) :])
    if not found:
        _clean[part] = len(_codes)
    return found


def traced(text: str) -> bool:
    """Returns whether the text contains a word, intact or damaged."""
    return traced_in(str.lower(text))  # faster than a pattern


def traced_in(lower: str) -> bool:
    """Returns the same as `traced` for text that is already in lower case."""
    return _BEGINS in lower or _ENDS in lower


def damaged(text: str) -> bool:
    """Returns whether the text contains a word that was truncated or changed."""
    return traced(text) and any(whole(trace.group()) is None for trace in _TRACE.finditer(text))


def whole(text: str) -> Code | None:
    """Returns the code if the text consists of exactly one intact word, else None."""
    return _by_word.get(str.__str__(text))


def codes(text: str) -> Iterator[Code]:
    """Yields the codes of the words in the text, and of the words in their code."""
    if PREFIX not in text:
        return
    for match in WORD.finditer(text):
        if code := whole(match.group()):
            yield code
            yield from codes(code.text)


def spelled(text: str, form: Callable[[str], str] = "${{{}}}".format) -> str:
    """Returns the text with its words replaced by their code, for display.

    Args:
        text: Any text.
        form: Formats a code inside the text. Default: `${code}`.
    """

    def written(match: re.Match[str]) -> str:
        code = whole(match.group())
        return form(spelled(code.text, str)) if code else match.group()

    return WORD.sub(written, text) if PREFIX in text else text
