"""Terraform's version constraints: parsing and intersection.

Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from anyscale_constructs.errors import ConstraintError
from anyscale_constructs.terraform.interface import Provider

Version = tuple[int, int, int]

_NEWEST = {"hashicorp/aws": 6, "hashicorp/random": 3, "hashicorp/time": 0, "hashicorp/tls": 4}
"""The newest major version, as of November 2026, of each provider without an upper bound in some wrapped module."""

_PART = re.compile(r"(=|!=|>=|<=|>|<|~>)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class Constraint(NamedTuple):
    """The versions from `low` (inclusive) to `high` (exclusive), except those in `without`."""

    low: Version = (0, 0, 0)
    high: Version | None = None
    without: frozenset[Version] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Constraint":
        """Parses a constraint as Terraform does, e.g. `>= 5.0, < 7.0` or `~> 3.1`; prereleases are not supported.

        Raises:
            ConstraintError: The text is not a version constraint.
        """
        all_of = cls()
        for part in text.split(","):
            match = _PART.fullmatch(part.strip())
            if not match:
                raise ConstraintError(
                    "a version constraint is invalid",
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
            case _:  # ~> allows only the last given number to increase
                return cls(version, (major, minor + 1, 0) if len(given) == len(version) else (major + 1, 0, 0))

    def __and__(self, other: "Constraint") -> "Constraint":
        highs = [high for high in (self.high, other.high) if high is not None]
        return Constraint(max(self.low, other.low), min(highs, default=None), self.without | other.without)

    @property
    def empty(self) -> bool:
        """Whether no version satisfies the constraint."""
        if self.high is None or self.low[:2] != self.high[:2]:
            return self.high is not None and self.high <= self.low
        # Both bounds have the same minor version, so there are only finitely many patch versions in between.
        return all((*self.low[:2], patch) in self.without for patch in range(self.low[2], self.high[2]))

    def allows(self, version: Version) -> bool:
        """Returns whether the version satisfies the constraint."""
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
    """Returns the intersection of constraints.

    If no constraint of a provider has an upper bound, the result excludes the next major version.

    Args:
        what: The constrained provider or program, for the error, e.g. `hashicorp/aws`.
        wanted: The constraints, as pairs of the name of what requires it and the constraint.

    Raises:
        ConstraintError: No version satisfies all constraints; the message names two that conflict.
    """
    return _intersected(what, tuple(wanted))


@cache
def _intersected(what: str, wanted: Sequence[tuple[str, str]]) -> Constraint:
    """Returns the intersection; cached, since many stacks have the same constraints."""
    given = [(who, text, Constraint.parse(text)) for who, text in wanted]
    total = Constraint()
    for _, _, constraint in given:
        total &= constraint
    if total.empty:
        clash = next(((a, b) for a, b in itertools.combinations(given, 2) if (a[2] & b[2]).empty), None) or given
        raise ConstraintError(
            f"no version of {what} satisfies " + " and ".join(f"{who} ({text})" for who, text, _ in clash),
            fix="pin one of them to a ref with a compatible constraint, or remove it",
        )
    if total.high is None and what in _NEWEST:
        return total._replace(high=(max(total.low[0], _NEWEST[what]) + 1, 0, 0))
    return total


def pin(settings: dict[str, Any], wants: Iterable[tuple[str, str, Mapping[str, Provider]]]) -> None:
    """Adds version constraints to the `terraform` block of a stack.

    Args:
        settings: The block. Its own constraints are intersected with the others, and its own providers take precedence.
        wants: What requires something, the Terraform versions that it requires, and the providers, by local name.

    Raises:
        ConstraintError: No version satisfies all constraints.
    """
    versions: list[tuple[str, str]] = []
    providers: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for who, terraform, required in wants:
        versions.append((who, terraform))
        for name, provider in required.items():
            providers.setdefault(name, (provider.source, []))[1].append((who, provider.version))
    if "required_version" in settings:
        versions.append(("terraform.required_version", settings["required_version"]))
    settings.setdefault("required_version", _written(intersect("Terraform", versions)))
    given = settings.setdefault("required_providers", {})
    for name, (source, wanted) in providers.items():
        there = given.get(name, {})
        there = {"version": there} if isinstance(there, str) else there  # the older form
        if "version" in there:
            wanted.append((f"terraform.required_providers.{name}", there["version"]))
        given[name] = {"source": source, "version": _written(intersect(source, wanted))} | there


@cache
def _written(constraint: Constraint) -> str:
    """Returns a constraint as text; cached, since many stacks have the same constraints."""
    return str(constraint)


def _text(version: Version) -> str:
    return ".".join(map(str, version))
