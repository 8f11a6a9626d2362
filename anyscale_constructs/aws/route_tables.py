"""Guards for the route tables of a VPC's subnets."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard


@guard("private-route-table-count", "existing_private_route_table_ids", "private_subnets")
def existing_private_route_tables_are_several(i: Inputs) -> Finding | None:
    """Upstream has a resource for a single route table and another for several; a single one enables both."""
    if len(i["existing_private_route_table_ids"]) == 1 and i["private_subnets"]:
        return Finding(
            "existing_private_route_table_ids has one route table, so upstream would associate each subnet twice",
            "list one route table for each private subnet",
        )
    return None


@guard("public-subnet-route", "public_subnets", "existing_public_route_table_ids")
def public_subnets_in_an_existing_vpc_need_a_route(i: Inputs) -> Finding | None:
    """If upstream creates no internet gateway, its public route table has no default route."""
    routed = i["create_igw"] is not False or i["existing_public_route_table_ids"]
    if i["existing_vpc_id"] is not None and i["public_subnets"] and not routed:
        return Finding(
            "public_subnets in an existing VPC get a route table without a route to the internet",
            "list the VPC's public route tables in existing_public_route_table_ids",
        )
    return None
