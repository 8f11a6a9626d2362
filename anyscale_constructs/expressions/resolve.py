"""The last step of synthesis: replaces words with their code, in the form required by the context."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions.code import PAIRS, is_closed, texts
from anyscale_constructs.findings import Finding, Rule, in_json

_IS_KEY = re.compile(r"\s*(?:=(?![=>])|:)")
_COLLECTION = re.compile(r"(?:list|set|map|object|tuple)\(")
_LOST = re.compile(r"\$\$\{(?:module|var|local|data)\.")
_PREFIX = words.PREFIX
_LISTS, _MAPS = (list, tuple), (dict, Mapping)
_MARKS = {"$", "%", "\\", '"'}
_NEXT = re.compile(r"""[$%\\"]|""" + words.PREFIX)
_NEXT_OUTSIDE = re.compile("[$%]|" + words.PREFIX)  # outside strings in code, where quotes and backslashes are plain
# The sequences in code that need no processing.
_LETTERS = re.compile(rf"(?:(?!{words.PREFIX})\w)+")

# The paths that cannot be expressions in Terraform.
_LITERAL = re.compile(
    r"""terraform\.
    | module\.[^.]+\.(?:source|version|depends_on|providers)\b
    | variable\.[^.]+\.(?!validation\b)
    | output\.[^.]+\.(?:description|sensitive|depends_on)\b
    | provider\.[^.]+(?:\[\d+\])?\.alias\b
    | resource\.[^.]+\.[^.]+\.(?:depends_on|provider|lifecycle\.(?!pre|post)[^.]+)\b
    | data\.[^.]+\.[^.]+\.(?:depends_on|provider)\b
    | moved\b
    | import(?:\[\d+\])?\.(?:to|provider)\b
    | removed\b""",
    re.VERBOSE,
)

MISPLACED = Rule(
    "misplaced-expression", "error", "Terraform does not accept an expression, or one of its type, in that place."
)
DAMAGED = Rule("damaged-expression", "error", "Python code changed the placeholder of a Terraform expression.")
CROSS_STACK = Rule("cross-stack-reference", "error", "Terraform code can only refer to objects of its own stack.")
LIST_IN_TEXT = Rule("list-in-text", "error", "Terraform does not convert lists and maps to strings.")


class Resolver:
    """Replaces the words in a stack's Terraform JSON with their code, and sorts its keys.

    Args:
        stack: The stack; expressions of other stacks are rejected.
        engine: Resolves the engine tokens in a string to Terraform code.
        plain: Converts other values than strings, collections and None to plain JSON. Default: they are plain.
    """

    def __init__(
        self, stack: Any, engine: Callable[[str], str], plain: Callable[[Any], Any] = lambda value: value
    ) -> None:
        self._stack = stack
        self._engine = engine
        self._plain = plain
        self._expanded: dict[str, str] = {}
        self._keys: list[str] = []
        self._strings: list[str] = []
        self.problems: list[Finding] = []
        self.templates: list[str] = []
        """All resolved strings that may contain code, including keys."""
        self.letters = ""
        """All resolved strings, including keys, as one string in lower case: a search of it is much faster."""

    def resolve(self, value: Any, path: str = "") -> Any:
        """Returns the value without nulls, and with words replaced by code; adds errors to `problems`.

        Args:
            value: A part of the stack's JSON.
            path: The path of the value in the stack's JSON. Default: the root.
        """
        try:
            resolved = self._resolve(value, path)
            if not _is_plain("\n".join(self._keys)):  # all keys at once, because few stacks have such keys
                resolved = self._with_keys(resolved, path)
        except TypeError:
            self._plain(value)  # refuses a key that is no string
            raise
        self.letters = "\n".join({*self._keys, *self._strings, *self.templates}).lower()
        for where, text in texts(resolved, path) if words.traced_in(self.letters) else ():
            if words.damaged(text):
                self.say(where, *_DAMAGED)
        return resolved

    def _resolve(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind is dict:
            return self._map(value, path)
        if isinstance(value, str):
            text = str.__str__(value)
            self._strings.append(text if _is_plain(text) else self._text(text, path))
            return self._strings[-1]
        if isinstance(value, _LISTS):
            made: list[Any] = []
            for each in value:
                if each is not None:
                    made.append(self._resolve(each, f"{path}[{len(made)}]"))
            return made
        if kind is bool or kind is int:
            return value
        return self._map(dict(value), path) if isinstance(value, _MAPS) else self._plain(value)

    def _map(self, value: dict[str, Any], path: str) -> dict[str, Any]:
        try:
            keys = sorted(value)
        except (ExpressionError, TypeError):  # some keys are no plain strings
            keys = sorted(value := self._plain(value))
        self._keys += keys
        made: dict[str, Any] = {}
        strings = self._strings
        for key in keys:
            inner = value[key]
            kind = type(inner)
            if kind is str:
                if "{" in inner or _PREFIX in inner:
                    inner = self._text(inner, f"{path}.{key}" if path else key)
                strings.append(inner)
                made[key] = inner
            elif kind is dict:
                made[key] = self._map(inner, f"{path}.{key}" if path else key)
            elif inner is not None:
                made[key] = self._resolve(inner, f"{path}.{key}" if path else key)
        return made

    def _with_keys(self, value: Any, path: str) -> Any:
        """Returns a resolved value with the words in its keys replaced by code."""
        if isinstance(value, list):
            return [self._with_keys(each, f"{path}[{index}]") for index, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        named = {
            self._key(str.__str__(key), path): self._with_keys(inner, f"{path}.{key}" if path else key)
            for key, inner in value.items()
        }
        return {key: named[key] for key in sorted(named)}

    def _key(self, key: str, path: str) -> str:
        if _is_plain(key):
            return key
        # Above this depth, a key is the name of a block or an argument, which cannot be code.
        if _PREFIX in key and path.count(".") < _BLOCK_DEPTH.get(path.partition(".")[0], 0):
            self.say(path, f"has an expression as an argument name: {words.spelled(key)}", "use a literal name")
            return key
        if code := words.whole(key):
            self._refuse_collection(code, path)
        return self._text(key, path)

    def _text(self, text: str, path: str) -> str:
        self.templates.append(resolved := self._filled(text, path))
        return resolved

    def _filled(self, text: str, path: str) -> str:
        code = words.whole(text)
        if code is None:
            if "{TfToken[" in text:
                text = self._plain(text)  # refuses it, because the engine has resolved its tokens
            if _PREFIX not in text and text.count("${") < _NESTED and _CUT_LIST not in text:
                return text
        if _is_literal(path):
            if _PREFIX in text:
                self.say(path, f"cannot be an expression; got {words.spelled(text)}", "use a literal value")
            return text
        if code:
            return "${" + self._expand(code, path) + "}"
        if words.damaged(text):
            self.say(path, *_DAMAGED)
            return text
        return _Parser(self, path, text).template()

    def _expand(self, code: words.Code, path: str) -> str:
        """Returns the code with all words in it replaced."""
        if code.stack is not None and code.stack is not self._stack:
            self.say(
                path,
                f"uses {words.spelled(code.text, str)} of the stack {code.stack.name} in the stack {self._stack.name}",
                "pass the value as a literal, or read it with a data source in this stack",
                CROSS_STACK,
            )
        text = code.text
        if text not in self._expanded:
            resolved = self._engine(text) if "{TfToken[" in text else text
            told = len(self.problems)
            if '"' not in resolved and "$" not in resolved and _PREFIX not in resolved:
                expanded = resolved
            elif words.damaged(text):  # the parser would not end
                self.say(path, *_DAMAGED)
                return text
            else:
                expanded = _Parser(self, path, resolved, ours=True).code()
            if len(self.problems) > told:  # not cached, so that every element with the problem is reported
                return expanded
            self._expanded[text] = expanded
        return self._expanded[text]

    def code(self, word: str, path: str) -> str:
        """Returns the code of a word in other code, in parentheses if needed."""
        text = self._expand(words.code_of(word), path)
        return text if is_closed(text) else f"({text})"

    def interpolation(self, word: str, path: str) -> str:
        """Returns the code of a word inside a string, as an interpolation."""
        code = words.code_of(word)
        self._refuse_collection(code, path)
        return "${" + self._expand(code, path) + "}"

    def _refuse_collection(self, code: words.Code, path: str) -> None:
        if _COLLECTION.match(code.type):
            self.say(
                path,
                f"contains {self._expand(code, path)}, a {code.type}, inside a string",
                'convert it to a string with fn.join(",", ...) or fn.jsonencode(...)',
                LIST_IN_TEXT,
            )

    def say(self, path: str, what: str, fix: str, rule: Rule = MISPLACED) -> None:
        """Adds an error about a path to `problems`, unless it is already there."""
        problem = in_json(words.spelled(path), what, fix, rule=rule)
        if problem not in self.problems:
            self.problems.append(problem)


_DAMAGED = (
    "contains an expression that was truncated or changed as a string",
    "use a Terraform function instead, e.g. fn.upper() or fn.substr()",
    DAMAGED,
)
_NESTED = 2
_CUT_LIST = ", ]"
"""The end of an engine list that contained null: the engine drops null and the elements after it."""
# The number of keys above the arguments of a block, by type of block.
_BLOCK_DEPTH = {"resource": 3, "data": 3, "module": 2, "output": 2, "variable": 2, "provider": 2}


@lru_cache(maxsize=4096)
def _is_literal(path: str) -> bool:
    """Returns whether a path cannot be an expression; cached, since most stacks have the same paths."""
    return bool(_LITERAL.match(path))


def _is_plain(text: str) -> bool:
    """Returns whether a string contains nothing to resolve; a fast check that holds for most strings."""
    return "{" not in text and words.PREFIX not in text


class _Parser:
    """Parses a template or code, and replaces the words in it with their code.

    Args:
        resolver: Resolves words to code.
        path: The path of the text.
        text: The text.
        ours: Whether the text is the code of an expression, with engine tokens already resolved. Default: False.
    """

    def __init__(self, resolver: Resolver, path: str, text: str, *, ours: bool = False) -> None:
        self._resolver, self._path, self._text, self._ours = resolver, path, text, ours
        self._engines = not ours
        self._at = 0

    def template(self) -> str:
        """Returns the whole text, parsed as a template."""
        return "".join(self._template(""))

    def code(self) -> str:
        """Returns the whole text, parsed as code."""
        return "".join(self._code(""))

    def _take(self, length: int) -> str:
        taken = self._text[self._at : self._at + length]
        self._at += length
        return taken

    def _word(self) -> str | None:
        match = words.WORD.match(self._text, self._at)
        return self._take(len(match.group())) if match else None

    def _template(self, end: str) -> list[str]:
        parts: list[str] = []
        while self._at < len(self._text) and not (end and self._text.startswith(end, self._at)):
            if self._text.startswith(("$${", "%%{"), self._at):
                if end and _LOST.match(self._text, self._at):
                    letters = words.spelled(self._text[self._at + 1 :])[:80]
                    self._resolver.say(
                        self._path,
                        f"passes a reference to a function as a literal string: {letters}",
                        "pass the value itself to the function, e.g. module.get_string(), vpc.vpc_id or expr()",
                    )
                parts.append(self._take(3))
            elif self._text.startswith(("${", "%{"), self._at):
                parts.append(self._take(2))
                parts += self._code("}")
                parts.append(self._take(1))
            elif word := self._word():
                if parts and parts[-1] == "$":  # a dollar sign before ${ would escape it
                    parts.append(self._protect(parts))
                parts.append(self._resolver.interpolation(word, self._path))
            elif self._text[self._at] in _MARKS:
                parts.append(self._take(2 if end and self._text[self._at] == "\\" else 1))
            else:
                match = (_NEXT if end else _NEXT_OUTSIDE).search(self._text, self._at)
                parts.append(self._take((match.start() if match else len(self._text)) - self._at))
        return parts

    def _protect(self, parts: list[str]) -> str:
        signs = ""
        while parts and parts[-1] == "$":
            signs = parts.pop() + signs
        return '${"' + signs + '"}'

    def _code(self, end: str) -> list[str]:
        parts: list[str] = []
        closing: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if end == char and not closing:
                break
            if char == '"':
                parts.append(self._quoted())
            elif self._text.startswith("${", self._at):
                parts.append(self._nested())
            elif word := self._word():
                parts.append(self._bare(word, parts))
            else:
                if self._engines and "".join([*parts[-2:], char]) == _CUT_LIST:
                    self._resolver.say(
                        self._path,
                        f"has a list that lost null and the elements after it: {words.spelled(self._text)[:120]}",
                        "use fn instead of the engine's Fn, e.g. fn.jsonencode(), which accepts null",
                    )
                if char in PAIRS:
                    closing.append(PAIRS[char])
                elif closing and char == closing[-1]:
                    closing.pop()
                letters = _LETTERS.match(self._text, self._at)
                parts.append(self._take(len(letters.group()) if letters else 1))
        return parts

    def _quoted(self) -> str:
        self._take(1)
        start = self._at
        whole = words.WORD.match(self._text, start)
        if whole and self._text.startswith('"', whole.end()) and not self._is_key(start - 1, whole.end() + 1):
            self._at = whole.end() + 1
            return self._resolver.code(whole.group(), self._path)
        inner = "".join(self._template('"'))
        return f'"{inner}{self._take(1)}'

    def _bare(self, word: str, parts: list[str]) -> str:
        code = self._resolver.code(word, self._path)
        if parts and parts[-1] == ".":  # the engine treats a word as an attribute name
            parts.pop()
            return f"[{code}]"
        return f"({code})" if self._is_key(self._at - words.LENGTH, self._at) else code

    def _is_key(self, start: int, end: int) -> bool:
        """Returns whether the text from `start` to `end` is an object key; a colon can also belong to a conditional."""
        return bool(_IS_KEY.match(self._text, end)) and self._text[:start].rstrip()[-1:] in {"{", ","}

    def _nested(self) -> str:
        """Parses `${` in code, which is only valid as code of the engine in an expression."""
        if not self._ours:
            self._resolver.say(
                self._path,
                f"contains ${{ inside code: {words.spelled(self._text)[:120]}",
                "pass the value itself to functions, e.g. get_list() or vpc.private_subnet_ids",
            )
        self._take(2)
        self._engines = True
        inner = "".join(self._code("}"))
        self._engines = not self._ours
        self._take(1)
        return inner if is_closed(inner) else f"({inner})"
