"""Guards for a VPC's NAT gateways: upstream's inputs for them must agree."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard


@guard("nat-gateway-subnets", "public_subnets", "private_subnets", "create_ngw")
def nat_gateways_need_a_public_subnet_for_each_private_one(i: Inputs) -> Finding | None:
    """Upstream puts NAT gateway n in public subnet n, for as many zones as there are subnets of either kind."""
    private, public = len(i["private_subnets"]), len(i["public_subnets"])
    if private and i["create_ngw"] is True and private != public:
        return Finding(
            f"there are {private} private_subnets, but only {public} public_subnets for their NAT gateways",
            "set as many public_subnets as private_subnets, or create_ngw to false for subnets without internet access",
        )
    return None


@guard(
    "nat-gateway-zones",
    "max_az_count",
    "availability_zones",
    "availability_zone_ids",
    "max_nat_gateway_count",
    "public_subnets",
    "private_subnets",
    "create_ngw",
)
def nat_gateways_stay_within_the_public_subnets(i: Inputs) -> Finding | None:
    """Upstream creates a NAT gateway per zone, in public subnet n. Planning fails with more zones than subnets."""
    public, zones = len(i["public_subnets"]), max(len(i["availability_zone_ids"]), len(i["availability_zones"]))
    known = i.known("max_az_count", "max_nat_gateway_count")
    if i["private_subnets"] and i["create_ngw"] is True and known:
        gateways = min(max(zones, i["max_az_count"]), i["max_nat_gateway_count"])
        if gateways > public:
            return Finding(
                f"there would be {gateways} NAT gateways, one in each zone, but there are {public} public_subnets",
                "list as many zones as public_subnets, or set max_nat_gateway_count to their number",
            )
    return None


@guard("nat-gateway-route-table", "existing_private_route_table_ids", "private_subnets", "create_ngw")
def nat_gateways_need_new_private_route_tables(i: Inputs) -> Finding | None:
    """Upstream adds NAT gateway routes only to route tables that it creates, and creates none if others are set."""
    if i["existing_private_route_table_ids"] and i["private_subnets"] and i["create_ngw"] is True:
        return Finding(
            "existing_private_route_table_ids leaves the NAT gateways without a route table",
            "set create_ngw to false, or remove existing_private_route_table_ids",
        )
    return None


@guard("nat-gateway-count", "max_nat_gateway_count", "private_subnets", "create_ngw")
def nat_gateway_without_route(i: Inputs) -> Finding | None:
    """Upstream creates a route table for each private subnet, but a default route only for each NAT gateway."""
    private, most = len(i["private_subnets"]), i["max_nat_gateway_count"]
    if private and i["create_ngw"] is True and i.known("max_nat_gateway_count") and most < private:
        return Finding(
            f"max_nat_gateway_count leaves {private - most} of {private} private subnets without a default route",
            "remove it, or set create_ngw to false and route the private subnets yourself",
            most,
            f"{private} or more",
        )
    return None
