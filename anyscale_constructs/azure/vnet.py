"""The virtual network of an Azure cloud: new, with one subnet for the nodes, or an existing subnet."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import Field, model_validator

from anyscale_constructs.azure.types import SubnetId
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr
from anyscale_constructs.findings import Rule
from anyscale_constructs.terraform.resource import Resource

_LONGEST_SUBNET_PREFIX = 29
SUBNET_SIZE = Rule(
    "azure-subnet-size",
    "error",
    "Azure creates no smaller subnet, and reserves five addresses in each subnet.",
    "https://learn.microsoft.com/en-us/azure/virtual-network/virtual-networks-faq",
)


class VnetConfig(Model):
    """A new virtual network, with one subnet for the nodes; pods have addresses in a separate range."""

    cidr_block: Cidr = Field(
        default="10.0.0.0/16", description="The network's range, an IPv4 network in CIDR form with no host bits set."
    )
    subnet_cidr_block: Cidr | None = Field(
        default=None, description="The range of the nodes' subnet. Default: all of cidr_block."
    )

    @property
    def nodes_cidr_block(self) -> str:
        """The range of the nodes' subnet."""
        return self.cidr_block if self.subnet_cidr_block is None else self.subnet_cidr_block

    @model_validator(mode="after")
    def _the_subnet_is_one_for_azure(self) -> Self:
        found = networks.network(self.nodes_cidr_block)
        if found and found.prefixlen > _LONGEST_SUBNET_PREFIX:
            key = "cidr_block" if self.subnet_cidr_block is None else "subnet_cidr_block"
            allowed = f"a /{_LONGEST_SUBNET_PREFIX} or larger"
            what = "is too small for the nodes' subnet"
            raise refuse(what, "use a larger range", key=key, rule=SUBNET_SIZE, value=str(found), allowed=allowed)
        return self

    @model_validator(mode="after")
    def _the_subnet_is_in_the_network(self) -> Self:
        if networks.misplaced("", [self.nodes_cidr_block], [self.cidr_block]):
            raise refuse(
                "is not inside cidr_block",
                "use a range inside it",
                key="subnet_cidr_block",
                rule=networks.OUTSIDE,
                value=self.nodes_cidr_block,
                allowed=f"a range inside {self.cidr_block}",
            )
        return self


class ExistingVnet(Model):
    """An existing subnet for the nodes."""

    subnet_id: SubnetId = Field(
        description="The subnet's resource ID. With nfs, the subnet must have the service endpoint Microsoft.Storage."
    )


def add_subnet(
    scope: Construct,
    vnet: VnetConfig,
    *,
    name: str,
    location: str,
    resource_group_name: str,
    service_endpoints: Sequence[str],
    tags: Mapping[str, str] | Expr,
) -> str:
    """Adds a virtual network with the nodes' subnet; returns the subnet's ID.

    Args:
        scope: The stack.
        vnet: The configuration of the network.
        name: The network's name.
        location: The Azure region.
        resource_group_name: The resource group.
        service_endpoints: The subnet's service endpoints.
        tags: The network's tags.
    """
    place = {"location": location, "resource_group_name": resource_group_name, "tags": tags}
    arguments = {"name": name, "address_space": [vnet.cidr_block], **place}
    network = Resource(scope, "azurerm_virtual_network", "this", arguments)
    subnet = {
        "name": "nodes",
        "resource_group_name": resource_group_name,
        "virtual_network_name": network.attribute("name"),
        "address_prefixes": [vnet.nodes_cidr_block],
        "service_endpoints": list(service_endpoints) or None,
    }
    return Resource(scope, "azurerm_subnet", "nodes", subnet).attribute("id")
