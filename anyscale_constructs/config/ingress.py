"""Access to the nodes of a cloud on virtual machines, for all providers."""

from typing import Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr, Known, OrExpr, empty_list
from anyscale_constructs.expressions import is_one_of


class IngressConfig(Model):
    """Access to the nodes from outside."""

    ingress_cidr_blocks: OrExpr[list[Cidr]] = Field(
        default_factory=empty_list, description="CIDR ranges allowed to reach port 443. Default: none."
    )
    enable_ssh_access: Known[bool] = Field(
        default=False, description="Whether ingress_cidr_blocks may reach port 22, too."
    )
    ingress_rules: list[Any] = Field(default_factory=empty_list, description="Rules that replace the two above.")

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        ranges = not is_one_of(self.ingress_cidr_blocks, [])
        if self.ingress_rules and (ranges or self.enable_ssh_access):
            what = "ingress_rules replaces ingress_cidr_blocks and enable_ssh_access, so both cannot be set"
            raise refuse(what, "write them as rules", key="ingress_rules")
        if self.enable_ssh_access and not ranges:
            what = "enable_ssh_access has no effect without ingress_cidr_blocks"
            raise refuse(what, "set ingress_cidr_blocks", key="enable_ssh_access")
        return self
