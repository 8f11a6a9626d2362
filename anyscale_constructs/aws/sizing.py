"""How large networks must be, how large they should be, and how they must lie to each other."""

import ipaddress
import itertools
from collections.abc import Sequence

from anyscale_constructs.core.expressions import is_unresolved
from anyscale_constructs.core.module import Finding

# (the prefix that `anyscale cloud verify` fails above, the prefix that Anyscale recommends)
VPC = (24, 19)
SUBNET = (28, 22)


def too_small(name: str, cidrs: Sequence[str], limits: tuple[int, int]) -> Finding | None:
    """An error where registration would fail, a warning where the recommendation is missed.

    Args:
        name: The input, for the message.
        cidrs: Networks; those not known yet are passed over.
        limits: `VPC` or `SUBNET`.
    """
    largest, recommended = limits
    known = [ipaddress.IPv4Network(cidr) for cidr in cidrs if not is_unresolved(cidr)]
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


def misplaced(name: str, cidrs: Sequence[str], inside: Sequence[str]) -> Finding | None:
    """An error for networks that overlap each other or lie outside of all the given ranges."""
    known = [ipaddress.IPv4Network(cidr) for cidr in cidrs if not is_unresolved(cidr)]
    for one, other in itertools.combinations(known, 2):
        if one.overlaps(other):
            return Finding(f"{name}: {one} overlaps {other}", "give each subnet a range of its own")
    if any(is_unresolved(cidr) for cidr in inside):
        return None
    outer = [ipaddress.IPv4Network(cidr) for cidr in inside]
    for network in known:
        if not any(network.subnet_of(range_) for range_ in outer):
            ranges = " or ".join(map(str, outer))
            return Finding(
                f"{name}: {network} is not inside the VPC",
                "take a range inside it",
                allowed=f"inside {ranges}",
            )
    return None
