"""The NAT gateways of a VPC: what upstream's inputs say of them must agree."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.module import Inputs


def nat_gateways_need_a_public_subnet_for_each_private_one(i: Inputs) -> Finding | None:
    """Upstream puts NAT gateway n into public subnet n, for every zone up to the larger number of subnets."""
    private, public = len(i["private_subnets"]), len(i["public_subnets"])
    if private and i["create_ngw"] is True and private != public:
        return Finding(
            f"private_subnets are {private}, public_subnets {public}, and each NAT gateway stands in a public one",
            "give as many public_subnets as private_subnets, or create_ngw=False for private subnets without internet",
        )
    return None


def nat_gateways_stay_within_the_public_subnets(i: Inputs) -> Finding | None:
    """Upstream counts them by zones, and indexes the public subnets: one zone more, and planning fails."""
    public, zones = len(i["public_subnets"]), max(len(i["availability_zone_ids"]), len(i["availability_zones"]))
    known = i.known("max_az_count", "max_nat_gateway_count")
    if i["private_subnets"] and i["create_ngw"] is True and known:
        gateways = min(max(zones, i["max_az_count"]), i["max_nat_gateway_count"])
        if gateways > public:
            return Finding(
                f"there would be {gateways} NAT gateways, one in each zone, for {public} public_subnets",
                "name as many zones as public_subnets, or set max_nat_gateway_count to their number",
            )
    return None


def nat_gateways_need_new_private_route_tables(i: Inputs) -> Finding | None:
    """Upstream adds their routes to the route tables it made, and makes none beside existing ones."""
    if i["existing_private_route_table_ids"] and i["private_subnets"] and i["create_ngw"] is True:
        return Finding(
            "existing_private_route_table_ids leaves the NAT gateways without a route table",
            "set create_ngw=False, or leave existing_private_route_table_ids out",
        )
    return None


def nat_gateway_count_leaves_no_private_subnet_without_a_route(i: Inputs) -> Finding | None:
    """Upstream makes a route table for each private subnet, but a default route only for each NAT gateway."""
    private, most = len(i["private_subnets"]), i["max_nat_gateway_count"]
    if private and i["create_ngw"] is True and i.known("max_nat_gateway_count") and most < private:
        return Finding(
            f"max_nat_gateway_count leaves {private - most} of {private} private subnets without a default route",
            "leave it out, or set create_ngw=False and route the private subnets yourself",
            most,
            f"{private} or more",
        )
    return None
