"""Evaluates upstream's validation conditions as Terraform does, to true, false or unknown.

Source: https://developer.hashicorp.com/terraform/language/expressions
"""

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from anyscale_constructs.terraform.functions import (
    FUNCTIONS,
    OPERATORS,
    FailsError,
    NotKnownError,
    element,
    typed,
)

_Evaluate = Callable[[Mapping[str, Any]], Any]
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|[A-Za-z_][\w-]*|&&|\|\||[=!<>]=|=>|\.\.\.|\S)')
_VALUE = r'(?:"[^"\\$%]*"|\d+)'
_PLAIN = {bool, int, str}
_LITERAL = re.compile(r'["\d].*|true|false|null', re.DOTALL)


def holds(condition: str, values: Mapping[str, Any]) -> bool | None:
    """Returns whether the values satisfy a condition, or None if that is unknown.

    Args:
        condition: The condition, as Terraform code.
        values: The values of the variables, by name.
    """
    names = _names(condition)
    if len(names) == 1 and type(value := values.get(names[0])) in _PLAIN:
        return _holds_for(condition, names[0], value)
    return _evaluated(condition, values)


@functools.cache
def _names(condition: str) -> Sequence[str]:
    """Returns the names of the variables in a condition."""
    return sorted({*re.findall(r"\bvar\.([A-Za-z_][\w-]*)", condition)})


@functools.lru_cache(maxsize=1024, typed=True)
def _holds_for(condition: str, name: str, value: Any) -> bool | None:
    """Returns whether one value satisfies a condition; cached, since many clouds have the same values."""
    return _evaluated(condition, {name: value})


def _evaluated(condition: str, values: Mapping[str, Any]) -> bool | None:
    try:
        result = _parsed(condition)({"var": values})
    except FailsError:
        return False
    except NotKnownError:
        return None
    return result if isinstance(result, bool) else None


def allowed_values(condition: str, name: str) -> Sequence[Any]:
    """Returns the values, other than null, that a condition accepts if it only lists values, else an empty list.

    Args:
        condition: The condition, as Terraform code.
        name: The variable's name.
    """
    variable = rf"var\.{re.escape(name)}"
    plain = condition
    for around in (r"\((.*)\)", rf"{variable} == null \? true : (.*)", r"\((.*)\)"):
        plain = re.sub(rf"^{around}$", r"\1", plain)
    listed = re.fullmatch(rf"contains\(\[((?:{_VALUE}(?:, )?)+)\], {variable}\)", plain)
    equal = [re.fullmatch(rf"{variable} == ({_VALUE})", part) for part in plain.split(" || ")]
    values = [listed.group(1)] if listed else [match.group(1) for match in equal if match] if all(equal) else []
    allowed: Sequence[Any] = _literal(f"[{', '.join(values)}]")
    return allowed


def _literal(code: str) -> Any:
    """Returns the value of a Terraform literal, which has JSON syntax."""
    if "${" in code or "%{" in code:
        raise NotKnownError
    try:
        return json.loads(code)
    except ValueError:
        raise NotKnownError from None


@functools.cache
def _parsed(condition: str) -> _Evaluate:
    """Returns the condition as a function of the names in scope."""
    try:
        return _Parser(condition).whole()
    except NotKnownError:
        return _not_known


def _not_known(_: Mapping[str, Any]) -> Any:
    raise NotKnownError


class _Parser:
    """A recursive descent parser for expressions."""

    def __init__(self, code: str) -> None:
        self._tokens = _TOKEN.findall(code)[::-1]

    def whole(self) -> _Evaluate:
        expression = self._conditional()
        if self._tokens:
            raise NotKnownError
        return expression

    def _next(self, wanted: str = "") -> str:
        token: str = self._tokens.pop() if self._tokens else ""
        if not token or wanted not in {"", token}:
            raise NotKnownError
        return token

    def _takes(self, *wanted: str) -> str:
        return self._next() if self._tokens and self._tokens[-1] in wanted else ""

    def _conditional(self) -> _Evaluate:
        condition = self._binary(0)
        if not self._takes("?"):
            return condition
        yes, _, no = self._conditional(), self._next(":"), self._conditional()
        return lambda names: (yes if typed(bool, condition(names)) else no)(names)

    def _binary(self, level: int) -> _Evaluate:
        if level == len(OPERATORS):
            return self._unary()
        left = self._binary(level + 1)
        while sign := self._takes(*OPERATORS[level]):
            left = _applied(sign, OPERATORS[level][sign], left, self._binary(level + 1))
        return left

    def _unary(self) -> _Evaluate:
        if self._takes("!"):
            negated = self._unary()
            return lambda names: not typed(bool, negated(names))
        value = self._primary()
        while sign := self._takes("[", "."):
            if sign == ".":
                value = _element(value, _constant(self._next()))
            else:
                value = _element(value, self._conditional())
                self._next("]")
        return value

    def _primary(self) -> _Evaluate:
        word = self._next()
        if word == "(":
            inner, _ = self._conditional(), self._next(")")
            return inner
        if word == "[":
            return self._comprehension() if self._takes("for") else _list(self._until("]"))
        if _LITERAL.fullmatch(word):
            return _constant(_literal(word))
        return _call(word, self._until(")")) if self._takes("(") else _name(word)

    def _until(self, end: str) -> list[_Evaluate]:
        parts: list[_Evaluate] = []
        while not self._takes(end):
            parts.append(self._conditional())
            if not self._takes(","):
                self._next(end)
                break
        return parts

    def _comprehension(self) -> _Evaluate:
        name, _, source = self._next(), self._next("in"), self._conditional()
        _, each, _ = self._next(":"), self._conditional(), self._next("]")
        return lambda names: [each({**names, name: value}) for value in typed(list | tuple, source(names))]


def _constant(value: Any) -> _Evaluate:
    return lambda _: value


def _name(name: str) -> _Evaluate:
    return lambda names: element(names, name)


def _list(parts: Sequence[_Evaluate]) -> _Evaluate:
    return lambda names: [part(names) for part in parts]


def _element(collection: _Evaluate, key: _Evaluate) -> _Evaluate:
    return lambda names: element(collection(names), key(names))


def _applied(sign: str, operation: Callable[[Any, Any], Any], left: _Evaluate, right: _Evaluate) -> _Evaluate:
    def evaluate(names: Mapping[str, Any]) -> Any:
        first = left(names)
        try:
            return operation(first, right(names))
        except FailsError:
            # If the left operand decides the result, only Terraform versions before 1.12 fail.
            if sign in {"&&", "||"} and first is (sign == "||"):
                raise NotKnownError from None
            raise

    return evaluate


def _call(function: str, arguments: Sequence[_Evaluate]) -> _Evaluate:
    def can(names: Mapping[str, Any]) -> bool:
        try:
            arguments[0](names)
        except FailsError:
            return False
        return True

    if function == "can" and len(arguments) == 1:
        return can
    apply = FUNCTIONS.get(function)
    if not apply or len(arguments) != apply.__code__.co_argcount:
        raise NotKnownError
    return lambda names: apply(*(argument(names) for argument in arguments))
