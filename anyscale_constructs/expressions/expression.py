"""`Expr`: a string that represents a value that only Terraform knows."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Self, SupportsIndex

import yaml

from anyscale_constructs import words
from anyscale_constructs.errors import ExpressionError
from anyscale_constructs.expressions.literal import literal

# JSON escapes that Terraform does not support. An escaped backslash is matched too, so that it hides no other escape.
_JSON_ONLY_AS_CODE = {"\\b": "\\u0008", "\\f": "\\u000c", "\\\\": "\\\\"}
_JSON_ONLY = re.compile("|".join(map(re.escape, _JSON_ONLY_AS_CODE)))
_COLLECTION = re.compile(r"(?:list|set|map)\((.*)\)")

# Python's methods of strings, and the equivalent Terraform functions.
_INSTEAD = {
    "capitalize": "title", "casefold": "lower", "center": "format", "count": "length", "encode": "base64encode",
    "endswith": "endswith", "expandtabs": "replace", "find": "strcontains", "format": "format",
    "format_map": "format", "index": "strcontains", "join": "join", "ljust": "format", "lower": "lower",
    "lstrip": "trimspace", "partition": "split", "removeprefix": "trimprefix", "removesuffix": "trimsuffix",
    "replace": "replace", "rfind": "strcontains", "rindex": "strcontains", "rjust": "format", "rpartition": "split",
    "rsplit": "split", "rstrip": "trimspace", "split": "split", "splitlines": "split", "startswith": "startswith",
    "strip": "trimspace", "swapcase": "upper", "title": "title", "translate": "replace", "upper": "upper",
    "zfill": "format",
}  # fmt: skip
_OPERATORS = {
    "__len__": ("counted", "length"),
    "__bool__": ("tested", "coalesce"),
    "__lt__": ("compared or sorted", "sort"),
    "__le__": ("compared or sorted", "sort"),
    "__gt__": ("compared or sorted", "sort"),
    "__ge__": ("compared or sorted", "sort"),
    "__contains__": ("searched", "contains"),
    "__mul__": ("repeated", "format"),
    "__rmul__": ("repeated", "format"),
    "__mod__": ("formatted with %", "format"),
}
_COMPARED = """an expression, such as expr(f'{value} == "a"', "bool")"""
_CALCULATED = 'an expression, such as expr(f"{value} * 2", "number")'


class Expr(str):
    """A value that Terraform knows and Python does not.

    It is a string with placeholders for Terraform code (see `anyscale_constructs.words`), so it can be used like any
    string: in f-strings, `json.dumps`, other libraries and the engine's functions. The stack that contains it replaces
    the placeholders with the code. Operations that need the value itself, such as its length, raise `ExpressionError`.

    Two expressions are equal if their code, type and stack are equal; comparing an expression with any other value
    raises `ExpressionError`.

    Args:
        text: A string with placeholders.
        type: The Terraform type of the value, e.g. `list(string)`. Default: `any`.
    """

    __slots__ = ("type",)
    type: str

    def __new__(cls, text: str, type: str = "any") -> Self:
        """Creates an expression from a string with placeholders; `expr()` creates one from code."""
        self = str.__new__(cls, text)
        self.type = type
        return self

    def __repr__(self) -> str:
        return f"Expr({self.code!r}, {self.type!r})"

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse(f"be formatted with {spec!r}", _function("format"))
        return str.__str__(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            self._refuse(f"be compared with {other!r}", _COMPARED)
        return str.__eq__(self, other) and self.type == other.type

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __add__(self, other: str) -> "Expr":
        self._joins(other)
        return Expr(str.__add__(self, _template(other)), "string")

    def __radd__(self, other: str) -> "Expr":
        self._joins(other)
        return Expr(str.__add__(_template(other), str.__str__(self)), "string")

    def __iter__(self) -> Iterator[str]:
        # A generator, so the error is raised with the first element: str.join hides earlier errors.
        self._refuse("be iterated", _function("tolist"))
        yield

    def __getitem__(self, key: SupportsIndex | slice | str) -> "Expr":
        element = _COLLECTION.fullmatch(self.type)
        if isinstance(key, slice) or self.type.startswith("set") or not (element or self.type == "any"):
            self._refuse(f"be indexed with {key!r}, because its type is {self.type}", _function("slice"))
        if not isinstance(key, str) and key.__index__() < 0:
            self._refuse(f"be indexed with {key!r}, because Terraform has no negative indexes", _function("element"))
        step = quoted(key) if isinstance(key, str) else str(key.__index__())
        return expr(f"{self}[{step}]", element.group(1) if element else "any")

    @property
    def code(self) -> str:
        """The code of the expression, without `${` and `}`, for display; to compose expressions, use `expr()`."""
        return words.spelled(str.__str__(self), str if words.WORD.fullmatch(self) else "${{{}}}".format)

    def as_list(self) -> list[str]:
        """Returns the value as a list token, which list properties of the engine's own constructs require."""
        from anyscale_constructs.engine import Token  # noqa: PLC0415 - only this needs the engine

        return list(Token.as_list(str.__str__(self)))

    def _joins(self, other: object) -> None:
        if not isinstance(other, str):
            is_list = isinstance(other, list | tuple)
            self._refuse(f"be added to {other!r}", _function("concat") if is_list else _CALCULATED)

    def _refuse(self, what: str, instead: str) -> NoReturn:
        raise ExpressionError(
            f"{self!r} is only known to Terraform and cannot {what}",
            fix=f"use {instead}, or take the value from the configuration",
        )


def _function(name: str) -> str:
    return f"the Terraform function fn.{name}(...)"


def _template(text: str, at: str = "value") -> str:
    return str.__str__(text) if isinstance(text, Expr) else literal(str.__str__(text), at)


def _refusing(name: str, what: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: Expr, *_: object, **__: object) -> NoReturn:
        self._refuse(what, instead)

    refuse.__name__ = name
    return refuse


for _name, (_what, _instead) in _OPERATORS.items():
    setattr(Expr, _name, _refusing(_name, f"be {_what}", _function(_instead)))
for _name in sorted({*dir(int), *dir(float), *dir(complex)} - {*dir(str), *vars(Expr)}):
    if _name.startswith("__"):
        setattr(Expr, _name, _refusing(_name, f"be used as a number, by {_name}", _CALCULATED))
for _name in dir(str):
    if not _name.startswith("_"):
        setattr(Expr, _name, _refusing(_name, f"be used with .{_name}()", _function(_INSTEAD.get(_name, "can"))))


def _as_text(dumper: Any, value: Expr) -> yaml.ScalarNode:
    style = None if value.type in {"number", "bool"} else '"'  # a string such as 1.10 must not become a number
    text: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", str.__str__(value), style=style)
    return text


for _dumper in (
    yaml.Dumper,
    yaml.SafeDumper,
    *(getattr(yaml, name, yaml.Dumper) for name in ("CDumper", "CSafeDumper")),
):
    yaml.add_representer(Expr, _as_text, Dumper=_dumper)


def expr(code: str, type: str = "any", *, stack: Any = None) -> Expr:
    """Creates a Terraform expression.

    The code may contain other expressions, as in `expr(f"length({vpc.private_subnet_ids})", "number")`.

    Args:
        code: The expression, without `${` and `}`.
        type: The Terraform type of its value, e.g. `list(string)`. Default: `any`.
        stack: The stack whose elements it refers to. Default: any stack can use it.
    """
    return Expr(words.word(words.Code(str.__str__(code), type, stack)), type)


def quoted(text: str, at: str = "value") -> str:
    """Returns a string as a quoted string in Terraform code.

    Args:
        text: The string, which may contain placeholders.
        at: The path of the string, for the error. Default: `value`.

    Raises:
        InputError: The string contains Terraform code next to other text.
    """
    return _JSON_ONLY.sub(
        lambda escape: _JSON_ONLY_AS_CODE[escape.group()], json.dumps(_template(text, at), ensure_ascii=False)
    )


NULL = expr("null")
"""Terraform's null, for an input that must be null; None would only omit the input."""
