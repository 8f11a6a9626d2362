"""Reads facts on exposure from module inputs or resource arguments by the rows of tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.review.exposure import EVERYBODY, Exposure, Ingress, Kind
from anyscale_constructs.review.grants import Grant, grants, trusted
from anyscale_constructs.review.kinds import DENIAL, PERMISSIONS, TRUST
from anyscale_constructs.review.stacks import blocks, listed

Take = Callable[[Any], Iterable[Any]]
UNKNOWN = "(known after apply)"
"""Stands for a value that is known only after apply."""


@dataclass(frozen=True)
class Row:
    """Where and how to read a fact.

    Args:
        kind: The kind of fact.
        path: The argument, with dots for nested blocks; `*` means each value of a map. Empty: all arguments.
        take: Returns the facts of the value, which is None if it is not set.
        input: The argument that findings name. Default: the first part of the path.
    """

    kind: Kind
    path: str
    take: Take
    input: str = ""

    def facts(self, value: Any) -> list[Any]:
        """Returns the facts of a value; an unknown value counts as the protection that it may be."""
        if not (self.kind.protects and is_unknown(value)):
            return [*self.take(value)]
        return next(filter(None, ([*self.take(each)] for each in (value, True, False))), [])


def read(rows: Iterable[Row], body: Mapping[str, Any], subject: str) -> Iterator[Exposure]:
    """Yields the facts of one module call or resource.

    Args:
        rows: The rows of the module or the type of resource.
        body: The inputs or the arguments.
        subject: The address of the module call or the resource.
    """
    for row in rows:
        name = row.input or row.path.partition(".")[0]
        found = [row.facts(value) for value in _at(body, row.path.split(".") if row.path else [])]
        # A protection of only some elements, such as node groups, does not protect all.
        kept = [
            fact for facts in found for fact in facts if not row.kind.protects or all(fact in each for each in found)
        ]
        yield from (Exposure(row.kind, subject, fact, name) for fact in dict.fromkeys(kept))


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, *rest = steps
    if value is None and step != "*":
        yield None  # the parent does not exist
    for each in listed(value):
        if isinstance(each, Mapping):
            for inner in each.values() if step == "*" else [each.get(step)]:
                yield from _at(inner, rest) if rest else [inner]


def is_unknown(value: Any) -> bool:
    """Returns whether only Terraform can evaluate a value."""
    return isinstance(value, str) and (value == UNKNOWN or value.startswith("${"))


def is_on(value: Any) -> bool:
    """Returns whether a flag is on; some flags are strings."""
    return value is True or value == "true"


def is_off(value: Any) -> bool:
    """Returns whether a flag is off or not set."""
    return value in (None, False, "false")


def on(fact: Any) -> Take:
    """Takes the fact if a flag is on."""
    return lambda value: [fact] if is_on(value) else []


def unless_off(fact: Any) -> Take:
    """Takes the fact unless a flag is explicitly off."""
    return lambda value: [] if value is False or value == "false" else [fact]


def unless_on(fact: Any) -> Take:
    """Takes the fact unless a flag is on or unknown."""
    return lambda value: [fact] if is_off(value) else []


def given(fact: Any) -> Take:
    """Takes the fact if a value is set."""
    return lambda value: [] if value in (None, "", [], {}, False, 0) else [fact]


def one_of(fact: Any, *values: Any) -> Take:
    """Takes the fact if the value is one of several."""
    return lambda value: [fact] if value in values or is_unknown(value) else []


def other_than(fact: Any, *values: Any) -> Take:
    """Takes the fact if the value is set and is none of several."""
    return lambda value: [] if value is None or value in values else [fact]


def each(form: str = "{}") -> Take:
    """Takes each element, formatted."""
    return lambda value: [form.format(element) for element in listed(value) if element not in (None, "")]


def each_block(read_block: Take) -> Take:
    """Takes the facts of each block."""
    return lambda value: (fact for block in blocks(value) for fact in read_block(block))


def each_action(form: str = "{}") -> Take:
    """Takes a grant for each element."""
    return lambda value: [Grant(form.format(element)) for element in listed(value) if element not in (None, "")]


def each_value(form: str = "{}") -> Take:
    """Takes a grant for each value of a map."""
    return lambda value: [Grant(form.format(inner)) for inner in value.values()] if isinstance(value, Mapping) else []


def each_principal(action: str = "") -> Take:
    """Takes a grant to each element."""
    return lambda value: [Grant(action, principal=str(element)) for element in listed(value) if element]


def action(name: str) -> Take:
    """Takes a grant if a flag is on."""
    return on(Grant(name))


def policy(path: str, kind: Kind = PERMISSIONS) -> list[Row]:
    """Returns the rows of a policy document: what it allows and what it denies."""
    read_document = trusted if kind is TRUST else grants

    def take(effect: str) -> Take:
        return lambda value: [
            grant for document in listed(value) if document != UNKNOWN for grant in read_document(document, effect)
        ]

    return [Row(kind, path, take("Allow")), Row(DENIAL, path, take("Deny"))]


def ports(first: Any, last: Any, protocol: Any = "tcp") -> tuple[str, int, int]:
    """Returns a protocol and ports in the form of `Ingress`; unknown ones count as all."""
    name = str(protocol).lower()
    if name in {"-1", "all", "*", "any"}:
        return "-1", 0, 65535
    try:
        start, end = int(first), int(last)
    except (TypeError, ValueError):
        return name, 0, 65535
    return (name, 0, 65535) if start < 0 else (name, start, end)


def sources(value: Any) -> list[str]:
    """Returns the known CIDR ranges of a list or a comma-separated string."""
    parts = (part.strip() for element in listed(value) for part in str(element).split(","))
    return [part for part in parts if part not in {"", "None", UNKNOWN}]


def anywhere(value: Any) -> list[str]:
    """Returns the ranges that can reach an endpoint: all addresses if none are set."""
    return sources(value) or list(EVERYBODY)


def https(ranges: Iterable[str]) -> list[Ingress]:
    """Returns the traffic on port 443 from ranges."""
    return [Ingress(source, "tcp", 443, 443) for source in ranges]


def port_ranges(text: Any) -> list[tuple[Any, Any]]:
    """Returns ports in the notation of Google and Azure: `80`, `8443,9000-9010`, or empty for all."""
    parts = [part.strip() for element in listed(text) for part in str(element).split(",") if part.strip()]
    return [(part.partition("-")[0], part.partition("-")[2] or part) for part in parts] or [(None, None)]
