"""How facts on exposure are read from the inputs of a module or the arguments of a resource: rows of tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.review.exposure import EVERYBODY, Exposure, Ingress, Kind
from anyscale_constructs.review.grants import Grant, grants, trusted
from anyscale_constructs.review.kinds import DENIAL, PERMISSIONS, TRUST
from anyscale_constructs.review.stacks import blocks, listed

Take = Callable[[Any], Iterable[Any]]
UNKNOWN = "(known after apply)"
"""What stands for a value that a plan does not know yet."""


@dataclass(frozen=True)
class Row:
    """Where a fact is read, and how.

    Args:
        kind: The kind of fact.
        path: The argument, with dots into blocks; `*` is each value of a map. Empty: all arguments.
        take: Gives the facts of the value there, which is None if it is not there.
        input: The argument that findings name. Default: the first of the path.
    """

    kind: Kind
    path: str
    take: Take
    input: str = ""

    def facts(self, value: Any) -> list[Any]:
        """The facts of a value; one that is not known yet is taken for the protection that it may be."""
        if not (self.kind.protects and is_unknown(value)):
            return [*self.take(value)]
        return next(filter(None, ([*self.take(each)] for each in (value, True, False))), [])


def read(rows: Iterable[Row], body: Mapping[str, Any], subject: str) -> Iterator[Exposure]:
    """The facts of one module call or resource.

    Args:
        rows: Those of the module or the type of resource.
        body: The inputs or the arguments.
        subject: The address.
    """
    for row in rows:
        name = row.input or row.path.partition(".")[0]
        found = [row.facts(value) for value in _at(body, row.path.split(".") if row.path else [])]
        # What protects some of several, such as groups of nodes, does not protect all.
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
        yield None  # what would hold it is not there
    for each in listed(value):
        if isinstance(each, Mapping):
            for inner in each.values() if step == "*" else [each.get(step)]:
                yield from _at(inner, rest) if rest else [inner]


def is_unknown(value: Any) -> bool:
    """Whether only Terraform knows a value."""
    return isinstance(value, str) and (value == UNKNOWN or value.startswith("${"))


def is_on(value: Any) -> bool:
    """Whether a flag is on; some are declared as strings."""
    return value is True or value == "true"


def is_off(value: Any) -> bool:
    """Whether a flag is off, which it is too where it is not set."""
    return value in (None, False, "false")


def on(fact: Any) -> Take:
    """The fact, if a flag is on."""
    return lambda value: [fact] if is_on(value) else []


def unless_off(fact: Any) -> Take:
    """The fact, unless a flag is explicitly off."""
    return lambda value: [] if value is False or value == "false" else [fact]


def unless_on(fact: Any) -> Take:
    """The fact, unless a flag is on or not known."""
    return lambda value: [fact] if is_off(value) else []


def given(fact: Any) -> Take:
    """The fact, if anything is given."""
    return lambda value: [] if value in (None, "", [], {}, False, 0) else [fact]


def one_of(fact: Any, *values: Any) -> Take:
    """The fact, if the value is one of some."""
    return lambda value: [fact] if value in values or is_unknown(value) else []


def other_than(fact: Any, *values: Any) -> Take:
    """The fact, if the value is given, and none of some."""
    return lambda value: [] if value is None or value in values else [fact]


def each(form: str = "{}") -> Take:
    """Each element, in some words."""
    return lambda value: [form.format(element) for element in listed(value) if element not in (None, "")]


def each_block(read_block: Take) -> Take:
    """The facts of each block."""
    return lambda value: (fact for block in blocks(value) for fact in read_block(block))


def each_action(form: str = "{}") -> Take:
    """A grant for each element."""
    return lambda value: [Grant(form.format(element)) for element in listed(value) if element not in (None, "")]


def each_value(form: str = "{}") -> Take:
    """A grant for each value of a map."""
    return lambda value: [Grant(form.format(inner)) for inner in value.values()] if isinstance(value, Mapping) else []


def each_principal(action: str = "") -> Take:
    """A grant to each element."""
    return lambda value: [Grant(action, principal=str(element)) for element in listed(value) if element]


def action(name: str) -> Take:
    """A grant, if a flag is on."""
    return on(Grant(name))


def policy(path: str, kind: Kind = PERMISSIONS) -> list[Row]:
    """The rows of a policy document: what it allows and what it denies."""
    read_document = trusted if kind is TRUST else grants

    def take(effect: str) -> Take:
        return lambda value: [
            grant for document in listed(value) if document != UNKNOWN for grant in read_document(document, effect)
        ]

    return [Row(kind, path, take("Allow")), Row(DENIAL, path, take("Deny"))]


def ports(first: Any, last: Any, protocol: Any = "tcp") -> tuple[str, int, int]:
    """Protocol and ports as `Ingress` has them; what is not known is all."""
    name = str(protocol).lower()
    if name in {"-1", "all", "*", "any"}:
        return "-1", 0, 65535
    try:
        start, end = int(first), int(last)
    except (TypeError, ValueError):
        return name, 0, 65535
    return (name, 0, 65535) if start < 0 else (name, start, end)


def sources(value: Any) -> list[str]:
    """Ranges, given as a list or as one text joined by commas, without what a plan does not know yet."""
    parts = (part.strip() for element in listed(value) for part in str(element).split(","))
    return [part for part in parts if part not in {"", "None", UNKNOWN}]


def anywhere(value: Any) -> list[str]:
    """The ranges that may reach an endpoint, which are all of them if none is given."""
    return sources(value) or list(EVERYBODY)


def https(ranges: Iterable[str]) -> list[Ingress]:
    """Traffic on 443 from ranges."""
    return [Ingress(source, "tcp", 443, 443) for source in ranges]


def port_ranges(text: Any) -> list[tuple[Any, Any]]:
    """Ports as Google and Azure have them: `80`, `8443,9000-9010`, or nothing, which is all of them."""
    parts = [part.strip() for element in listed(text) for part in str(element).split(",") if part.strip()]
    return [(part.partition("-")[0], part.partition("-")[2] or part) for part in parts] or [(None, None)]
