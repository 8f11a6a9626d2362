"""The last step of synthesis: words become the code they stand for, in the form that their place asks for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.findings import Finding, Rule, in_json

# Code that needs no parentheses wherever it stands: a value by its name, a number, an empty or single string.
_SIMPLE = re.compile(r"""[A-Za-z_][\w-]*(?:\.[\w*-]+|\[(?:\d+|\*|"[^"\\$%]*")\])*|\d+|"[^"\\$%]*\"""")
_OPENING = re.compile(r"(?<!\$)\$\{")
_CALL = re.compile(r"[a-z][a-z0-9_]*(?:::[a-z0-9_]+)*(?=\()")
_IS_KEY = re.compile(r"\s*(?:=(?![=>])|:)")
_COLLECTION = re.compile(r"(?:list|set|map|object|tuple)\(")
_LOST = re.compile(r"\$\$\{(?:module|var|local|data)\.")
_LISTS, _MAPS = (list, tuple), (dict, Mapping)
_MARKS = {"$", "%", "\\", '"'}
_NEXT = re.compile(r"""[$%\\"]|""" + words.PREFIX)
_NEXT_OUTSIDE = re.compile("[$%]|" + words.PREFIX)  # of strings in code, where quotes and backslashes mean nothing
# What code may have that is written otherwise, and letters that are not.
_TO_READ = re.compile(r"""["$]|""" + words.PREFIX)
_LETTERS = re.compile(rf"(?:(?!{words.PREFIX})\w)+")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BRACKET = re.compile(r"""["()\[\]{}]""")

# Where Terraform takes no expression: by the kind of block, what of it.
_LITERAL = {
    "terraform": re.compile(r"terraform\."),
    "module": re.compile(r"module\.[^.]+\.(?:source|version|depends_on|providers)\b"),
    "variable": re.compile(r"variable\.[^.]+\.(?!validation\b)"),
    "output": re.compile(r"output\.[^.]+\.(?:description|sensitive|depends_on)\b"),
    "provider": re.compile(r"provider\.[^.]+(?:\[\d+\])?\.alias\b"),
    "resource": re.compile(r"resource\.[^.]+\.[^.]+\.(?:depends_on|provider|lifecycle\.(?!pre|post)[^.]+)\b"),
    "data": re.compile(r"data\.[^.]+\.[^.]+\.(?:depends_on|provider)\b"),
    "moved": re.compile(r"moved"),
    "import": re.compile(r"import(?:\[\d+\])?\.(?:to|provider)\b"),
    "removed": re.compile(r"removed"),
}

MISPLACED = Rule("misplaced-expression", "error", "Terraform takes no expression there, or not one of that type.")
DAMAGED = Rule("damaged-expression", "error", "Python changed the letters that stand for Terraform code.")
CROSS_STACK = Rule("cross-stack-reference", "error", "A state belongs to one stack, whose code knows no other's.")
LIST_IN_TEXT = Rule("list-in-text", "error", "Terraform makes no text of a list or a map.")


class Resolver:
    """Puts code in place of words, in all of one stack's Terraform JSON.

    Args:
        stack: The stack: code of another one is refused.
        engine: Turns text with the engine's tokens into Terraform code.
    """

    def __init__(self, stack: Any, engine: Callable[[str], str]) -> None:
        self._stack = stack
        self._engine = engine
        self._expanded: dict[str, str] = {}
        self.problems: list[Finding] = []
        self.texts: list[tuple[str, str]] = []
        """All strings of what was resolved, keys too, with the path of the element where they stand."""

    def resolve(self, value: Any, path: str = "") -> Any:
        """The value with code in place of words; what is wrong is added to `problems`."""
        begin = len(self.texts)
        resolved = self._resolve(value, path)
        found = self.texts[begin:]
        # Once for all of them: in each text it would be looked for as often as for everything else.
        for where, text in found if words.traced("\n".join(text for _, text in found)) else ():
            if words.damaged(text):
                self.say(where, *_DAMAGED)
        return resolved

    def _resolve(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            text = self._text(value, path)
            self.texts.append((path, text))
            return text
        if isinstance(value, _MAPS):
            made = {}
            for key, inner in value.items():
                plain = "{" not in key and words.PREFIX not in key and _CUT_LIST not in key
                name = key if plain else self._key(key, path)
                self.texts.append((path, name))
                made[name] = self._resolve(inner, f"{path}.{key}" if plain and path else _below(path, key))
            return made
        if isinstance(value, _LISTS):
            return [self._resolve(element, f"{path}[{index}]") for index, element in enumerate(value)]
        return value

    def _key(self, key: str, path: str) -> str:
        # An argument's own name, of a block that stands this high, can't be code.
        if words.PREFIX in key and path.count(".") < _BLOCK_DEPTH.get(path.partition(".")[0], 0):
            self.say(path, f"has an expression as an argument's name: {words.spelled(key)}", "write the name out")
            return key
        text = self._text(key, path)
        if code := words.whole(key):
            self._refuse_collection(code, path)
        return text

    def _text(self, text: str, path: str) -> str:
        traces = words.PREFIX in text
        if not traces and ("{" not in text or text.count("${") < _NESTED) and _CUT_LIST not in text:
            return text
        literal = _LITERAL.get(path.partition(".")[0].partition("[")[0])
        if literal and literal.match(path):
            if traces:
                self.say(path, f"takes no expression; got {words.spelled(text)}", "write the value out")
            return text
        if code := words.whole(text):
            return "${" + self._expand(code, path) + "}"
        if words.damaged(text):
            self.say(path, *_DAMAGED)
            return text
        return _Parser(self, path, text).template()

    def _expand(self, code: words.Code, path: str) -> str:
        """The code, in which no words are left."""
        if code.stack is not None and code.stack is not self._stack:
            self.say(
                path,
                f"uses {words.spelled(code.text, str)} of the stack {code.stack.name} in the stack {self._stack.name}",
                "pass the value as a literal, or read it with a data source in this stack",
                CROSS_STACK,
            )
        text = code.text
        if words.damaged(text):
            self.say(path, *_DAMAGED)
            return text
        if text not in self._expanded:
            resolved = self._engine(text) if "{TfToken[" in text else text
            told = len(self.problems)
            expanded = _Parser(self, path, resolved, ours=True).code() if _TO_READ.search(resolved) else resolved
            if len(self.problems) > told:  # it is told of each element that has it
                return expanded
            self._expanded[text] = expanded
        return self._expanded[text]

    def code(self, word: str, path: str) -> str:
        """The code for a word that stands alone in code, in parentheses if it needs them."""
        text = self._expand(words.code_of(word), path)
        return text if _is_closed(text) else f"({text})"

    def interpolation(self, word: str, path: str) -> str:
        """The code for a word in the midst of text."""
        code = words.code_of(word)
        self._refuse_collection(code, path)
        return "${" + self._expand(code, path) + "}"

    def _refuse_collection(self, code: words.Code, path: str) -> None:
        if _COLLECTION.match(code.type):
            self.say(
                path,
                f"has {self._expand(code, path)}, a {code.type}, in the midst of text",
                'fn.join(",", ...) or fn.jsonencode(...) makes text of it',
                LIST_IN_TEXT,
            )

    def say(self, path: str, what: str, fix: str, rule: Rule = MISPLACED) -> None:
        """Takes note of what can't stand at a path of the tree, once."""
        problem = in_json(path, what, fix, rule=rule)
        if problem not in self.problems:
            self.problems.append(problem)


_DAMAGED = (
    "has an expression that was cut or changed as text",
    "use Terraform's own function on the value itself, e.g. fn.upper() or fn.substr()",
    DAMAGED,
)
_NESTED = 2
_CUT_LIST = ", ]"
"""What is left of a list of the engine's that had null in it: null and what followed it are missing."""
# How many names stand above the arguments of a block.
_BLOCK_DEPTH = {"resource": 3, "data": 3, "module": 2, "output": 2, "variable": 2, "provider": 2}


def _below(path: str, key: str) -> str:
    return f"{path}.{words.spelled(key) if words.PREFIX in key else key}" if path else key


def _is_closed(text: str) -> bool:
    """Whether the code can stand beside operators and before steps as it is."""
    if _SIMPLE.fullmatch(text):
        return True
    call = _CALL.match(text)
    start = call.end() if call else 0
    return text[start : start + 1] in _PAIRS and _end(text, start) == len(text)


def _end(text: str, start: int) -> int:
    """Where the bracket that opens at `start` is closed; strings in it may hold brackets of their own."""
    depth, i = 0, start
    while found := _BRACKET.search(text, i):
        if found.group() == '"':
            i = _end_of_string(text, found.start())
            continue
        depth += 1 if found.group() in _PAIRS else -1
        i = found.end()
        if not depth:
            return i
    return max(i, len(text))


def _end_of_string(text: str, start: int) -> int:
    i = start + 1
    while i < len(text) and text[i] != '"':
        if text.startswith("${", i) and text[i - 1] != "$":
            i = _end(text, i + 1)
        else:
            i += 2 if text[i] == "\\" else 1
    return i + 1


class _Parser:
    """Reads a template or code to its end, with words in it, and writes it with code in their places.

    Args:
        resolver: Knows the code of words.
        path: Where the text stands.
        text: The text.
        ours: Whether it is the code of an expression, into which the engine put the code of its own tokens.
    """

    def __init__(self, resolver: Resolver, path: str, text: str, *, ours: bool = False) -> None:
        self._resolver, self._path, self._text, self._ours = resolver, path, text, ours
        self._engines = not ours
        self._at = 0

    def template(self) -> str:
        """All of the text, as a template."""
        return "".join(self._template(""))

    def code(self) -> str:
        """All of the text, as code."""
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
                        f"has the letters of a reference as text in a function: {letters}",
                        "give the function the value itself, such as module.get_string(), vpc.vpc_id or expr()",
                    )
                parts.append(self._take(3))
            elif self._text.startswith(("${", "%{"), self._at):
                parts.append(self._take(2))
                parts += self._code("}")
                parts.append(self._take(1))
            elif word := self._word():
                if parts and parts[-1] == "$":  # a sign right before ${ would make text of the code
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
                        f"has a list that lost null and what followed it: {words.spelled(self._text)[:120]}",
                        "use fn instead of the engine's Fn, e.g. fn.jsonencode(), which takes null",
                    )
                if char in _PAIRS:
                    closing.append(_PAIRS[char])
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
        if parts and parts[-1] == ".":  # the engine takes a word for a name that follows a dot
            parts.pop()
            return f"[{code}]"
        return f"({code})" if self._is_key(self._at - words.LENGTH, self._at) else code

    def _is_key(self, start: int, end: int) -> bool:
        """Whether what stands between the two is the key of an object; a colon is also a conditional's."""
        return bool(_IS_KEY.match(self._text, end)) and self._text[:start].rstrip()[-1:] in {"{", ","}

    def _nested(self) -> str:
        """`${` in code: the engine's code in an expression of ours, and nothing else that Terraform could read."""
        if not self._ours:
            self._resolver.say(
                self._path,
                f"has ${{ inside of code: {words.spelled(self._text)[:120]}",
                "give functions the value itself, such as get_list() or vpc.private_subnet_ids",
            )
        self._take(2)
        self._engines = True
        inner = "".join(self._code("}"))
        self._engines = not self._ours
        self._take(1)
        return inner if _is_closed(inner) else f"({inner})"


def leftovers(tree: Any) -> Iterator[str]:
    """The text in Terraform JSON that still holds words, with code in their place for people to read."""
    yield from (words.spelled(text) for _, text in texts(tree) if words.traced(text))


def code_in(tree: Any) -> Iterator[tuple[str, str]]:
    """All code in Terraform JSON in which no words are left, with the path of the element where it stands."""
    return code_of(texts(tree))


def code_of(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """As `code_in`, of what `texts` finds."""
    for path, text in found:
        if "${" in text:
            for opening in _OPENING.finditer(text):
                yield path, text[opening.end() : _end(text, opening.end() - 1) - 1]


def texts(tree: Any, path: str = "") -> list[tuple[str, str]]:
    """All strings in Terraform JSON, keys too, with the path of the element where they stand."""
    found: list[tuple[str, str]] = []
    _gather(tree, path, found)
    return found


def _gather(tree: Any, path: str, found: list[tuple[str, str]]) -> None:
    if isinstance(tree, str):
        found.append((path, str.__str__(tree)))
    elif isinstance(tree, _MAPS):
        for key, value in tree.items():
            found.append((path, str.__str__(key)))
            _gather(value, f"{path}.{key}" if path else key, found)
    elif isinstance(tree, _LISTS):
        for index, value in enumerate(tree):
            _gather(value, f"{path}[{index}]", found)
