"""Matchers for expected values, and the differences between actual and expected values."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from anyscale_constructs import words
from anyscale_constructs.names import nearest

_LONG = 80
_BEFORE = 20


class _Matcher(ABC):
    """Matches values; can be used at any depth of an expected value."""

    @abstractmethod
    def differences(self, actual: Any, path: str, captured: "Captured") -> Iterator[str]:
        """Yields the differences, as the function `differences` does."""

    def __eq__(self, other: object) -> bool:
        captured: Captured = []
        if any(differences(self, other, captured=captured)):
            return False
        _keep(captured)
        return True

    __hash__ = object.__hash__


class _Any(_Matcher):
    def differences(self, actual: Any, path: str, captured: "Captured") -> Iterator[str]:  # noqa: ARG002 - matches any value
        return iter(())

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = _Any()
"""Matches any value that is set.

Examples:
    >>> {"cidr_block": "10.0.0.0/16"} == {"cidr_block": ANY}
    True
"""


class Capture(_Matcher):
    """Matches any value that is set, and stores it for further assertions.

    Examples:
        >>> policy = Capture()
        >>> {"name": "reader", "policy": "{}"} == {"name": "reader", "policy": policy}
        True
        >>> policy.value
        '{}'
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        """All matched values, the last one at the end."""

    @property
    def value(self) -> Any:
        """The last matched value.

        Raises:
            AssertionError: No value was matched.
        """
        __tracebackhide__ = True
        if not self.values:
            raise AssertionError("Capture() has not matched a value yet; read it after the assertion that uses it")
        return self.values[-1]

    def differences(self, actual: Any, path: str, captured: "Captured") -> Iterator[str]:  # noqa: ARG002 - matches any value
        """Returns no differences, and stores the value."""
        captured.append((self, actual))
        return iter(())

    def __repr__(self) -> str:
        return "Capture()"


class _Partial(_Matcher):
    def __init__(self, expected: Any) -> None:
        self.expected = expected

    def differences(self, actual: Any, path: str, captured: "Captured") -> Iterator[str]:
        if isinstance(self.expected, list | tuple) and isinstance(actual, list | tuple):
            return _lacking(self.expected, actual, path, captured)
        return differences(self.expected, actual, path, loose=True, captured=captured)

    def __repr__(self) -> str:
        return f"partial({_shown(self.expected)})"


def partial(expected: Mapping[str, Any] | Sequence[Any]) -> Any:
    """Matches an object with at least these keys, or a list with at least these elements in this order.

    Nested objects are matched partially too; nested lists are not, unless they are wrapped in `partial` themselves.

    Args:
        expected: The keys and their values, or the elements; they may contain matchers.

    Examples:
        >>> {"Team": "ml", "Env": "prod"} == partial({"Team": "ml"})
        True
        >>> ["10.0.0.0/8", "192.168.0.0/16"] == partial(["192.168.0.0/16"])
        True
    """
    return _Partial(expected)


Captured = list[tuple[Capture, Any]]
"""The values to store in captures if everything matches."""


def unlike(
    expected: Mapping[str, Any], actual: Mapping[str, Any], lacking: Callable[[str], str] = lambda _: ""
) -> list[str]:
    """Returns the differences of the expected keys, and stores the values of captures if there are none.

    Args:
        expected: The expected keys and their values.
        actual: All actual keys and their values; keys that are not expected are ignored.
        lacking: Returns the message about a missing key. Default: suggests a similar key.
    """
    captured: Captured = []
    found: list[str] = []
    for key, value in expected.items():
        if key in actual:
            found += differences(value, actual[key], key, captured=captured)
        else:
            found.append(lacking(key) or _missing(key, key, value, actual))
    if not found:
        _keep(captured)
    return found


def _keep(captured: Captured) -> None:
    for capture, value in captured:
        capture.values.append(value)


def differences(
    expected: Any,
    actual: Any,
    path: str = "",
    *,
    loose: bool = False,
    captured: Captured | None = None,
) -> Iterator[str]:
    """Yields the differences between an actual and an expected value, one line per key.

    Args:
        expected: The expected value; it may contain matchers and expressions.
        actual: The actual value, as JSON.
        path: The path of the value. Default: the root.
        loose: Whether objects may have additional keys. Default: False.
        captured: The list to which the values of captures are added. Default: they are discarded.
    """
    captured = [] if captured is None else captured
    match expected:
        case _Matcher():
            yield from expected.differences(actual, path, captured)
        case Mapping() if isinstance(actual, Mapping):
            yield from _of_objects(expected, actual, path, loose=loose, captured=captured)
        case list() | tuple() if isinstance(actual, list | tuple):
            yield from _of_lists(expected, actual, path, loose=loose, captured=captured)
        case str():
            text = words.spelled(str.__str__(expected))
            if text != actual:
                yield _unlike(text, actual, path)
        case _ if actual != expected or isinstance(actual, bool) != isinstance(expected, bool):
            yield _unlike(expected, actual, path)


def _of_objects(
    expected: Mapping[str, Any], actual: Mapping[str, Any], path: str, *, loose: bool, captured: Captured
) -> Iterator[str]:
    for key, value in expected.items():
        if key in actual:
            yield from differences(value, actual[key], _at(path, key), loose=loose, captured=captured)
        else:
            yield _missing(_at(path, key), key, value, actual)
    for key, value in () if loose else sorted(actual.items()):
        if key not in expected:
            yield f"{_at(path, key)}: got {_shown(value)}; expected no such key"


def _of_lists(
    expected: Sequence[Any], actual: Sequence[Any], path: str, *, loose: bool, captured: Captured
) -> Iterator[str]:
    for index, (one, other) in enumerate(zip(expected, actual, strict=False)):
        yield from differences(one, other, f"{path}[{index}]", loose=loose, captured=captured)
    for index, value in list(enumerate(expected))[len(actual) :]:
        yield f"{path}[{index}]: is missing; expected {_shown(value)}"
    for index, value in list(enumerate(actual))[len(expected) :]:
        yield f"{path}[{index}]: got {_shown(value)}; expected no such element"


def _lacking(expected: Sequence[Any], actual: Sequence[Any], path: str, captured: Captured) -> Iterator[str]:
    """Yields the elements that a list lacks, or has in another order."""
    rest = list(actual)
    for element in expected:
        for index, candidate in enumerate(rest):
            inside: Captured = []
            if not any(differences(element, candidate, loose=True, captured=inside)):
                captured += inside
                rest = rest[index + 1 :]
                break
        else:
            yield f"{path}: got {_shown(actual)}; expected an element {_shown(element)}"


def _at(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _missing(at: str, key: object, expected: Any, actual: Mapping[str, Any]) -> str:
    near = nearest(key, map(str, actual))
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{at}: is not set; expected {_shown(expected)}{hint}"


def _unlike(expected: Any, actual: Any, path: str) -> str:
    if isinstance(expected, str) and isinstance(actual, str) and max(len(expected), len(actual)) > _LONG:
        pairs = enumerate(zip(expected, actual, strict=False))
        start = next((index for index, (one, other) in pairs if one != other), min(len(expected), len(actual)))
        expected, actual = (_excerpt(text, start) for text in (expected, actual))
    return f"{path}: got {_shown(actual)}; expected {_shown(expected)}"


def _excerpt(text: str, start: int) -> str:
    first, last = max(start - _BEFORE, 0), start + _LONG - _BEFORE
    return f"{'...' if first else ''}{text[first:last]}{'...' if last < len(text) else ''}"


def _shown(value: Any) -> str:
    """Returns a value as JSON, with matchers as Python code."""
    match value:
        case _Matcher():
            return repr(value)
        case Mapping():
            return f"{{{', '.join(f'{json.dumps(str(key))}: {_shown(inner)}' for key, inner in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_shown, value))}]"
        case str():
            return json.dumps(words.spelled(str.__str__(value)), ensure_ascii=False)
    return json.dumps(value, default=repr)
