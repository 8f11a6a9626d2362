"""The Kubernetes cluster: new, or an existing one."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.azure.identity import assign_role
from anyscale_constructs.azure.nodes import (
    GpuType,
    NodeGroupConfig,
    NodesConfig,
    default_node_pool,
    gpus_per_node,
    node_pools,
)
from anyscale_constructs.azure.types import ClusterName, KubernetesVersion, PrincipalId, ResourceGroupName, Tags
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse_all
from anyscale_constructs.config.types import Cidr, Distinct, InternetCidr, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr, expr, fn, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.resource import Data, Resource

_LONGEST_DNS_PREFIX = 54
_DNS_ADDRESS = 10
_FEW_ADDRESSES = 28
# The prefix length of each node's share of the pods' range, however many pods it runs.
_NODES_PREFIX = 24
# The shortest and the longest prefix length.
_PREFIXES = {"pod_cidr": (0, _NODES_PREFIX), "service_cidr": (12, 28)}
_KEPT_BY_AKS = [
    ipaddress.IPv4Network(cidr) for cidr in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
]
RANGE = Rule(
    "aks-cluster-range",
    "error",
    "AKS rejects other ranges when it creates the cluster. Each node uses a /24 of the pods' range, the DNS server has "
    "the tenth address of the services' range, and AKS reserves some ranges.",
    "https://learn.microsoft.com/en-us/azure/aks/concepts-network-cni-overview",
)
# Cilium enforces policies in its own data plane.
_NETWORK_POLICIES: Mapping[str | None, Mapping[str, str]] = {
    None: {},
    "azure": {"network_policy": "azure"},
    "calico": {"network_policy": "calico"},
    "cilium": {"network_policy": "cilium", "network_data_plane": "cilium"},
}
_ADMINISTRATOR = "Azure Kubernetes Service RBAC Cluster Admin"
# AKS sets its own values for upgrades, which Terraform must not report as changes.
_UPGRADES = "upgrade_settings"
# The data source has the users' credentials. Without local accounts they are empty, since Entra ID's tokens are used.
# With local accounts they are keys, which would be in the state: the plan fails before anything is written.
_NO_KEYS = {
    "condition": expr(
        "length(self.kube_admin_config) == 0 && "
        'alltrue([for user in self.kube_config : user.client_key == "" && user.password == ""])',
        "bool",
    ),
    "error_message": "The cluster has local accounts, whose keys would be in the state. Fix: run az aks update "
    "--enable-aad --enable-azure-rbac --disable-local-accounts.",
}


class ClusterConfig(Model):
    """A new AKS cluster without local accounts: users log in through Entra ID."""

    name: ClusterName | None = Field(default=None, description="The cluster's name. Default: the stack's name.")
    kubernetes_version: KubernetesVersion | None = Field(
        default=None,
        description="The Kubernetes version. Default: AKS's recommended version when the cluster is created.",
    )
    authorized_ip_ranges: list[InternetCidr] = Field(
        default_factory=empty_list,
        max_length=200,
        description="CIDR ranges allowed to reach the cluster's API from the internet. If nodes use a firewall or a "
        "NAT gateway, include its address. Default: none; the cluster is then private, and Terraform must run in the "
        "network or in a connected one. Switching between public and private recreates the cluster.",
    )
    administrator_ids: Known[Distinct[PrincipalId]] = Field(
        default_factory=empty_list,
        description="The object IDs of Entra users, groups and service principals with administrator access to the "
        "cluster. Default: the identity that first applied the stack.",
    )
    pod_cidr: Cidr = Field(
        default="10.244.0.0/16",
        description="The pods' range, which is internal to the cluster: a /24 for each node.",
    )
    service_cidr: Cidr = Field(
        default="10.245.0.0/16", description="The services' range, which is internal to the cluster."
    )
    outbound_type: OrExpr[Literal["loadBalancer", "userDefinedRouting", "userAssignedNATGateway"]] = Field(
        default="loadBalancer",
        description="How nodes reach the internet. All except loadBalancer need a subnet with a route table or a NAT "
        "gateway.",
    )
    network_policy: Known[Literal["azure", "calico", "cilium"] | None] = Field(
        default=None,
        description="The engine that enforces Kubernetes network policies; cilium has its own data plane. Set it "
        "before the first apply: setting azure or calico later replaces the cluster. Default: they are not enforced.",
    )
    sku_tier: OrExpr[Literal["Free", "Standard", "Premium"]] = Field(
        default="Standard", description="The pricing tier. Free has no SLA and is intended for up to 10 nodes."
    )
    nodes: NodesConfig = Field(
        default_factory=NodesConfig, description="The cluster's nodes. Default: {}, the default of each of its keys."
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map,
        description="Tags of the cluster and its nodes, in addition to the cloud's. Default: none.",
    )

    @model_validator(mode="after")
    def _pods_and_services_have_ranges_that_aks_accepts(self) -> Self:
        if refused := list(self._refused_ranges()):
            raise refuse_all(refused)
        return self

    def _refused_ranges(self) -> Iterator[Finding]:
        for key, (shortest, longest) in _PREFIXES.items():
            found = networks.network(getattr(self, key))
            if found is None:
                continue
            if not shortest <= found.prefixlen <= longest:
                size, limit = ("large", shortest) if found.prefixlen < shortest else ("small", longest)
                allowed = f"a /{limit} or {'smaller' if size == 'large' else 'larger'}"
                yield Finding(f"is too {size}", "use another range", str(found), allowed, RANGE, key=(key,))
            elif any(map(found.subnet_of, _KEPT_BY_AKS)):
                allowed = f"a range outside of {', '.join(map(str, _KEPT_BY_AKS))}"
                what = "is in a range that AKS reserves"
                yield Finding(what, "use another range", str(found), allowed, RANGE, key=(key,))

    @property
    def has_own_way_out(self) -> bool:
        """Whether outbound_type is known and is not loadBalancer."""
        return is_one_of(self.outbound_type, "userDefinedRouting", "userAssignedNATGateway")

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return self.nodes.gpus

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """The node groups of `groups`, by name."""
        return self.nodes.groups


class ExistingCluster(Model):
    """An existing cluster, with OIDC issuer, workload identity, Entra ID and no local accounts."""

    cluster_name: ClusterName = Field(description="The name of the cluster.")

    resource_group_name: ResourceGroupName = Field(description="The cluster's resource group.")
    gpu_types: Known[list[GpuType]] = Field(
        default_factory=empty_list,
        description="The types of GPUs that its nodes have and users can select. Default: none.",
    )

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale; the same as in a new cluster."""
        return gpus_per_node(self.gpu_types)

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """No node groups: the cluster's nodes are managed elsewhere."""
        return {}


def find_cluster(scope: Construct, name: str, resource_group_name: str) -> Data:
    """Looks up a cluster by its name. The plan fails if it has local accounts.

    Args:
        scope: The stack.
        name: The cluster's name.
        resource_group_name: The cluster's resource group.
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
    """Adds a cluster and its node pools.

    Args:
        scope: The stack.
        cluster: The cluster's configuration.
        name: The cluster's name.
        location: The Azure region.
        resource_group_name: The resource group.
        subnet_id: The nodes' subnet.
        tags: The tags of the cluster and its nodes.

    Returns:
        The cluster.
    """
    place = {"location": location, "resource_group_name": resource_group_name, "tags": tags}
    identity = Resource(scope, "azurerm_user_assigned_identity", "cluster", {"name": f"{name}-cluster", **place})
    # AKS needs this for nodes and internal load balancers in a subnet that it has not created.
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
        cloud_stack(scope, "the cluster").report(doubt, resource)
    nodes |= {"kubernetes_cluster_id": resource.attribute("id"), "lifecycle": {"ignore_changes": [_UPGRADES]}}
    reserved = _let_into_reservations(scope, cluster.groups, identity.attribute("principal_id"))
    for pool, pool_arguments in node_pools(cluster.nodes).items():
        waits = reserved.get(pool_arguments["capacity_reservation_group_id"], [])
        Resource(scope, "azurerm_kubernetes_cluster_node_pool", pool, pool_arguments | nodes, waits)
    _add_administrators(scope, cluster.administrator_ids, resource.attribute("id"))
    return resource


def _settings(cluster: ClusterConfig, name: str) -> dict[str, Any]:
    """Returns the cluster's arguments, except location, identity and nodes."""
    ranges = cluster.authorized_ip_ranges
    return {
        "name": name,
        "dns_prefix": _dns_prefix(name),
        "kubernetes_version": cluster.kubernetes_version,
        "sku_tier": cluster.sku_tier,
        "oidc_issuer_enabled": True,
        "workload_identity_enabled": True,
        # Without local accounts, the credentials that the provider stores in the state are empty.
        "local_account_disabled": True,
        "role_based_access_control_enabled": True,
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
            **_NETWORK_POLICIES[cluster.network_policy],
        },
        "lifecycle": {"ignore_changes": [f"default_node_pool[0].{_UPGRADES}"]},
    }


def _let_into_reservations(
    scope: Construct, groups: Mapping[str, NodeGroupConfig], principal_id: Expr
) -> dict[str | None, list[Resource]]:
    """Lets the cluster's identity use reserved capacity; returns what pools wait for, by the reservation group's ID."""
    reserved: dict[str | None, list[Resource]] = {}
    for group_id in sorted(
        {group.capacity_reservation.group_id for group in groups.values() if group.capacity_reservation}
    ):
        *_, resource_group, _, _, _, name = group_id.split("/")
        role = assign_role(
            scope,
            "reservation_" + re.sub(r"[^A-Za-z0-9_-]", "_", f"{resource_group}_{name}"),
            "Contributor",
            scope_id=group_id,
            principal_id=principal_id,
            principal_type="ServicePrincipal",
        )
        reserved[group_id] = [role]
    return reserved


def _add_administrators(scope: Construct, principal_ids: Sequence[str], cluster_id: str) -> None:
    """Gives principals administrator access to the cluster, by default the identity that first applies the stack."""
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
            # Otherwise, people and pipelines that apply in turn would remove the role from each other.
            ignore_changes=["principal_id"],
        )


PUBLIC_ENDPOINT = Rule(
    "aks-public-endpoint", "warning", "Anyone on the internet can try to log in to the cluster API, or to attack it."
)
WAY_OUT = Rule(
    "aks-node-access",
    "warning",
    "The nodes of a cluster with a public API reach it over the internet. AKS adds the address of its own load "
    "balancer to authorized_ip_ranges, but not that of your firewall or NAT gateway.",
    "https://learn.microsoft.com/en-us/azure/aks/api-server-authorized-ip-ranges",
)
POD_ROOM = Rule(
    "aks-pod-range-size",
    "warning",
    "Each node uses a /24 of the pods' range, however many pods it runs. When none is free, node pools cannot grow.",
    "https://learn.microsoft.com/en-us/azure/aks/concepts-network-azure-cni-overlay",
)


def _doubts(cluster: ClusterConfig) -> Iterator[Finding]:
    ranges = cluster.authorized_ip_ranges
    if large := networks.nearly_everybody(ranges):
        yield Finding(
            "authorized_ip_ranges lets the whole internet, or a large part of it, reach the cluster API",
            "set the ranges of your administrators and of the machines that run Terraform",
            large,
            rule=PUBLIC_ENDPOINT,
            key=("cluster", "authorized_ip_ranges"),
        )
    elif ranges and cluster.has_own_way_out and not _has_an_address(ranges):
        # AKS adds only the addresses of its own load balancer.
        yield Finding(
            f"outbound_type is {cluster.outbound_type}, so nodes cannot join unless authorized_ip_ranges includes the "
            "public address of the firewall or the NAT gateway",
            "add that address, e.g. as a /32",
            ranges,
            rule=WAY_OUT,
            key=("cluster", "authorized_ip_ranges"),
        )
    pods, most = networks.network(cluster.pod_cidr), cluster.nodes.most
    if pods and most is not None and (room := 2 ** (_NODES_PREFIX - pods.prefixlen)) < most:
        yield Finding(
            f"pod_cidr has room for the pods of {room} nodes, but the node pools may have {most} in all",
            "use a larger range, which cannot be changed once nodes are running, or lower cluster.nodes.max_count",
            str(pods),
            rule=POD_ROOM,
            key=("cluster", "pod_cidr"),
        )


def _has_an_address(ranges: Sequence[str]) -> bool:
    """Returns whether a range may be the public address of nodes, or a few such addresses."""
    return any(is_unresolved(cidr) or int(cidr.partition("/")[2]) >= _FEW_ADDRESSES for cidr in ranges)


def _dns_prefix(name: str) -> str:
    if is_unresolved(name):
        return name
    return re.sub(r"[^A-Za-z0-9]+", "-", name)[:_LONGEST_DNS_PREFIX].rstrip("-")


def _dns_service_ip(service_cidr: str) -> str:
    if is_unresolved(service_cidr):
        return fn.cidrhost(service_cidr, _DNS_ADDRESS)
    return str(ipaddress.IPv4Network(service_cidr)[_DNS_ADDRESS])
