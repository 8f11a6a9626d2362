"""Guards for Cloud NAT and the default route, through which nodes without public addresses reach Anyscale."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard


@guard("cloud-nat-off", "create_nat", severity="warning")
def private_subnets_reach_anyscale(i: Inputs) -> Finding | None:
    """Nodes in a private subnet have no public IP address, and they must reach Anyscale's control plane."""
    if i["private_subnet_cidr"] is not None and i["create_nat"] is False:
        return Finding(
            "create_nat is false, so nodes in the private subnet cannot reach Anyscale's control plane",
            "remove it, unless nodes have another route to the internet",
        )
    return None


@guard("default-route-deleted", "delete_default_internet_gateway_routes", severity="warning")
def the_default_route_stays(i: Inputs) -> Finding | None:
    """Cloud NAT and nodes with public IP addresses both need the default route."""
    if i["delete_default_internet_gateway_routes"] is True:
        return Finding(
            "delete_default_internet_gateway_routes leaves the VPC without a route to Anyscale's control plane",
            "remove it, unless the VPC gets another default route",
        )
    return None


@guard("nat-port-allocation", "nat_enable_dynamic_port_allocation", "nat_enable_endpoint_independent_mapping")
def nat_ports_are_dynamic_or_independent(i: Inputs) -> Finding | None:
    """Google rejects a NAT gateway with dynamic port allocation and endpoint-independent mapping."""
    switches = ("nat_enable_dynamic_port_allocation", "nat_enable_endpoint_independent_mapping")
    if all(i[switch] is True for switch in switches):
        return Finding(f"{' and '.join(switches)} cannot both be true", "remove one of them")
    return None
