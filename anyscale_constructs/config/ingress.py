"""Who may reach the nodes of a cloud on virtual machines, whatever its provider."""

from typing import Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Cidr, Known, OrExpr
from anyscale_constructs.expressions import is_one_of


class IngressConfig(Model):
    """Who may reach the nodes from outside."""

    ingress_cidr_blocks: OrExpr[list[Cidr]] = Field(
        default_factory=list, description="Who may reach 443. Default: nobody."
    )
    enable_ssh_access: Known[bool] = Field(default=False, description="Whether the same ranges may reach port 22.")
    ingress_rules: list[Any] = Field(default_factory=list, description="These replace the two above.")

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        ranges = not is_one_of(self.ingress_cidr_blocks, [])
        if self.ingress_rules and (ranges or self.enable_ssh_access):
            what = "ingress_rules replace ingress_cidr_blocks and enable_ssh_access"
            raise refuse(what, "write them as rules too", key="ingress_rules")
        if self.enable_ssh_access and not ranges:
            what = "enable_ssh_access is for ingress_cidr_blocks, and there are none"
            raise refuse(what, "set ingress_cidr_blocks", key="enable_ssh_access")
        return self
