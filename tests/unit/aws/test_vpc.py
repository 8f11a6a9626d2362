"""The VPC, new or existing."""

from typing import Any

import pytest

from anyscale_constructs.aws import Efs, Vpc, flow_logs, nat_gateways, plan_subnets, ranges, route_tables, vpc
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.aws.parts import GROUP
from tests.unit.guards import Case, Table
from tests.unit.terraform.parts import notes

PUBLIC = ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"]
PRIVATE = ["10.0.64.0/20", "10.0.80.0/20", "10.0.96.0/20"]
TWO_AND_TWO: dict[str, Any] = {"public_subnets": PUBLIC[:2], "private_subnets": PRIVATE[:2]}
ZONES = ["us-east-2a", "us-east-2b", "us-east-2c"]
EXISTING: dict[str, Any] = {"existing_vpc_id": "vpc-12345678"}
ROUTED = EXISTING | {"existing_public_route_table_ids": ["rtb-public"]}

TABLE = Table(
    Vpc,
    {},
    [
        Case(
            nat_gateways.nat_gateways_need_a_public_subnet_for_each_private_one,
            "public_subnets for their NAT gateways",
            [
                {"private_subnets": PRIVATE[:2]},
                {"public_subnets": PUBLIC[:2], "private_subnets": PRIVATE},
                {"public_subnets": PUBLIC, "private_subnets": PRIVATE[:2]},
            ],
            [TWO_AND_TWO, {"private_subnets": PRIVATE[:2], "create_ngw": False}, {"public_subnets": PUBLIC}],
            trap="8",
        ),
        Case(
            nat_gateways.nat_gateways_stay_within_the_public_subnets,
            "there would be 3 NAT gateways, one in each zone, but there are 2 public_subnets",
            [
                {"networking_mode": "PRIVATE", "availability_zone_count": 2, "availability_zones": ZONES},
                TWO_AND_TWO | {"availability_zone_ids": ["use2-az1", "use2-az2", "use2-az3"]},
                TWO_AND_TWO | {"max_az_count": 3},
            ],
            [
                TWO_AND_TWO | {"availability_zones": ZONES, "max_nat_gateway_count": 2},
                TWO_AND_TWO | {"availability_zones": ZONES[:2]},
                {"public_subnets": PUBLIC[:2], "availability_zones": ZONES},
                TWO_AND_TWO | {"availability_zones": ZONES, "create_ngw": False},
            ],
            trap="8",
        ),
        Case(
            vpc.subnets_fit_the_availability_zones,
            "there are 3 subnets of one kind for 2 availability zones",
            [
                {"public_subnets": PUBLIC, "availability_zones": ZONES[:2]},
                {"public_subnets": PUBLIC, "private_subnets": PRIVATE, "availability_zone_ids": ["a", "b"]},
            ],
            [{"public_subnets": PUBLIC, "availability_zones": ZONES}, {"public_subnets": PUBLIC}],
            trap="8",
        ),
        Case(
            nat_gateways.nat_gateway_without_route,
            "max_nat_gateway_count leaves 1 of 2 private subnets without a default route; got 1",
            [TWO_AND_TWO | {"max_nat_gateway_count": 1}],
            [
                TWO_AND_TWO | {"max_nat_gateway_count": 2},
                TWO_AND_TWO | {"max_nat_gateway_count": 1, "create_ngw": False},
                {"max_nat_gateway_count": 1},
            ],
            trap="9",
        ),
        Case(
            flow_logs.flow_logs_need_their_log_group_and_role,
            "enable_vpc_flow_logs requires create_flow_log_cloudwatch_log_group and "
            "create_flow_log_cloudwatch_iam_role",
            [
                {"enable_vpc_flow_logs": True, "create_flow_log_cloudwatch_iam_role": False},
                {"enable_vpc_flow_logs": True, "create_flow_log_cloudwatch_log_group": False},
            ],
            [{"enable_vpc_flow_logs": True}, {"create_flow_log_cloudwatch_iam_role": False}],
            trap="10",
        ),
        Case(
            flow_logs.flow_logs_are_on,
            "enable_vpc_flow_logs is off by default",
            [{}],
            [{"enable_vpc_flow_logs": True}],
            trap="18",
        ),
        Case(
            flow_logs.flow_log_role_name,
            "anyscale_vpc_name is too long for the name of the flow logs' role",
            [{"enable_vpc_flow_logs": True, "anyscale_vpc_name": "n" * 24}],
            [
                {"enable_vpc_flow_logs": True, "anyscale_vpc_name": "n" * 23},
                {"anyscale_vpc_name": "n" * 24},
                {"enable_vpc_flow_logs": True, "anyscale_vpc_name": expr("var.a_rather_long_name")},
            ],
        ),
        Case(
            vpc.secondary_ranges_need_a_new_vpc,
            "secondary_cidr_blocks cannot be added to an existing VPC",
            [EXISTING | {"secondary_cidr_blocks": ["10.1.0.0/16"]}],
            [{"secondary_cidr_blocks": ["10.1.0.0/16"]}, EXISTING],
            trap="11",
        ),
        Case(
            route_tables.existing_private_route_tables_are_several,
            "has one route table, so upstream would associate each subnet twice",
            [EXISTING | {"private_subnets": PRIVATE[:2], "existing_private_route_table_ids": ["rtb-1"]}],
            [
                EXISTING | {"private_subnets": PRIVATE[:2], "existing_private_route_table_ids": ["rtb-1", "rtb-2"]},
                EXISTING | {"existing_private_route_table_ids": ["rtb-1"]},
            ],
            trap="11",
        ),
        Case(
            nat_gateways.nat_gateways_need_new_private_route_tables,
            "existing_private_route_table_ids leaves the NAT gateways without a route table",
            [ROUTED | TWO_AND_TWO | {"existing_private_route_table_ids": ["rtb-1", "rtb-2"], "create_ngw": True}],
            [
                ROUTED | TWO_AND_TWO | {"existing_private_route_table_ids": ["rtb-1", "rtb-2"]},
                ROUTED | TWO_AND_TWO | {"create_ngw": True},
            ],
            trap="8",
        ),
        Case(
            vpc.private_subnets_are_new_or_existing,
            "private_subnets has no effect with existing_private_subnet_ids",
            [EXISTING | {"private_subnets": PRIVATE[:2], "existing_private_subnet_ids": ["subnet-1"]}],
            [EXISTING | {"existing_private_subnet_ids": ["subnet-1"]}, EXISTING | {"private_subnets": PRIVATE[:2]}],
        ),
        Case(
            route_tables.public_subnets_in_an_existing_vpc_need_a_route,
            "public_subnets in an existing VPC get a route table without a route to the internet",
            [EXISTING | {"public_subnets": PUBLIC}],
            [ROUTED | {"public_subnets": PUBLIC}, EXISTING | {"public_subnets": PUBLIC, "create_igw": True}],
        ),
        Case(
            ranges.ranges_are_networks,
            "must be a network; got ",
            [
                {"cidr_block": "10.0.0.1/16", "public_subnets": PUBLIC},
                {"public_subnets": [*PUBLIC[:2], "ten"]},
                {"secondary_cidr_blocks": ["10.1.0.0/33"]},
                TWO_AND_TWO | {"private_subnets": ["::/64", "10.0.64.0/20"]},
            ],
            [TWO_AND_TWO, {"public_subnets": [expr("var.a"), expr("var.b")]}],
        ),
        Case(
            ranges.subnets_lie_apart_and_inside_the_vpc,
            "public_subnets and private_subnets: 10.0.16.0/20 overlaps 10.0.0.0/19",
            [{"public_subnets": ["10.0.16.0/20"], "private_subnets": ["10.0.0.0/19"]}],
            [{"public_subnets": ["10.0.0.0/20", "10.0.16.0/20"]}],
        ),
        Case(
            ranges.subnets_lie_apart_and_inside_the_vpc,
            "is not inside the network; expected a range inside 10.0.0.0/16",
            [
                {"public_subnets": ["10.0.0.0/20", "10.1.0.0/20"]},
                {"public_subnets": ["10.0.0.0/15"]},
                {"public_subnets": ["10.2.0.0/20"], "secondary_cidr_blocks": ["10.1.0.0/16"]},
            ],
            [
                {"public_subnets": ["10.0.0.0/20", "10.1.0.0/20"], "secondary_cidr_blocks": ["10.1.0.0/16"]},
                ROUTED | {"public_subnets": ["192.168.0.0/20"]},
                {"public_subnets": ["10.0.0.0/20", "10.1.0.0/20"], "use_ipam_pool": True},
                {"public_subnets": ["10.0.0.0/20", "10.1.0.0/20"], "cidr_block": expr("var.range")},
            ],
        ),
        Case(
            vpc.nodes_have_subnets_in_two_zones,
            "the nodes' subnets are in one availability zone, but registration requires two",
            [
                {"public_subnets": PUBLIC[:1]},
                {"availability_zone_count": 1},
                {"public_subnets": PUBLIC[:2], "availability_zones": ["us-east-2a", "us-east-2a"]},
                {"public_subnets": PUBLIC[:1], "private_subnets": PRIVATE[:1]},
            ],
            [{"public_subnets": PUBLIC[:2]}, ROUTED | {"public_subnets": PUBLIC[:1]}, EXISTING],
            trap="sizing: at least 2 subnets, in 2 AZs",
        ),
        Case(
            ranges.ranges_are_not_too_large,
            "is too large; got '10.0.0.0/8'; expected /16 or smaller",
            [
                {"cidr_block": "10.0.0.0/8", "public_subnets": PUBLIC},
                {"secondary_cidr_blocks": ["10.0.0.0/8"]},
            ],
            [{"cidr_block": "10.0.0.0/16"}, EXISTING | {"cidr_block": "10.0.0.0/8"}],
            trap="AWS: /16 to /28",
        ),
        Case(
            ranges.vpc_is_large_enough,
            "cidr_block is too small to register; got '10.0.0.0/25'; expected /24 or larger",
            [{"cidr_block": "10.0.0.0/25"}],
            [
                {"cidr_block": "10.0.0.0/24"},
                EXISTING | {"cidr_block": "10.0.0.0/25"},
                {"cidr_block": "10.0.0.0/25", "use_ipam_pool": True, "public_subnets": PUBLIC},
            ],
            trap="sizing: verify fails below /24",
        ),
        Case(
            ranges.vpc_is_large_enough,
            "cidr_block is smaller than recommended",
            [{"cidr_block": "10.0.0.0/20"}, {"cidr_block": "10.0.0.0/24"}],
            [{"cidr_block": "10.0.0.0/19"}],
            trap="sizing: VPC /19 or larger",
        ),
        Case(
            ranges.subnets_are_large_enough,
            "a subnet of public_subnets is too small to register; got '10.0.0.16/29'; expected /28 or larger",
            [{"public_subnets": ["10.0.1.0/24", "10.0.0.16/29"]}],
            [{"public_subnets": ["10.0.1.0/24", "10.0.0.16/28"]}],
            trap="sizing: verify fails below /28",
        ),
        Case(
            ranges.subnets_are_large_enough,
            "a subnet of public_subnets is smaller than recommended",
            [{"public_subnets": ["10.0.4.0/22", "10.0.0.0/23"]}, {"cidr_block": "10.0.0.0/20"}],
            [{"public_subnets": ["10.0.4.0/22", "10.0.0.0/22"]}, {"cidr_block": "10.0.0.0/19"}],
            trap="sizing: subnets /22 or larger",
        ),
    ],
)


def test_subnets_are_planned_for_the_networking_mode(stack: CloudStack) -> None:
    plan = plan_subnets("10.0.0.0/16", 2, private=True)
    assert Vpc(stack, "public").rendered == {"public_subnets": plan.public}
    assert Vpc(stack, "private", networking_mode="PRIVATE").rendered == {
        "public_subnets": plan.public,
        "private_subnets": plan.private,
        "map_public_ip_on_launch": False,
    }


def test_subnets_have_as_many_places_as_are_wanted(stack: CloudStack) -> None:
    plan = plan_subnets("10.0.0.0/16", 4, private=True, places=8)
    vpc = Vpc(stack, networking_mode="PRIVATE", availability_zone_count=4, subnet_places=8)
    assert (vpc.rendered["public_subnets"], vpc.rendered["private_subnets"]) == (plan.public, plan.private)


@pytest.mark.parametrize(
    ("inputs", "noted"),
    [
        ({"availability_zone_count": 4}, True),
        ({"availability_zones": [*ZONES, "us-east-2d"]}, True),
        ({"availability_zone_count": 4, "subnet_places": 4}, True),
        ({"availability_zone_count": 4, "subnet_places": 8}, False),
        ({"availability_zone_count": 3}, False),
        ({"availability_zone_count": 8}, False),
        ({"public_subnets": plan_subnets("10.0.0.0/16", 4, private=False).public}, False),
    ],
)
def test_four_planned_zones_cause_a_note(inputs: dict[str, Any], noted: bool, stack: CloudStack) -> None:
    says = "the subnet plan has room for 4 availability zones, so another zone would move every subnet"
    assert any(says in note for note in notes(Vpc(stack, **inputs))) == noted


@pytest.mark.parametrize(
    ("inputs", "count"),
    [
        ({}, 2),
        ({"availability_zone_count": 3}, 3),
        ({"availability_zones": ZONES}, 3),
        ({"availability_zone_ids": ["use2-az1", "use2-az2", "use2-az3"]}, 3),
        ({"availability_zones": ZONES, "availability_zone_count": 2}, 2),
        ({"public_subnets": PUBLIC}, 3),
        (ROUTED | {"public_subnets": PUBLIC[:1]}, 1),
        (EXISTING | {"existing_private_subnet_ids": ["subnet-1", "subnet-2"]}, 2),
    ],
)
def test_the_number_of_zones_is_known_now(inputs: dict[str, Any], count: int, stack: CloudStack) -> None:
    assert Vpc(stack, **inputs).zone_count == count


def test_nodes_get_public_addresses_only_without_private_subnets(stack: CloudStack) -> None:
    """Upstream assigns a public address to every instance in a public subnet."""
    assert "map_public_ip_on_launch" not in Vpc(stack, "a").rendered
    assert Vpc(stack, "b", **TWO_AND_TWO).rendered["map_public_ip_on_launch"] is False
    assert Vpc(stack, "c", **TWO_AND_TWO, map_public_ip_on_launch=True).rendered["map_public_ip_on_launch"] is True


def test_flow_logs_include_their_log_group_and_role(stack: CloudStack) -> None:
    rendered = Vpc(stack, enable_vpc_flow_logs=True).rendered
    assert rendered["create_flow_log_cloudwatch_log_group"] is True
    assert rendered["create_flow_log_cloudwatch_iam_role"] is True


def test_no_gateways_are_created_in_an_existing_vpc(stack: CloudStack) -> None:
    rendered = Vpc(stack, **EXISTING).rendered
    assert (rendered["create_igw"], rendered["create_ngw"]) == (False, False)
    assert "public_subnets" not in rendered


def test_outputs_come_from_the_input_if_upstreams_are_empty(stack: CloudStack) -> None:
    """The output vpc_id is "" for an existing VPC, private_subnet_ids is [] for existing subnets."""
    existing = Vpc(stack, "a", **EXISTING, existing_private_subnet_ids=["subnet-1", "subnet-2"])
    assert (existing.vpc_id, existing.node_subnet_ids) == ("vpc-12345678", ["subnet-1", "subnet-2"])
    assert existing.subnet_ids_per_zone == ["subnet-1", "subnet-2"]
    reference = expr("data.aws_vpc.this.id", "string")
    assert Vpc(stack, "b", existing_vpc_id=reference).vpc_id is reference
    assert spelled(Vpc(stack, "c").vpc_id) == "${module.c.vpc_id}"


def test_nodes_are_in_private_subnets_if_there_are_any(stack: CloudStack) -> None:
    assert spelled(Vpc(stack, "a").node_subnet_ids) == "${module.a.public_subnet_ids}"
    assert spelled(Vpc(stack, "b", networking_mode="PRIVATE").node_subnet_ids) == "${module.b.private_subnet_ids}"


def test_the_zones_of_the_nodes_subnets_are_known(stack: CloudStack) -> None:
    assert spelled(Vpc(stack, "a").subnet_ids_to_az) == "${module.a.public_subnet_ids_az_map}"
    assert (
        spelled(Vpc(stack, "b", networking_mode="PRIVATE").subnet_ids_to_az) == "${module.b.private_subnet_ids_az_map}"
    )
    assert Vpc(stack, "c", **EXISTING, existing_private_subnet_ids=["subnet-1", "subnet-2"]).subnet_ids_to_az is None


def refusal(stack: CloudStack, **inputs: Any) -> str:
    with pytest.raises(InputError) as error:
        Vpc(stack, **inputs)
    return str(error.value)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"cidr_block": expr("var.range")}, "cidr_block is known only after apply, so no subnets can be planned"),
        ({"cidr_block": "10.0.0.1/16"}, "cidr_block must be a network; got '10.0.0.1/16'; expected an IPv4"),
        (
            {"cidr_block": "10.0.0.0/26"},
            "cidr_block has no room for subnets in 2 availability zones: they would be /29; got",
        ),
        ({"use_ipam_pool": True}, "use_ipam_pool lets AWS choose the range, so no subnets can be planned inside it"),
        *(
            (
                {planned: number, name: value},
                f"{planned} applies to planned subnets, but {name} is set; got {number}. Fix: remove one of them",
            )
            for planned, number in (("availability_zone_count", 3), ("subnet_places", 8))
            for name, value in [
                ("public_subnets", ["10.0.0.0/20", "10.0.16.0/20"]),
                ("private_subnets", ["10.0.0.0/20", "10.0.16.0/20"]),
                ("existing_vpc_id", "vpc-12345678"),
            ]
        ),
        (
            {"availability_zone_count": 9},
            "the subnet plan has no room for 9 availability zones; expected 1 to 8",
        ),
        (
            {"availability_zone_count": 5, "subnet_places": 4},
            "the subnet plan has no room for 5 availability zones; expected 1 to 4",
        ),
    ],
)
def test_fails_when_subnets_cannot_be_planned(inputs: dict[str, Any], says: str, stack: CloudStack) -> None:
    assert refusal(stack, **inputs).startswith(f"module.vpc: {says}")


def test_fails_when_private_networking_gets_public_subnets_only(stack: CloudStack) -> None:
    assert refusal(stack, networking_mode="PRIVATE", public_subnets=PUBLIC) == (
        "module.vpc: public_subnets is set without private_subnets, in which the nodes would be. "
        "Fix: set private_subnets too, or remove both to plan them"
    )


def test_fails_when_nodes_have_no_subnets(stack: CloudStack) -> None:
    endpoints_only = Vpc(stack, **EXISTING)
    with pytest.raises(InputError, match=r"module.vpc: the module has no subnets for nodes. Fix: set public_subnets"):
        Efs(stack, vpc=endpoints_only, security_group=GROUP)
