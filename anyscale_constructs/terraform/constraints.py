"""Terraform's version constraints: reading them, and the one constraint that means several at once.

Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from anyscale_constructs.errors import ConstraintError

Version = tuple[int, int, int]

_NEWEST = {"hashicorp/aws": 6, "hashicorp/random": 3, "hashicorp/time": 0, "hashicorp/tls": 4}
"""The newest major version, as of November 2026, of the providers that a wrapped module gives no upper bound."""

_PART = re.compile(r"(=|!=|>=|<=|>|<|~>)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@dataclass(frozen=True)
class Constraint:
    """The versions from `low` up to, but without, `high`, less those in `without`."""

    low: Version = (0, 0, 0)
    high: Version | None = None
    without: frozenset[Version] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Constraint":
        """Reads a constraint as Terraform does, e.g. `>= 5.0, < 7.0` or `~> 3.1`; versions are releases.

        Raises:
            ConstraintError: It is no version constraint.
        """
        all_of = cls()
        for part in text.split(","):
            match = _PART.fullmatch(part.strip())
            if not match:
                raise ConstraintError(
                    "a version constraint can't be read",
                    value=text,
                    allowed="=, !=, >=, <=, >, < or ~> with one to three numbers, joined by commas: >= 5.0, < 7.0",
                )
            all_of &= cls._one(match.group(1) or "=", [int(n) for n in match.groups()[1:] if n is not None])
        return all_of

    @classmethod
    def _one(cls, operator: str, given: list[int]) -> "Constraint":
        major, minor, patch = [*given, 0, 0][:3]
        version, after = (major, minor, patch), (major, minor, patch + 1)
        match operator:
            case "=":
                return cls(version, after)
            case "!=":
                return cls(without=frozenset({version}))
            case ">=":
                return cls(version)
            case ">":
                return cls(after)
            case "<=":
                return cls(high=after)
            case "<":
                return cls(high=version)
            case _:  # ~> lets only the last number that was given grow
                return cls(version, (major, minor + 1, 0) if len(given) == len(version) else (major + 1, 0, 0))

    def __and__(self, other: "Constraint") -> "Constraint":
        highs = [high for high in (self.high, other.high) if high is not None]
        return Constraint(max(self.low, other.low), min(highs, default=None), self.without | other.without)

    @property
    def empty(self) -> bool:
        """Whether no version satisfies it."""
        if self.high is None or self.low[:2] != self.high[:2]:
            return self.high is not None and self.high <= self.low
        # Between two patches of one minor version there are only so many.
        return all((*self.low[:2], patch) in self.without for patch in range(self.low[2], self.high[2]))

    def allows(self, version: Version) -> bool:
        """Whether the version satisfies it."""
        return self._bounds(version) and version not in self.without

    def __str__(self) -> str:
        if self.high == (*self.low[:2], self.low[2] + 1):
            return _text(self.low)
        parts = [f">= {_text(self.low)}"] if self.low > (0, 0, 0) or self.high is None else []
        parts += [f"< {_text(self.high)}"] if self.high else []
        parts += [f"!= {_text(version)}" for version in sorted(self.without) if self._bounds(version)]
        return ", ".join(parts)

    def _bounds(self, version: Version) -> bool:
        return self.low <= version and (self.high is None or version < self.high)


def intersect(what: str, wanted: Iterable[tuple[str, str]]) -> Constraint:
    """The constraint that satisfies all of `wanted`.

    Of a provider that nobody gives an upper bound, it stops before the next major version.

    Args:
        what: What is constrained, for the error, e.g. `hashicorp/aws`.
        wanted: Pairs of who wants it and the constraint.

    Raises:
        ConstraintError: No version satisfies all; it names two that clash.
    """
    return _intersected(what, tuple(wanted))


@cache
def _intersected(what: str, wanted: Sequence[tuple[str, str]]) -> Constraint:
    """Once for each set, which many stacks have alike."""
    given = [(who, text, Constraint.parse(text)) for who, text in wanted]
    total = Constraint()
    for _, _, constraint in given:
        total &= constraint
    if total.empty:
        clash = next(((a, b) for a, b in itertools.combinations(given, 2) if (a[2] & b[2]).empty), None) or given
        raise ConstraintError(
            f"no version of {what} satisfies " + " and ".join(f"{who} ({text})" for who, text, _ in clash),
            fix="pin one of them to another ref whose constraint fits, or leave it out",
        )
    if total.high is None and what in _NEWEST:
        return replace(total, high=(max(total.low[0], _NEWEST[what]) + 1, 0, 0))
    return total


def _text(version: Version) -> str:
    return ".".join(map(str, version))
