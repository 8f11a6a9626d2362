"""The subnet planner, which gives each subnet a fixed place in the VPC."""

import ipaddress
from typing import Literal, NamedTuple, get_args

from anyscale_constructs.config.networks import NOT_A_NETWORK, network
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Rule

# A VPC is cut into slots of equal size: the first half for public subnets, the second for private ones.
# With eight slots, the recommended VPC of /19 has the recommended subnets of /22. Since slots are fixed, enabling
# private networking moves no existing subnet, and neither does adding a zone while there are free places.
Places = Literal[4, 8]
_PLACES: tuple[Places, ...] = get_args(Places)
MOST_PLACES = _PLACES[-1]
_SMALLEST = 28
"""The prefix length of the smallest subnet that AWS creates."""

UNPLANNABLE = Rule(
    "subnet-plan",
    "error",
    "Subnets that are not set are planned inside cidr_block, which must then be known at synthesis. Inputs of the plan "
    "have no effect on subnets that are set.",
)
NO_ROOM = Rule(
    "subnet-room",
    "error",
    "The plan has a place for a public and a private subnet in each of up to 8 availability zones, and AWS creates no "
    "subnet smaller than a /28.",
    "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
)


class Plan(NamedTuple):
    """The CIDR ranges of a VPC's subnets, one of each kind in each zone."""

    public: list[str]
    private: list[str]
    places: Places
    """The number of zones for which the plan has room."""


def plan_subnets(cidr_block: str, zones: int, *, private: bool, places: Places | None = None) -> Plan:
    """Plans a VPC's subnets.

    Args:
        cidr_block: The VPC's range.
        zones: The number of availability zones, 1 to 8.
        private: Whether there are private subnets in addition to public ones.
        places: The number of zones for which the plan has room. Zones can be added up to that number without moving a
            subnet. With 8 instead of 4, each subnet has half the size. Default: 4 for up to four zones, 8 for more.

    Raises:
        InputError: The range is not a known network, or the subnets do not fit.
    """
    if is_unresolved(cidr_block):
        raise InputError(
            "cidr_block is known only after apply, so no subnets can be planned inside it",
            fix="set a literal range, or set public_subnets and private_subnets",
            rule=UNPLANNABLE,
            on=["cidr_block"],
        )
    vpc = network(cidr_block)
    if vpc is None:
        raise InputError(
            "cidr_block must be a network",
            value=cidr_block,
            allowed="an IPv4 network in CIDR form, with no host bits set, such as 10.0.0.0/16",
            fix="correct it",
            rule=NOT_A_NETWORK,
            on=["cidr_block"],
        )
    most = MOST_PLACES if places is None else places
    if not 1 <= zones <= most:
        raise InputError(
            f"the subnet plan has no room for {zones} availability zones",
            allowed=f"1 to {most}",
            fix="use fewer zones" if places is None else f"use fewer zones, or set subnet_places to {MOST_PLACES}",
            rule=NO_ROOM,
            on=["availability_zone_count", "availability_zones", "availability_zone_ids"],
        )
    per_kind: Places = next(slots for slots in _PLACES if zones <= slots) if places is None else places
    prefix = vpc.prefixlen + (2 * per_kind - 1).bit_length()
    if prefix > _SMALLEST:
        smaller = "use fewer zones" if places is None else "remove subnet_places"
        raise InputError(
            f"cidr_block has no room for subnets in {zones} availability zones: they would be /{prefix}",
            value=cidr_block,
            allowed=f"a range of /{_SMALLEST - (prefix - vpc.prefixlen)} or larger",
            fix=f"use a larger cidr_block (a /19 gives the recommended /22 subnets), or {smaller}",
            rule=NO_ROOM,
            on=["cidr_block", "availability_zone_count", "availability_zones"],
        )
    first, size = int(vpc.network_address), 2 ** (vpc.max_prefixlen - prefix)

    def slots(start: int) -> list[str]:
        addresses = range(first + start * size, first + (start + zones) * size, size)
        return [f"{ipaddress.IPv4Address(address)}/{prefix}" for address in addresses]

    return Plan(public=slots(0), private=slots(per_kind) if private else [], places=per_kind)
