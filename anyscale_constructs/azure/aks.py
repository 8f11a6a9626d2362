"""The Kubernetes cluster: a new one, or what is known of an existing one."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.azure.identity import assign_role
from anyscale_constructs.azure.nodes import GpuType, NodesConfig, default_node_pool, gpus_per_node, node_pools
from anyscale_constructs.azure.types import ClusterName, KubernetesVersion, PrincipalId, ResourceGroupName, Tags
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr, InternetCidr, Known, OrExpr
from anyscale_constructs.engine import Annotations, Construct
from anyscale_constructs.expressions import Expr, expr, fn, is_one_of, is_unresolved
from anyscale_constructs.terraform.resource import Data, Resource

_LONGEST_DNS_PREFIX = 54
_DNS_ADDRESS = 10
_FEW_ADDRESSES = 28
# What each node takes of the pods' addresses, whatever runs on it.
_NODES_PREFIX = 24
# The longest prefix, and why no longer one.
_SMALLEST = {
    "pod_cidr": (24, "each node takes a /24 of it"),
    "service_cidr": (28, "the cluster's DNS server has its tenth address"),
}
_SHORTEST_SERVICES_PREFIX = 12
# https://learn.microsoft.com/en-us/azure/aks/concepts-network-cni-overview
_KEPT_BY_AKS = [
    ipaddress.IPv4Network(cidr) for cidr in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
]
_ADMINISTRATOR = "Azure Kubernetes Service RBAC Cluster Admin"
# AKS has settings of its own for upgrades, which are no change of ours.
_UPGRADES = "upgrade_settings"
# The data source holds the users' credentials. Without local accounts they are empty: Entra ID's tokens stand for
# them. With local accounts they are keys, and would be in the state: the plan fails before anything is written.
_NO_KEYS = {
    "condition": expr(
        "length(self.kube_admin_config) == 0 && "
        'alltrue([for user in self.kube_config : user.client_key == "" && user.password == ""])',
        "bool",
    ),
    "error_message": "The cluster has local accounts, whose keys would be in the state. To mend it: az aks update "
    "--enable-aad --enable-azure-rbac --disable-local-accounts.",
}


class ClusterConfig(Model):
    """A new AKS cluster; nobody has accounts in it but by Entra ID."""

    name: ClusterName | None = Field(default=None, description="Default: the stack's name.")
    kubernetes_version: KubernetesVersion | None = Field(
        default=None, description="Default: what AKS recommends on the day the cluster is made."
    )
    authorized_ip_ranges: list[InternetCidr] = Field(
        default_factory=list,
        max_length=200,
        description="Who may reach the cluster's API from the internet; where nodes leave by a firewall or a NAT "
        "gateway, its address too. Default: nobody; the cluster is private then, and Terraform has to run inside the "
        "network, or in one that is connected with it. Changing between the two makes another cluster.",
    )
    administrator_ids: Known[list[PrincipalId]] = Field(
        default_factory=list,
        description="Entra users, groups and service principals that may do anything in the cluster, by their object "
        "ids. Default: whoever applied the stack first.",
    )
    pod_cidr: Cidr = Field(
        default="10.244.0.0/16",
        description="The pods' addresses, which only the cluster knows: a /24 for each node.",
    )
    service_cidr: Cidr = Field(default="10.245.0.0/16", description="The services' addresses, likewise.")
    outbound_type: OrExpr[Literal["loadBalancer", "userDefinedRouting", "userAssignedNATGateway"]] = Field(
        default="loadBalancer",
        description="How nodes reach the internet. All but loadBalancer need a subnet with a route table or a NAT "
        "gateway.",
    )
    sku_tier: OrExpr[Literal["Free", "Standard", "Premium"]] = Field(
        default="Standard", description="Free has no SLA, and is meant for up to 10 nodes."
    )
    nodes: NodesConfig = Field(default_factory=NodesConfig)
    tags: OrExpr[Tags] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _pods_and_services_have_ranges_that_aks_accepts(self) -> Self:
        for key, (longest, reason) in _SMALLEST.items():
            found = networks.network(getattr(self, key))
            if found and found.prefixlen > longest:
                raise refuse(f"{key} {found} is too small: {reason}", f"take a /{longest} or larger")
            if found and any(map(found.subnet_of, _KEPT_BY_AKS)):
                kept = ", ".join(map(str, _KEPT_BY_AKS))
                raise refuse(f"{key} {found} is in a range that AKS keeps for itself", f"take none of {kept}")
        services = networks.network(self.service_cidr)
        if services and services.prefixlen < _SHORTEST_SERVICES_PREFIX:
            raise refuse(f"service_cidr {services} is too large", f"take a /{_SHORTEST_SERVICES_PREFIX} or smaller")
        return self

    @property
    def has_own_way_out(self) -> bool:
        """Whether outbound_type is known to be something else than loadBalancer."""
        return is_one_of(self.outbound_type, "userDefinedRouting", "userAssignedNATGateway")

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale."""
        return self.nodes.gpus


class ExistingCluster(Model):
    """A cluster that is there already: with OIDC issuer, workload identity, Entra ID and no local accounts."""

    cluster_name: ClusterName
    resource_group_name: ResourceGroupName = Field(description="The cluster's.")
    gpu_types: Known[list[GpuType]] = Field(
        default_factory=list, description="The types of GPUs that its nodes have, for users to choose."
    )

    @property
    def gpus(self) -> dict[str, int]:
        """How many GPUs a node has, by the GPU's name in Anyscale: as many as a new cluster's."""
        return gpus_per_node(self.gpu_types)


def find_cluster(scope: Construct, name: str, resource_group_name: str) -> Data:
    """Looks a cluster up by its names; one with local accounts fails Terraform's plan.

    Args:
        scope: The stack.
        name: The cluster's name.
        resource_group_name: Its resource group.
    """
    arguments = {
        "name": name,
        "resource_group_name": resource_group_name,
        "lifecycle": {"postcondition": [_NO_KEYS]},
    }
    return Data(scope, "azurerm_kubernetes_cluster", "this", arguments)


def add_cluster(
    scope: Construct,
    cluster: ClusterConfig,
    *,
    name: str,
    location: str,
    resource_group_name: str,
    subnet_id: str,
    tags: Mapping[str, str] | Expr,
) -> Resource:
    """Makes a cluster and its node pools.

    Args:
        scope: The stack.
        cluster: The cluster's configuration.
        name: The cluster's name.
        location: Its region.
        resource_group_name: Its resource group.
        subnet_id: The nodes' subnet.
        tags: For the cluster and its nodes.

    Returns:
        The cluster.
    """
    place = {"location": location, "resource_group_name": resource_group_name, "tags": tags}
    identity = Resource(scope, "azurerm_user_assigned_identity", "cluster", {"name": f"{name}-cluster", **place})
    # For nodes and internal load balancers in a subnet that AKS has not made.
    network = assign_role(
        scope,
        "cluster_subnet",
        "Network Contributor",
        scope_id=subnet_id,
        principal_id=identity.attribute("principal_id"),
        principal_type="ServicePrincipal",
    )
    nodes: dict[str, Any] = {"vnet_subnet_id": subnet_id, "tags": tags}
    arguments = _settings(cluster, name) | {
        **place,
        "identity": {"type": "UserAssigned", "identity_ids": [identity.attribute("id")]},
        "default_node_pool": default_node_pool(cluster.nodes) | nodes,
    }
    resource = Resource(scope, "azurerm_kubernetes_cluster", "this", arguments, [network])
    for doubt in _doubts(cluster):
        Annotations.of(resource).add_warning(doubt)
    nodes |= {"kubernetes_cluster_id": resource.attribute("id"), "lifecycle": {"ignore_changes": [_UPGRADES]}}
    for pool, pool_arguments in node_pools(cluster.nodes).items():
        Resource(scope, "azurerm_kubernetes_cluster_node_pool", pool, pool_arguments | nodes)
    _add_administrators(scope, cluster.administrator_ids, resource.attribute("id"))
    return resource


def _settings(cluster: ClusterConfig, name: str) -> dict[str, Any]:
    """The cluster's own arguments, beside its place, its identity and its nodes."""
    ranges = cluster.authorized_ip_ranges
    return {
        "name": name,
        "dns_prefix": _dns_prefix(name),
        "kubernetes_version": cluster.kubernetes_version,
        "sku_tier": cluster.sku_tier,
        "oidc_issuer_enabled": True,
        "workload_identity_enabled": True,
        # Without local accounts the credentials that the provider keeps in the state are empty.
        "local_account_disabled": True,
        "azure_active_directory_role_based_access_control": {"azure_rbac_enabled": True},
        "private_cluster_enabled": not ranges,
        "api_server_access_profile": {"authorized_ip_ranges": ranges} if ranges else None,
        "network_profile": {
            "network_plugin": "azure",
            "network_plugin_mode": "overlay",
            "pod_cidr": cluster.pod_cidr,
            "service_cidr": cluster.service_cidr,
            "dns_service_ip": _dns_service_ip(cluster.service_cidr),
            "outbound_type": cluster.outbound_type,
        },
        "lifecycle": {"ignore_changes": [f"default_node_pool[0].{_UPGRADES}"]},
    }


def _add_administrators(scope: Construct, principal_ids: Sequence[str], cluster_id: str) -> None:
    """Lets these administer the cluster; without any, whoever applies the stack first."""
    for principal_id in principal_ids:
        assign_role(
            scope, f"administrator_{principal_id}", _ADMINISTRATOR, scope_id=cluster_id, principal_id=principal_id
        )
    if not principal_ids:
        assign_role(
            scope,
            "administrator",
            _ADMINISTRATOR,
            scope_id=cluster_id,
            principal_id=Data(scope, "azurerm_client_config", "this", {}).attribute("object_id"),
            # Else people and pipelines that apply in turn would take the role from each other.
            ignore_changes=["principal_id"],
        )


def _doubts(cluster: ClusterConfig) -> Iterator[str]:
    ranges = cluster.authorized_ip_ranges
    if large := networks.nearly_everybody(ranges):
        yield (
            "authorized_ip_ranges lets the whole internet, or a large part of it, reach the cluster's API; given: "
            f"{large}. To mend it: name the ranges that Terraform and your administrators come from"
        )
    elif ranges and cluster.has_own_way_out and not _has_an_address(ranges):
        # AKS adds the addresses of its own load balancer, and of nothing else.
        yield (
            f"outbound_type is {cluster.outbound_type}, so nodes join only if authorized_ip_ranges holds the address "
            f"that they have in the internet; given: {ranges}. To mend it: see that the firewall's or the NAT "
            "gateway's is among them"
        )
    pods, most = networks.network(cluster.pod_cidr), cluster.nodes.most
    if pods and most is not None and (room := 2 ** (_NODES_PREFIX - pods.prefixlen)) < most:
        yield (
            f"pod_cidr has room for the pods of {room} nodes, but all pools together may have {most}; given: {pods}. "
            "To mend it: take a larger range while nothing runs in it, or lower nodes.max_count"
        )


def _has_an_address(ranges: Sequence[str]) -> bool:
    """Whether one may be the address that nodes have in the internet, or a few of them."""
    return any(is_unresolved(cidr) or int(cidr.partition("/")[2]) >= _FEW_ADDRESSES for cidr in ranges)


def _dns_prefix(name: str) -> str:
    if is_unresolved(name):
        return name
    return re.sub(r"[^A-Za-z0-9]+", "-", name)[:_LONGEST_DNS_PREFIX].rstrip("-")


def _dns_service_ip(service_cidr: str) -> str:
    if is_unresolved(service_cidr):
        return fn.cidrhost(service_cidr, _DNS_ADDRESS)
    return str(ipaddress.IPv4Network(service_cidr)[_DNS_ADDRESS])
