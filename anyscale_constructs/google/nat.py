"""How nodes without public addresses reach Anyscale: Cloud NAT and the default route."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.module import Inputs


def private_subnets_reach_anyscale(i: Inputs) -> Finding | None:
    """Nodes call the control plane, and have no address of their own in a private subnet."""
    if i["private_subnet_cidr"] is not None and i["create_nat"] is False:
        return Finding(
            "create_nat is off, so nodes in the private subnet don't reach Anyscale's control plane",
            "leave it out, unless the VPC gets another way out",
            warning=True,
        )
    return None


def the_default_route_stays(i: Inputs) -> Finding | None:
    """The NAT gateway needs it as much as nodes with public addresses do."""
    if i["delete_default_internet_gateway_routes"] is True:
        return Finding(
            "delete_default_internet_gateway_routes leaves the VPC without a way to Anyscale's control plane",
            "leave it out, unless the VPC gets another default route",
            warning=True,
        )
    return None


def nat_ports_are_dynamic_or_independent(i: Inputs) -> Finding | None:
    """Google refuses both at once."""
    switches = ("nat_enable_dynamic_port_allocation", "nat_enable_endpoint_independent_mapping")
    if all(i[switch] is True for switch in switches):
        return Finding(f"{' and '.join(switches)} exclude each other", "switch one of them off")
    return None
