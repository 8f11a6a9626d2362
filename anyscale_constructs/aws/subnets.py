"""The subnet planner: subnets of the right size, in places that never move."""

import ipaddress
import itertools
from dataclasses import dataclass

from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import is_unresolved

# A VPC is cut into slots of equal size: the first half for public subnets, the second for private ones.
# Eight slots make the recommended sizes meet: a /19 gives /22s. With places fixed by slot, adding a zone
# or turning private networking on moves no subnet that is there.
_SLOTS_PER_KIND = (4, 8)
_SMALLEST = 28
"""AWS makes no subnet smaller than this."""


@dataclass(frozen=True)
class Plan:
    """The CIDR ranges of a VPC's subnets, one of each kind in each zone."""

    public: list[str]
    private: list[str]


def plan_subnets(cidr_block: str, zones: int, *, private: bool) -> Plan:
    """Cuts a VPC into subnets.

    Args:
        cidr_block: The VPC's range.
        zones: The number of availability zones, 1 to 8.
        private: Whether there are private subnets beside the public ones.

    Raises:
        InputError: The range is no known network, or the subnets don't fit.
    """
    if is_unresolved(cidr_block):
        raise InputError(
            "cidr_block is known to Terraform only, so no subnets can be planned inside it",
            value=cidr_block,
            mend="give a literal, or public_subnets and private_subnets of your own",
        )
    try:
        vpc = ipaddress.IPv4Network(cidr_block)
    except ValueError as error:
        raise InputError(
            "cidr_block must be a network",
            value=cidr_block,
            allowed="an IPv4 network in CIDR form, with no host bits set, such as 10.0.0.0/16",
        ) from error
    per_kind = next((slots for slots in _SLOTS_PER_KIND if zones <= slots), 0)
    if not 1 <= zones <= per_kind:
        raise InputError("the number of availability zones", value=zones, allowed=f"1 to {_SLOTS_PER_KIND[-1]}")
    prefix = vpc.prefixlen + (2 * per_kind - 1).bit_length()
    if prefix > _SMALLEST:
        raise InputError(
            f"cidr_block has no room for subnets in {zones} availability zones: they would be /{prefix}",
            value=cidr_block,
            allowed=f"a range of /{_SMALLEST - (prefix - vpc.prefixlen)} or larger",
            mend="take a larger cidr_block (a /19 gives the recommended /22 subnets), or fewer zones",
        )
    slots = [str(network) for network in itertools.islice(vpc.subnets(new_prefix=prefix), 2 * per_kind)]
    return Plan(public=slots[:zones], private=slots[per_kind : per_kind + zones] if private else [])
