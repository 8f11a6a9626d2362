"""Checks of networks: required and recommended sizes, overlaps, and exposure to the internet."""

import functools
import ipaddress
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from anyscale_constructs.expressions import Expr, is_unresolved
from anyscale_constructs.findings import Finding, Rule

# (the prefix that `anyscale cloud verify` fails above, the prefix that Anyscale recommends)
VPC = (24, 19)
SUBNET = (28, 22)
GOOGLE_SUBNET = (24, 20)
# No organization's users have that many addresses. 0.0.0.0/1 with 128.0.0.0/1 is a common substitute for 0.0.0.0/0
# where that is forbidden.
_LARGE_PARTS = ((ipaddress.IPv4Network, 1 << 32 - 7), (ipaddress.IPv6Network, 1 << 128 - 15))
UNKNOWN_PORTS = "ports that are known only after apply"

NOT_A_NETWORK = Rule("invalid-network", "error", "The provider rejects a value that is not a network.")
PUBLIC_INGRESS = Rule(
    "public-ingress",
    "warning",
    "Anyone on the internet can try to connect.",
)
TOO_LARGE = Rule("network-too-large", "error", "The provider does not create larger networks.")
TOO_SMALL = Rule(
    "network-too-small",
    "error",
    "`anyscale cloud verify` and registration fail with smaller networks.",
    "https://docs.anyscale.com/administration/cloud-deployment/networking",
)
SMALL = Rule(
    "small-network",
    "warning",
    "Ray needs one IP address per node, and a network cannot be enlarged once nodes are running in it.",
    "https://docs.anyscale.com/administration/cloud-deployment/networking",
)
OVERLAP = Rule("network-overlap", "error", "The provider rejects overlapping networks, or traffic is misrouted.")
OUTSIDE = Rule("network-outside", "error", "The provider rejects subnets outside of their network.")


class _Range(ipaddress.IPv4Network):
    """An IPv4 network."""

    def lies_in(self, other: "_Range") -> bool:
        """Returns whether another network contains all of this one; `subnet_of` takes several times as long."""
        return other.span[0] <= self.span[0] and self.span[1] <= other.span[1]

    @functools.cached_property
    def span(self) -> tuple[int, int]:
        """The first and the last address, as numbers."""
        return int(self.network_address), int(self.broadcast_address)


def network(cidr: str) -> ipaddress.IPv4Network | None:
    """Returns the network; None if the value is unresolved or is not a network."""
    return None if isinstance(cidr, Expr) else _read(cidr)  # other unresolved strings are no networks, either


@functools.cache
def _read(cidr: str) -> _Range | None:
    """Parses a range; cached, since several rules and clouds check the same ranges."""
    try:
        return _Range(cidr) if "/" in cidr else None
    except ValueError:
        return None


def _known(cidrs: Iterable[str]) -> list[_Range]:
    return [found for cidr in cidrs if not isinstance(cidr, Expr) and (found := _read(cidr))]


def not_networks(name: str, cidrs: Sequence[str]) -> Finding | None:
    """Returns an error if a value is not a network; skips unresolved values."""
    wrong = [cidr for cidr in cidrs if network(cidr) is None and not is_unresolved(cidr)]
    if wrong:
        allowed = "IPv4 networks in CIDR form, with no host bits set, such as 10.0.0.0/16"
        return Finding(f"{name} must be a network", "correct it", wrong[0], allowed, NOT_A_NETWORK)
    return None


def nearly_everybody(cidrs: Sequence[str]) -> list[str]:
    """Returns the ranges that alone or together are the whole internet or a large part of it, IPv4 or IPv6.

    Private ranges do not count, and unresolved values are skipped.
    """
    known = [each for cidr in cidrs if not is_unresolved(cidr) and (each := _public(cidr))]
    found: list[str] = []
    for version, least in _LARGE_PARTS if known else ():
        public: list[Any] = [each for each in known if isinstance(each, version)]
        alone = [each for each in public if each.num_addresses >= least]
        together = sum(each.num_addresses for each in ipaddress.collapse_addresses(public))
        found += map(str, alone or (public if together >= least else []))
    return found


@functools.cache
def _public(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Returns the range, unless it is private or not a network; cached as in `_read`."""
    try:
        found = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None
    return None if found.is_private else found


def exposure(opened: Iterable[tuple[str, str, Sequence[str]]]) -> Finding | None:
    """Returns a warning that lists every port that the whole internet, or a large part of it, can reach.

    Args:
        opened: For each input that opens ports: the input's name, the ports, and the ranges that can reach them.
    """
    ranges: dict[tuple[str, str], list[str]] = {}
    for name, ports, cidrs in opened:
        ranges.setdefault((name, ports), []).extend(cidrs)
    exposed: dict[str, list[str]] = {}
    everybody: dict[str, None] = {}
    for (name, ports), cidrs in ranges.items():
        if found := nearly_everybody(cidrs):
            exposed.setdefault(name, []).append(ports)
            everybody |= dict.fromkeys(found)
    if not exposed:
        return None
    what = " and ".join(f"{name} opens {', '.join(ports)}" for name, ports in exposed.items())
    return Finding(
        f"{what} to the whole internet, or a large part of it",
        "set the ranges that your users connect from",
        list(everybody),
        rule=PUBLIC_INGRESS,
        on=list(exposed),
    )


def too_large(name: str, cidrs: Sequence[str], largest: int) -> Finding | None:
    """Returns an error if a network is larger than the provider allows."""
    for found in _known(cidrs):
        if found.prefixlen < largest:
            return Finding(
                f"{name} is too large", "use a smaller range", str(found), f"/{largest} or smaller", TOO_LARGE
            )
    return None


def too_small(name: str, cidrs: Sequence[str], limits: tuple[int, int]) -> Finding | None:
    """Returns an error if registration would fail, or a warning if a network is smaller than recommended.

    Args:
        name: The input, for the message.
        cidrs: The networks; unresolved ones are skipped.
        limits: `VPC`, `SUBNET` or `GOOGLE_SUBNET`.
    """
    largest, recommended = limits
    small = [each for each in _known(cidrs) if each.prefixlen > recommended]
    if not small:
        return None
    smallest = max(small, key=lambda network: network.prefixlen)
    if smallest.prefixlen > largest:
        return Finding(
            f"{name} is too small to register",
            f"use a larger range, preferably a /{recommended}",
            str(smallest),
            f"/{largest} or larger",
            TOO_SMALL,
        )
    return Finding(
        f"{name} is smaller than recommended, and Ray needs one IP address per node",
        f"use a /{recommended} or larger; it cannot be changed once nodes are running",
        str(smallest),
        rule=SMALL,
    )


def misplaced(name: str, cidrs: Sequence[str], inside: Sequence[str] | None = None) -> Finding | None:
    """Returns an error if networks overlap or are outside of all the given ranges.

    Args:
        name: The networks' name, for the message.
        cidrs: The networks; unresolved ones are skipped.
        inside: The ranges that must contain them. Default: any range is allowed.
    """
    known, outer = _known(cidrs), _known(inside or ())
    # Few overlap, so not all pairs are compared.
    spans = sorted(each.span for each in known)
    if any(last >= first for (_, last), (first, _) in itertools.pairwise(spans)):
        one, other = next(pair for pair in itertools.combinations(known, 2) if pair[0].overlaps(pair[1]))
        return Finding(f"{name}: {one} overlaps {other}", "use ranges that do not overlap", rule=OVERLAP)
    if inside is None or len(outer) < len(inside):
        return None
    for one in known:
        if not any(map(one.lies_in, outer)):
            return Finding(
                f"{name}: {one} is not inside the network",
                "use a range inside the network",
                allowed=f"a range inside {' or '.join(map(str, outer))}",
                rule=OUTSIDE,
            )
    return None
