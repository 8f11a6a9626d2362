"""The sections of an Azure cloud's configuration."""

import ipaddress
from typing import Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.azure.nodes import GpuType, NodesConfig, gpus_per_node
from anyscale_constructs.azure.provider import AzureProviderConfig
from anyscale_constructs.azure.types import (
    AzureRegion,
    ClusterName,
    ContainerName,
    KubernetesVersion,
    PrincipalId,
    ResourceGroupName,
    StorageAccountName,
    SubnetId,
    SubscriptionId,
    Tags,
)
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr, InternetCidr, Known, OrExpr
from anyscale_constructs.expressions import is_one_of
from anyscale_constructs.terraform.config import CloudConfig

# The longest prefix, and why no longer one.
_SMALLEST = {
    "pod_cidr": (24, "each node takes a /24 of it"),
    "service_cidr": (28, "the cluster's DNS server has its tenth address"),
}
_LONGEST_SUBNET_PREFIX = 29
_SHORTEST_SERVICES_PREFIX = 12
# https://learn.microsoft.com/en-us/azure/aks/concepts-network-cni-overview
_KEPT_BY_AKS = [
    ipaddress.IPv4Network(cidr) for cidr in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
]


class VnetConfig(Model):
    """A new virtual network, with one subnet for the nodes; pods have addresses of their own."""

    cidr_block: Cidr = "10.0.0.0/16"
    subnet_cidr_block: Cidr | None = Field(default=None, description="The nodes' subnet. Default: all of cidr_block.")

    @property
    def nodes_cidr_block(self) -> str:
        """The nodes' subnet."""
        return self.cidr_block if self.subnet_cidr_block is None else self.subnet_cidr_block

    @model_validator(mode="after")
    def _the_subnet_is_one_for_azure(self) -> Self:
        found = networks.network(self.nodes_cidr_block)
        if found and found.prefixlen > _LONGEST_SUBNET_PREFIX:
            raise refuse(f"the nodes' subnet {found} is too small", f"take a /{_LONGEST_SUBNET_PREFIX} or larger")
        return self

    @model_validator(mode="after")
    def _the_subnet_is_in_the_network(self) -> Self:
        if found := networks.misplaced("subnet_cidr_block", [self.nodes_cidr_block], [self.cidr_block]):
            raise refuse(found.what, f"{found.mend}, {self.cidr_block}")
        return self


class ExistingVnet(Model):
    """A subnet for the nodes that is there already."""

    subnet_id: SubnetId


class BucketConfig(Model):
    """A new storage account with one container."""

    name: StorageAccountName | None = Field(
        default=None,
        description="The storage account's name, which all of Azure shares. Default: the stack's name, and 8 digits "
        "that follow from it and the subscription.",
    )
    container_name: ContainerName = "anyscale"
    replication_type: OrExpr[Literal["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"]] = Field(
        default="LRS", description="Where its copies are: in one zone, in several zones, in another region too."
    )
    force_destroy: Known[bool] = Field(
        default=False,
        description="Whether destroying the cloud deletes the storage account and what is in it. Default: Terraform "
        "refuses to.",
    )


class ExistingContainer(Model):
    """A container that is there already, in an account with a hierarchical namespace and with its CORS rules."""

    storage_account_name: StorageAccountName
    container_name: ContainerName
    resource_group_name: ResourceGroupName = Field(description="The storage account's.")


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


class AzureCloudConfig(CloudConfig):
    """What the configurations of clouds on Azure have in common."""

    subscription_id: SubscriptionId
    region: AzureRegion
    tags: OrExpr[Tags] = Field(default_factory=dict, description="For every resource.")
    resource_group_name: ResourceGroupName | None = Field(
        default=None, description="An existing resource group. Default: a new one with the stack's name."
    )
    provider: AzureProviderConfig = Field(
        default_factory=AzureProviderConfig,
        description="Settings of Terraform's providers azurerm and azuread. Default: those of the environment.",
    )


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
