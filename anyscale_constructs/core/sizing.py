"""How large networks must be, how large they should be, and how they must lie to each other."""

import ipaddress
import itertools
from collections.abc import Sequence

from anyscale_constructs.core.module import Finding
from anyscale_constructs.expressions import is_unresolved

# (the prefix that `anyscale cloud verify` fails above, the prefix that Anyscale recommends)
VPC = (24, 19)
SUBNET = (28, 22)
GOOGLE_SUBNET = (24, 20)
# Nobody's users come from more; 0.0.0.0/1 and 128.0.0.0/1 are what stands for 0.0.0.0/0 where that is forbidden.
_LARGEST_OF_USERS = 8


def network(cidr: str) -> ipaddress.IPv4Network | None:
    """The network, or None for what is not known yet or is none."""
    try:
        return None if is_unresolved(cidr) else ipaddress.IPv4Network(cidr)
    except ValueError:
        return None


def not_networks(name: str, cidrs: Sequence[str]) -> Finding | None:
    """An error for what is no network; what is not known yet passes."""
    wrong = [cidr for cidr in cidrs if not is_unresolved(cidr) and network(cidr) is None]
    if wrong:
        allowed = "IPv4 networks in CIDR form, with no host bits set, such as 10.0.0.0/16"
        return Finding(f"{name} must be a network", "correct it", wrong[0], allowed)
    return None


def nearly_everybody(cidrs: Sequence[str]) -> list[str]:
    """The ranges that are the whole internet or a large part of it; what is not known yet is passed over."""
    return [str(found) for found in filter(None, map(network, cidrs)) if found.prefixlen < _LARGEST_OF_USERS]


def too_large(name: str, cidrs: Sequence[str], largest: int) -> Finding | None:
    """An error for networks that are larger than the provider takes."""
    for found in filter(None, map(network, cidrs)):
        if found.prefixlen < largest:
            return Finding(f"{name} is too large", "take a smaller range", str(found), f"/{largest} or smaller")
    return None


def too_small(name: str, cidrs: Sequence[str], limits: tuple[int, int]) -> Finding | None:
    """An error where registration would fail, a warning where the recommendation is missed.

    Args:
        name: The input, for the message.
        cidrs: Networks; those not known yet are passed over.
        limits: `VPC`, `SUBNET` or `GOOGLE_SUBNET`.
    """
    largest, recommended = limits
    known = [found for cidr in cidrs if (found := network(cidr))]
    smallest = max(known, key=lambda network: network.prefixlen, default=None)
    if smallest is None or smallest.prefixlen <= recommended:
        return None
    if smallest.prefixlen > largest:
        return Finding(
            f"{name} is too small to register",
            f"take a larger range, best a /{recommended}",
            str(smallest),
            f"/{largest} or larger",
        )
    return Finding(
        f"{name} is smaller than recommended, and Ray clusters take an address a node",
        f"take a /{recommended} or larger while nothing runs in it",
        str(smallest),
        warning=True,
    )


def misplaced(name: str, cidrs: Sequence[str], inside: Sequence[str] | None = None) -> Finding | None:
    """An error for networks that overlap each other or lie outside of all the given ranges.

    Args:
        name: What to call them, for the message.
        cidrs: Networks; those not known yet are passed over.
        inside: Where they must lie. Default: anywhere.
    """
    known = [found for cidr in cidrs if (found := network(cidr))]
    for one, other in itertools.combinations(known, 2):
        if one.overlaps(other):
            return Finding(f"{name}: {one} overlaps {other}", "give each a range of its own")
    outer = [found for cidr in inside or () if (found := network(cidr))]
    if inside is None or len(outer) < len(inside):
        return None
    for one in known:
        if not any(one.subnet_of(range_) for range_ in outer):
            ranges = " or ".join(map(str, outer))
            return Finding(
                f"{name}: {one} is not inside the network",
                "take a range inside it",
                allowed=f"inside {ranges}",
            )
    return None
