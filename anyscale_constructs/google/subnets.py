"""Guards for the subnets and the ranges of a VPC."""

import itertools

from anyscale_constructs.config import networks
from anyscale_constructs.expressions import is_one_of
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.gke_ranges import GKE_RANGES
from anyscale_constructs.terraform.guards import Inputs, guard

NODE_SUBNETS = ("public_subnet_cidr", "private_subnet_cidr")
"""The inputs with the range of the nodes' subnet."""
_RANGES = (*NODE_SUBNETS, "proxy_subnet_cidr", *GKE_RANGES)


@guard("google-existing-subnet", "existing_private_subnet_id", "existing_public_subnet_id")
def existing_subnets_are_in_existing_vpcs(i: Inputs) -> Finding | None:
    """The module always creates a VPC, and an existing subnet cannot be in it."""
    for name in ("existing_public_subnet_id", "existing_private_subnet_id"):
        if i[name] is not None:
            return Finding(
                f"{name} names a subnet that is not in the new VPC",
                "remove it, or use an existing VPC: vpc_id, subnet_name and subnet_cidr",
                i[name],
                on=[name],
            )
    return None


@guard("google-ipv6-type", "private_subnet_ipv6_type", "public_subnet_ipv6_type")
def ipv6_subnets_are_external(i: Inputs) -> Finding | None:
    """A dual-stack subnet needs an access type, and INTERNAL needs an IPv6 range, which upstream does not create."""
    for kind in ("public", "private"):
        stack, access = f"{kind}_subnet_stack_type", f"{kind}_subnet_ipv6_type"
        if is_one_of(i[stack], "IPV4_IPV6") and i.known(access) and i[access] != "EXTERNAL":
            return Finding(
                f"{access} does not fit {stack} IPV4_IPV6",
                f"set it to EXTERNAL, or remove {stack}",
                i[access],
                "EXTERNAL",
                on=[access, stack],
            )
    return None


@guard("", *_RANGES)
def ranges_are_networks(i: Inputs) -> Finding | None:
    """Google rejects values that are not networks in CIDR form."""
    for name, cidr in ranges(i).items():
        if found := networks.not_networks(name, [cidr]):
            return found._replace(on=[name])
    return None


@guard("", *_RANGES)
def ranges_lie_apart(i: Inputs) -> Finding | None:
    """Google rejects ranges that overlap, after the VPC has been created."""
    for (one, first), (other, second) in itertools.combinations(ranges(i).items(), 2):
        if found := networks.misplaced(f"{one} and {other}", [first, second]):
            return found._replace(on=[other, one])
    return None


@guard("", *NODE_SUBNETS)
def subnets_are_large_enough(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails for a subnet that is smaller than a /24."""
    given = {name: i[name] for name in NODE_SUBNETS if i[name] is not None}
    smallest = max(given, key=lambda name: found.prefixlen if (found := networks.network(given[name])) else 0)
    found = networks.too_small("the nodes' subnet", [given[smallest]], networks.GOOGLE_SUBNET)
    return found and found._replace(on=[smallest])


def ranges(i: Inputs) -> dict[str, str]:
    """Returns the ranges that are set, by input."""
    return {name: i[name] for name in _RANGES if i[name] is not None}
