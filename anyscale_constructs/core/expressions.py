"""Terraform expressions as Python strings: references made without a call to Node.

A module output is an `Expr`, a `str` that holds `${module.vpc.vpc_id}` and knows its Terraform type.
Indexing, concatenation and f-strings make new Terraform; whatever would need the value itself
(its length, its letters, its elements) raises an `ExpressionError` that says what to write instead.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn, Self, SupportsIndex

from anyscale_constructs.errors import ExpressionError

__all__ = ["NULL", "Expr", "expr", "is_unresolved", "literal", "lower_case", "references"]

# What stays Terraform code inside a plain string, which is what an f-string leaves of an `Expr`:
# a reference with any number of steps (`${module.vpc.private_subnet_ids[0]}`), and the engine's own tokens.
_STEPS = r"""(?:\.[A-Za-z_][\w-]*|\[(?:\d+|"[^"\\$%]*")\])*"""
_REFERENCE = re.compile(r"\$\{(?:(?:module|var|local|data)\.[A-Za-z_]" + rf"[\w-]*{_STEPS}" + r"|TfToken\[[^\]]*\])\}")
_TOKEN = re.compile(r"[$#@]\{TfToken\[[^\]]*\]\}")
_DOLLARS = re.compile(r"\$+\Z")
_BRACES = re.compile(r"[{}]")
_CODE = re.compile(r"(?<!\$)\$\{")
_MODULE_OUTPUT = re.compile(r"(?<![\w.-])module\.([A-Za-z_][\w-]*)\.([A-Za-z_][\w-]*)")
# Every provider's resource types have an underscore: what stands before it is the provider's name.
_RESOURCE_ATTRIBUTE = re.compile(r"(?<![\w.\"-])[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*[.\[]")
_COLLECTION = re.compile(r"(?:list|set|map)\((.*)\)")

# Python's way to use a string's value, and what Terraform has for it.
_INSTEAD = {
    "capitalize": "title", "lower": "lower", "upper": "upper", "title": "title", "casefold": "lower",
    "replace": "replace", "split": "split", "rsplit": "split", "splitlines": "split", "join": "join",
    "strip": "trimspace", "lstrip": "trimspace", "rstrip": "trimspace",
    "removeprefix": "trimprefix", "removesuffix": "trimsuffix",
    "startswith": "startswith", "endswith": "endswith", "find": "strcontains", "index": "strcontains",
    "rfind": "strcontains", "rindex": "strcontains", "count": "length", "format": "format",
    "format_map": "format", "partition": "split", "rpartition": "split", "center": "format",
    "ljust": "format", "rjust": "format", "zfill": "format", "swapcase": "upper", "translate": "replace",
    "isdigit": "can", "isnumeric": "can", "isdecimal": "can", "isalpha": "can", "isalnum": "can",
}  # fmt: skip


def literal(text: str) -> str:
    """Escapes text so that Terraform reads it as it stands.

    `${` and `%{` in it become `$${` and `%%{`, except in references such as `${module.vpc.vpc_id}` and in
    the engine's tokens, which stay code.
    """
    if "{" not in text:
        return text
    parts: list[str] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts += [_before_code(_escape(text[end : match.start()])), match.group()]
        end = match.end()
    return "".join([*parts, _escape(text[end:])])


def _before_code(text: str) -> str:
    """A dollar sign right before `${` would turn the code into text."""
    return _DOLLARS.sub(r'${"\g<0>"}', text)


def _escape(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


class Expr(str):
    """A value that Terraform knows and Python doesn't: a string that holds `${...}`.

    Args:
        code: The whole template, e.g. `${module.vpc.vpc_id}`.
        type: Terraform's type of the value, e.g. `list(string)`. Default: `any`.
    """

    __slots__ = ("type",)
    type: str

    def __new__(cls, code: str, type: str = "any") -> Self:
        """Holds the template's text; `expr()` makes one from the expression inside it."""
        self = super().__new__(cls, code)
        self.type = type
        return self

    def __repr__(self) -> str:
        return f"Expr({str.__str__(self)!r}, {self.type!r})"

    def __str__(self) -> str:
        self._must_fit_in_text()
        if literal(str.__str__(self)) != str.__str__(self):
            raise ExpressionError(
                f"{self!r} can't become plain text, as in an f-string, which would lose that it is Terraform code",
                mend='write it with +, as in "prefix-" + value',
            )
        return str.__str__(self)

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse(f"be formatted with {spec!r}", "format")
        return str(self)

    def __add__(self, other: str) -> "Expr":
        self._must_fit_in_text()
        return Expr(str.__str__(self) + _text(other), "string")

    def __radd__(self, other: str) -> "Expr":
        self._must_fit_in_text()
        return Expr(_text(other) + str.__str__(self), "string")

    def __getitem__(self, key: SupportsIndex | slice | str) -> "Expr":
        element = _COLLECTION.fullmatch(self.type)
        if isinstance(key, slice) or self.type.startswith("set") or not (element or self.type == "any"):
            self._refuse(f"be indexed with {key!r}, being of type {self.type}", "slice")
        if not isinstance(key, str) and key.__index__() < 0:
            self._refuse(f"be indexed with {key!r}: Terraform counts from the start", "element")
        step = json.dumps(_escape(key), ensure_ascii=False) if isinstance(key, str) else key.__index__()
        return expr(f"{self.code}[{step}]", element.group(1) if element else "any")

    @property
    def code(self) -> str:
        """The expression inside `${...}`.

        Raises:
            ExpressionError: The value is a template with more than one part.
        """
        text = str.__str__(self)
        if not (text.startswith("${") and text.endswith("}") and "${" not in text[2:]):
            raise ExpressionError(f"{self!r} is text around expressions: it has no elements", mend="index first")
        return text[2:-1]

    def as_list(self) -> list[str]:
        """A list for the properties of raw resources, which take lists only (one call to the engine)."""
        from anyscale_constructs.engine import Token  # noqa: PLC0415 - only this needs the engine

        return list(Token.as_list(str.__str__(self)))

    def _must_fit_in_text(self) -> None:
        if _COLLECTION.fullmatch(self.type) or self.type.startswith("object"):
            self._refuse(f"become text, being of type {self.type}", "join")

    def _refuse(self, what: str, function: str) -> NoReturn:
        raise ExpressionError(
            f"{self!r} is known to Terraform only and can't {what}",
            mend=f"write Terraform's own function, expr('{function}(...)'), or take the value from the configuration",
        )

    def __len__(self) -> int:  # noqa: PLE0303 - it never returns
        self._refuse("be counted", "length")

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        self._refuse("be tested", "coalesce")

    def __iter__(self) -> Any:
        self._refuse("be iterated", "tolist")

    def _compare(self, _other: object) -> bool:
        self._refuse("be compared", "max")

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    def __contains__(self, _part: object) -> bool:
        self._refuse("be searched", "contains")

    def __mul__(self, _times: SupportsIndex) -> "Expr":
        self._refuse("be repeated", "format")

    def __rmul__(self, _times: SupportsIndex) -> "Expr":
        self._refuse("be repeated", "format")

    def __mod__(self, _values: object) -> "Expr":
        self._refuse("be formatted with %", "format")


def _refusing(method: str, function: str) -> Callable[..., NoReturn]:
    def refuse(self: Expr, *_: object, **__: object) -> NoReturn:
        self._refuse(f"be used with .{method}()", function)

    return refuse


for _method, _function in _INSTEAD.items():
    setattr(Expr, _method, _refusing(_method, _function))


def _text(part: str) -> str:
    if isinstance(part, Expr):
        part._must_fit_in_text()  # noqa: SLF001 - the same class
        return str.__str__(part)
    return _before_code(literal(part))


def expr(code: str, type: str = "any") -> Expr:
    """A Terraform expression: `expr('length(module.vpc.private_subnet_ids)', 'number')`."""
    return Expr("${" + code + "}", type)


def lower_case(text: str) -> str:
    """The text in lower case: by Python, or by Terraform for what only Terraform knows."""
    return expr(f"lower({text.code})", "string") if isinstance(text, Expr) else text.lower()


NULL = expr("null")
"""Terraform's null, for an input that must be null where None would only leave it out."""


def is_unresolved(value: object) -> bool:
    """Whether the value holds something that is known only later: an expression, a token, a jsii object."""
    if isinstance(value, Expr):
        return True
    if isinstance(value, str):
        return "{" in value and bool(_REFERENCE.search(value) or _TOKEN.search(value))
    if isinstance(value, list):
        return any(is_unresolved(element) for element in value)
    # The engine's number tokens are huge negative floats, its other tokens are objects of jsii.
    return hasattr(value, "__jsii_type__") or (isinstance(value, float) and value < -1e200)  # noqa: PLR2004


def references(text: str) -> set[tuple[str, str]]:
    """The (module, output) pairs that Terraform code refers to."""
    text = str.__str__(text)
    return {found for start in _CODE.finditer(text) for found in _MODULE_OUTPUT.findall(_code(text, start.end()))}


def known_after_apply(text: str) -> bool:
    """Whether Terraform code in it refers to an output of a module or an attribute of a resource."""
    text = str.__str__(text)
    codes = (_code(text, start.end()) for start in _CODE.finditer(text))
    return any(_MODULE_OUTPUT.search(code) or _RESOURCE_ATTRIBUTE.search(code) for code in codes)


def _code(text: str, start: int) -> str:
    """The code from `start`, right after its `${`, to the brace that closes it."""
    depth = 1
    for brace in _BRACES.finditer(text, start):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            return text[start : brace.start()]
    return text[start:]
