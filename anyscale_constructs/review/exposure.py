"""Compares the facts on what is open or protected on each side, and reports what widens."""

import contextlib
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.review.grants import Grant

EVERYBODY = ("0.0.0.0/0", "::/0")
_ALL_PORTS = (0, 65535)
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Ingress:
    """Inbound traffic that is allowed.

    Args:
        source: The source: a CIDR range, a prefix list, a security group, or code that only Terraform can evaluate.
        protocol: `tcp`, `udp` and so on; `-1` means all.
        first: The first port.
        last: The last port.
    """

    source: str
    protocol: str = "-1"
    first: int = _ALL_PORTS[0]
    last: int = _ALL_PORTS[1]

    @property
    def ports(self) -> str:
        """The protocol and ports in the usual notation."""
        if self.protocol == "-1":
            return "all traffic"
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol} {'all ports' if (self.first, self.last) == _ALL_PORTS else ports}"

    def __str__(self) -> str:
        return f"{self.ports} from {self.source}"


def covers_ingress(others: Iterable[Ingress], value: Ingress) -> bool:
    """Returns whether rules together allow the traffic that another rule allows."""
    fitting = [
        other.source
        for other in others
        if other.protocol in {"-1", value.protocol} and other.first <= value.first and value.last <= other.last
    ]
    own = _network(value.source)
    if own is None:
        return value.source in fitting
    return any(own.subnet_of(each) for each in _collapsed(filter(None, map(_network, fitting)), own.version))


def covers_grant(others: Iterable[Grant], value: Grant) -> bool:
    """Returns whether one of several grants covers another grant."""
    return any(other.covers(value) for other in others)


def covers_name(others: Iterable[str], value: str) -> bool:
    """Returns whether a name is among others, where `*` stands for all names."""
    return bool({value, "*"} & {*others})


@dataclass(frozen=True)
class Kind:
    """A kind of fact on how open a stack is.

    Args:
        rule: The rule that a widening breaks.
        what: The description of a widening, with `{}` for the fact.
        fix: What to do about a widening, as an imperative.
        covered: Returns whether facts of one side cover a fact of the other.
        protects: Whether the fact is a protection, whose removal widens the exposure. Default: False.
    """

    rule: Rule
    what: str
    fix: str
    covered: Callable[[Iterable[Any], Any], bool] = covers_name
    protects: bool = False


@dataclass(frozen=True)
class Exposure:
    """A fact on how open a stack is.

    Args:
        kind: The kind of fact.
        subject: The address of the module call or the resource.
        value: The value of the fact.
        input: The input or the argument that states the fact.
    """

    kind: Kind
    subject: str
    value: Any
    input: str = ""

    @property
    def scope(self) -> str:
        """The scope within which facts are compared: the outermost module call, else the resource."""
        return scope_of(self.subject)


def scope_of(address: str) -> str:
    """Returns the outermost module call of an address, without its index, or the address of the stack's resource."""
    if not address.startswith("module."):
        return address
    return ".".join(address.split(".")[:2]).partition("[")[0]


def widened(base: Iterable[Exposure], head: Iterable[Exposure], there: Iterable[str]) -> list[Exposure]:
    """Returns the facts that widen the exposure: what became open, and what is no longer protected.

    Args:
        base: The facts of the older side.
        head: Those of the newer side.
        there: The scopes that exist on both sides: a protection of something that was removed does not count.
    """
    old, new, both = _grouped(base), _grouped(head), {*there}
    found = [
        fact
        for (kind, scope), facts in {**old, **new}.items()
        for fact in (old if kind.protects else new).get((kind, scope), ())
        if not kind.protects or scope in both
        if not kind.covered([each.value for each in (new if kind.protects else old).get((kind, scope), ())], fact.value)
    ]
    return list(dict.fromkeys(found))


def without_known(facts: Iterable[Exposure], known: Iterable[Exposure]) -> list[Exposure]:
    """Returns the facts that no other fact of the same kind in the same scope already states.

    Args:
        facts: The facts to filter, e.g. those of a plan's resources.
        known: The other facts, e.g. those of inputs.
    """
    told = _grouped(known)
    return [
        fact
        for fact in facts
        if not (others := told.get((fact.kind, fact.scope)))
        or not (isinstance(fact.value, str) or fact.kind.covered([each.value for each in others], fact.value))
    ]


def findings(facts: Iterable[Exposure], before: Iterable[Exposure]) -> Iterator[Finding]:
    """Yields findings on facts that widen the exposure, one for each kind and input.

    Args:
        facts: The facts that widen the exposure.
        before: All facts of the older side, which the findings mention.
    """
    was = _grouped(before)
    groups: dict[tuple[Kind, str, str, str], list[Exposure]] = {}
    for fact in facts:
        groups.setdefault((fact.kind, fact.subject, fact.input, _label(fact.value)), []).append(fact)
    for (kind, subject, name, label), group in groups.items():
        values = sorted({_shown(each.value) for each in group})
        old = sorted({
            _shown(each.value) for each in was.get((kind, group[0].scope), ()) if _label(each.value) == label
        })  # fmt: skip
        what, on = kind.what.format(label), [name] if name else []
        if kind.protects:
            yield Finding(f"{what}; removed: {', '.join(values)}", kind.fix, rule=kind.rule, on=on, construct=subject)
            continue
        limit = f"no more than before: {', '.join(old)}" if old else ""
        value = values[0] if len(values) == 1 else values
        yield Finding(what, kind.fix, value, limit, rule=kind.rule, on=on, construct=subject)


def _label(value: Any) -> str:
    return value.ports if isinstance(value, Ingress) else ""


def _shown(value: Any) -> str:
    return value.source if isinstance(value, Ingress) else str(value)


def _grouped(facts: Iterable[Exposure]) -> dict[tuple[Kind, str], list[Exposure]]:
    groups: dict[tuple[Kind, str], list[Exposure]] = {}
    for fact in facts:
        groups.setdefault((fact.kind, fact.scope), []).append(fact)
    return groups


def _network(source: str) -> _Network | None:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_network(source, strict=False)
    return None


def _collapsed(networks: Iterable[_Network], version: int) -> Sequence[Any]:
    same: list[Any] = [each for each in networks if each.version == version]
    return list(ipaddress.collapse_addresses(same))
