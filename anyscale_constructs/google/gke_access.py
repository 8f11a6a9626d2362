"""Guards for access to a GKE cluster's API and nodes, and from its control plane to the nodes."""

from collections.abc import Mapping

from anyscale_constructs.config import networks
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard


@guard("gke-public-nodes", "enable_private_nodes", severity="warning")
def gke_public_nodes(i: Inputs) -> Finding | None:
    """Nodes with public IP addresses can be attacked from the internet. Private nodes reach it through Cloud NAT."""
    if i["enable_private_nodes"] is False:
        return Finding(
            "enable_private_nodes is false, so every node has a public IP address",
            "remove it; nodes reach the internet through Cloud NAT",
        )
    return None


@guard("gke-public-endpoint", "master_authorized_networks", "enable_private_endpoint", severity="warning")
def the_api_is_not_open_to_the_internet(i: Inputs) -> Finding | None:
    """Anyone on the internet can try to use the cluster's API. Upstream's default is the whole internet."""
    authorized = i["master_authorized_networks"]
    if i["enable_private_endpoint"] is not False or is_unresolved(authorized):
        return None
    ranges = [network.get("cidr_block", "") for network in authorized if isinstance(network, Mapping)]
    if not authorized or networks.nearly_everybody(ranges):
        return Finding(
            "the whole internet, or a large part of it, can reach the cluster's API",
            "use the ranges that Terraform and your administrators connect from",
            ranges,
        )
    return None


@guard("gke-authorized-networks", "master_authorized_networks", "enable_private_endpoint")
def a_private_endpoint_is_reached_from_inside(i: Inputs) -> Finding | None:
    """A cluster with only a private endpoint is not reachable from the internet, and Google rejects public ranges."""
    authorized = i["master_authorized_networks"]
    if i["enable_private_endpoint"] is not True or is_unresolved(authorized):
        return None
    for network in authorized:
        found = networks.network(network["cidr_block"]) if isinstance(network, Mapping) else None
        if found and found.is_global:
            return Finding(
                "master_authorized_networks has a public range, but the cluster's API has only a private endpoint",
                "remove the range, or set enable_private_endpoint to false (in a cloud's configuration: use "
                "public_access_cidrs)",
                str(found),
            )
    return None


@guard(
    "gke-webhook-firewall",
    "add_master_webhook_firewall_rules",
    "enable_private_nodes",
    severity="warning",
)
def the_control_plane_reaches_webhooks(i: Inputs) -> Finding | None:
    """The control plane calls Envoy Gateway's webhook on the nodes. Without a firewall rule, the calls time out."""
    if i["enable_private_nodes"] is True and i["add_master_webhook_firewall_rules"] is False:
        return Finding(
            "add_master_webhook_firewall_rules is false, the default in a shared VPC, so the control plane cannot "
            "reach webhooks",
            f"allow {i['master_ipv4_cidr_block']} to reach the nodes on TCP port 9443, or set "
            "add_master_webhook_firewall_rules to true if Terraform can create firewall rules in the VPC's project",
        )
    return None
