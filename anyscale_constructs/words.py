"""Words that stand for Terraform code until a stack is written: what `Expr` is made of.

A word is plain letters and digits, so that Python, `json.dumps`, YAML and the engine carry it unchanged wherever text
goes. Nothing else writes one: each process draws its own beginning and end. Its number has a fixed width, so sorting
text by words keeps the order of their creation. The capital letters tell a word that was changed in case. Beginning and
end share no letter and the number has check digits, so that replacing a letter or a digit leaves a trace too.
"""

import itertools
import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PREFIX = "Ac" + "".join(secrets.choice("abcdefghijklm") for _ in range(8))
_SUFFIX = "".join(secrets.choice("nopqrstuvwxy") for _ in range(7)) + "Z"
LENGTH = len(PREFIX) + 11 + len(_SUFFIX)
WORD = re.compile(PREFIX + r"(\d{7})\d{4}" + _SUFFIX)
_TRACE = re.compile(f"{PREFIX}(?:" + r"\d{11}" + f"{_SUFFIX})?|{_SUFFIX}", re.IGNORECASE)
_BEGINS, _ENDS = PREFIX.lower(), _SUFFIX.lower()


@dataclass(frozen=True)
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


def is_plain(text: str) -> bool:
    """Whether the text holds no word, and nothing that could be Terraform code, as most texts do."""
    letters = str.__str__(text)
    return "{" not in letters and "$" not in letters and PREFIX not in letters


def word(code: Code) -> str:
    """The word for the code: always the same one for equal codes."""
    if code not in _words:
        _words[code] = _written(len(_codes))
        _codes.append(code)
    return _words[code]


def _written(number: int) -> str:
    head = f"{PREFIX}{number:07d}"
    return f"{head}{zlib.crc32(head.encode()) % 10**4:04d}{_SUFFIX}"


def code_of(word: str) -> Code:
    """What the word stands for."""
    return _codes[int(word[len(PREFIX) :][:7])]


_clean: dict[str, int] = {}
"""Of what was looked for in vain: in how many codes, which are not looked through again."""


def in_codes(part: str) -> bool:
    """Whether the code of any word holds the part."""
    found = any(part in code.text for code in itertools.islice(_codes, _clean.get(part, 0), None))
    if not found:
        _clean[part] = len(_codes)
    return found


def traced(text: str) -> bool:
    """Whether the text has a word in it, or what is left of one that was cut or changed."""
    lower = str.lower(text)  # faster than a pattern
    return _BEGINS in lower or _ENDS in lower


def damaged(text: str) -> bool:
    """Whether the text has a word in it that was cut or changed."""
    return traced(text) and any(whole(trace.group()) is None for trace in _TRACE.finditer(text))


def whole(text: str) -> Code | None:
    """What the text stands for if it is one word that nothing changed, and nothing else."""
    match = WORD.fullmatch(text)
    number = int(match[1]) if match else len(_codes)
    return _codes[number] if number < len(_codes) and text == _words[_codes[number]] else None


def codes(text: str) -> Iterator[Code]:
    """What the words in the text stand for, and the words in their code."""
    if PREFIX not in text:
        return
    for match in WORD.finditer(text):
        if code := whole(match.group()):
            yield code
            yield from codes(code.text)


def spelled(text: str, form: Callable[[str], str] = "${{{}}}".format) -> str:
    """The text with code in place of its words, for people to read.

    Args:
        text: Any text.
        form: How code is written inside it.
    """

    def written(match: re.Match[str]) -> str:
        code = whole(match.group())
        return form(spelled(code.text, str)) if code else match.group()

    return WORD.sub(written, text) if PREFIX in text else text
