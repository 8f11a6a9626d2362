"""Guards for the ranges of a VPC and its subnets: their sizes and overlaps."""

from collections.abc import Iterable, Sequence

from anyscale_constructs.config import networks
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard

_SUBNETS = ("public_subnets", "private_subnets")


@guard("", "cidr_block", "secondary_cidr_blocks", "public_subnets", "private_subnets")
def ranges_are_networks(i: Inputs) -> Finding | None:
    """AWS rejects values that are not networks in CIDR form."""
    own = ("cidr_block", [i["cidr_block"]])
    return _first((name, networks.not_networks(name, cidrs)) for name, cidrs in (own, *_ranges(i)))


@guard("", "cidr_block", "secondary_cidr_blocks", "public_subnets", "private_subnets")
def ranges_are_not_too_large(i: Inputs) -> Finding | None:
    """AWS creates no VPC or subnet larger than a /16."""
    own = ("cidr_block", [] if _range_is_elsewhere(i) else [i["cidr_block"]])
    return _first((name, networks.too_large(name, cidrs, 16)) for name, cidrs in (own, *_ranges(i)))


@guard("", "cidr_block")
def vpc_is_large_enough(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails for a VPC that is smaller than a /24."""
    return None if _range_is_elsewhere(i) else networks.too_small("cidr_block", [i["cidr_block"]], networks.VPC)


@guard("", "public_subnets", "private_subnets")
def subnets_are_large_enough(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` fails for a subnet that is smaller than a /28."""
    recommended = f"use subnets of /{networks.SUBNET[1]} or larger, for which a VPC of /{networks.VPC[1]} has room; "
    fix = f"{recommended}they cannot be changed once nodes are running"
    found = [
        finding._replace(fix=fix, on=[name, "cidr_block"])  # it determines the size of planned subnets
        for name in _SUBNETS
        if (finding := networks.too_small(f"a subnet of {name}", i[name], networks.SUBNET))
    ]
    return min(found, key=lambda finding: finding.severity != "error", default=None)


@guard("", "public_subnets", "private_subnets", "cidr_block", "secondary_cidr_blocks")
def subnets_lie_apart_and_inside_the_vpc(i: Inputs) -> Finding | None:
    """AWS rejects subnets that overlap or are outside of the VPC, after the VPC has been created."""
    ranges = None if _range_is_elsewhere(i) else [i["cidr_block"], *i["secondary_cidr_blocks"]]
    found = networks.misplaced(" and ".join(_SUBNETS), [cidr for name in _SUBNETS for cidr in i[name]], ranges)
    alone = _first((name, networks.misplaced(name, i[name], ranges)) for name in _SUBNETS) if found else None
    return alone or found


def _ranges(i: Inputs) -> list[tuple[str, Sequence[str]]]:
    return [(name, i[name]) for name in ("secondary_cidr_blocks", *_SUBNETS)]


def _first(found: Iterable[tuple[str, Finding | None]]) -> Finding | None:
    """Returns the first finding, with the input that it is about."""
    return next((finding._replace(on=[name]) for name, finding in found if finding), None)


def _range_is_elsewhere(i: Inputs) -> bool:
    return i["existing_vpc_id"] is not None or i["use_ipam_pool"] is not False
