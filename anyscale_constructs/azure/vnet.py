"""The virtual network of an Azure cloud: new, with one subnet for the nodes, or an existing subnet."""

from typing import Self

from pydantic import Field, model_validator

from anyscale_constructs.azure.types import SubnetId
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr

_LONGEST_SUBNET_PREFIX = 29


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
