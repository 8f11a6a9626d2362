"""The subnet planner."""

import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anyscale_constructs.aws import plan_subnets
from anyscale_constructs.aws.subnets import Places
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr

ZONES = st.integers(1, 8)
# A /24 has room for the subnets of eight zones, each a /28.
RANGES = st.builds(
    lambda address, prefix: str(ipaddress.IPv4Network((address, prefix), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(8, 24),
)


def networks(cidrs: list[str]) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(cidr) for cidr in cidrs]


@given(RANGES, ZONES)
def test_subnets_do_not_overlap_and_are_inside_the_vpc(cidr_block: str, zones: int) -> None:
    plan = plan_subnets(cidr_block, zones, private=True)
    subnets = networks(plan.public + plan.private)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(subnets, 2))
    assert all(subnet.subnet_of(ipaddress.IPv4Network(cidr_block)) for subnet in subnets)


@given(RANGES, ZONES)
def test_there_are_as_many_private_as_public_subnets_of_equal_size(cidr_block: str, zones: int) -> None:
    plan = plan_subnets(cidr_block, zones, private=True)
    assert len(plan.public) == len(plan.private) == zones
    assert len({subnet.prefixlen for subnet in networks(plan.public + plan.private)}) == 1


@given(RANGES, ZONES)
def test_private_networking_moves_no_public_subnet(cidr_block: str, zones: int) -> None:
    plan = plan_subnets(cidr_block, zones, private=False)
    assert plan.private == []
    assert plan.public == plan_subnets(cidr_block, zones, private=True).public


def moves(cidr_block: str, before: int, after: int, places: Places | None = None) -> bool:
    """Returns whether more zones move the existing subnets."""
    old, new = (plan_subnets(cidr_block, zones, private=True, places=places) for zones in (before, after))
    return new.public[:before] != old.public or new.private[:before] != old.private


@given(RANGES, ZONES, ZONES)
def test_more_zones_move_no_subnet_while_places_are_free(cidr_block: str, some: int, other: int) -> None:
    """Without `places`, they move only from up to four zones to more."""
    before, after = sorted((some, other))
    assert not moves(cidr_block, before, after, places=8)
    assert moves(cidr_block, before, after) == (before <= 4 < after)


@given(RANGES, ZONES, st.booleans())
def test_the_number_of_places_is_four_up_to_four_zones(cidr_block: str, zones: int, private: bool) -> None:
    """Another default would move the subnets of existing VPCs."""
    places: Places = 4 if zones <= 4 else 8
    default = plan_subnets(cidr_block, zones, private=private)
    assert default == plan_subnets(cidr_block, zones, private=private, places=places)
    assert default.places == places


@pytest.mark.parametrize(
    ("cidr_block", "zones", "prefix"),
    [
        ("10.0.0.0/16", 2, 19),
        ("10.0.0.0/16", 8, 20),
        ("10.0.0.0/19", 4, 22),
        ("10.0.0.0/19", 5, 23),
        ("10.0.0.0/25", 4, 28),
        ("10.0.0.0/24", 8, 28),
    ],
)
def test_subnets_have_the_expected_sizes(cidr_block: str, zones: int, prefix: int) -> None:
    """The sizing rules: the recommended /19 results in the recommended /22."""
    assert {subnet.prefixlen for subnet in networks(plan_subnets(cidr_block, zones, private=True).public)} == {prefix}


def test_fails_on_more_zones_than_places() -> None:
    says = r"has no room for 5 availability zones; expected 1 to 4. Fix: .*, or set subnet_places to 8"
    with pytest.raises(InputError, match=says):
        plan_subnets("10.0.0.0/16", 5, private=True, places=4)


def test_the_error_on_eight_places_suggests_a_larger_range() -> None:
    with pytest.raises(InputError, match=r"they would be /29; .* or remove subnet_places"):
        plan_subnets("10.0.0.0/25", 2, private=True, places=8)


@pytest.mark.parametrize(
    ("cidr_block", "zones", "says"),
    [
        (
            "10.0.0.0/26",
            2,
            "cidr_block has no room for subnets in 2 availability zones: they would be /29; got '10.0.0.0/26'",
        ),
        ("10.0.0.0/25", 5, "cidr_block has no room for subnets in 5 availability zones: they would be /29"),
        ("10.0.0.0/16", 0, "the subnet plan has no room for 0 availability zones; expected 1 to 8"),
        ("10.0.0.0/16", 9, "the subnet plan has no room for 9 availability zones; expected 1 to 8"),
        ("10.0.0.1/16", 2, "cidr_block must be a network; got '10.0.0.1/16'; expected an IPv4 network in CIDR"),
        ("ten", 2, "cidr_block must be a network; got 'ten'"),
        (expr("var.range"), 2, "cidr_block is known only after apply, so no subnets can be planned inside it"),
    ],
)
def test_fails_when_the_subnets_do_not_fit(cidr_block: str, zones: int, says: str) -> None:
    with pytest.raises(InputError) as error:
        plan_subnets(cidr_block, zones, private=True)
    assert str(error.value).startswith(says)
