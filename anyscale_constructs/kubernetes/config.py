"""What is said of a Kubernetes cloud's Helm releases."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.core.model import Model, refuse
from anyscale_constructs.core.types import Checked, Cidr

ChartRepository = Annotated[
    str,
    Checked(
        "https://, http:// or oci:// and a repository's place, without credentials (they would stand in the JSON)",
        r"(?:https?|oci)://[^\s/@]+(?:/\S*)?",
        "oci://registry.example.com/charts",
    ),
]


class ReleaseConfig(Model):
    """A Helm release."""

    enabled: bool = Field(default=True, description="Whether it is installed here; else the cluster has it already.")
    repository: ChartRepository | None = Field(
        default=None, description="A mirror of the chart's repository, for private networks. Default: upstream's."
    )
    values: dict[str, Any] = Field(
        default_factory=dict,
        description="The chart's own values. They are merged into what the cloud sets: maps by key at every level; "
        "anything else replaces what is there; null removes it, and the chart's default too. Refused are other ids and "
        "names than the cloud sets, secrets, and keys that the operator's chart does not have. Default: what the cloud "
        "sets.",
    )

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        idle = self.model_fields_set - {"enabled"}
        if idle and not self.enabled:
            raise refuse(f"enabled is off, so {min(idle)} does nothing", "leave it out")
        return self


class GatewayConfig(ReleaseConfig):
    """The gateway's load balancer; repository and values are Envoy Gateway's."""

    ingress_cidr_blocks: list[Cidr] = Field(
        default_factory=list, description="Who may reach it. Default: everybody who can, by networking_mode."
    )


class ReleasesConfig(Model):
    """What runs in every cluster."""

    gateway: GatewayConfig = Field(
        default_factory=GatewayConfig, description="Envoy Gateway, a Gateway and its load balancer."
    )
    operator: ReleaseConfig = Field(default_factory=ReleaseConfig, description="Anyscale's operator.")


class DevicePluginReleasesConfig(ReleasesConfig):
    """What runs in a cluster that leaves GPUs to others."""

    device_plugin: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="NVIDIA's device plugin; only with GPUs."
    )


class EksReleasesConfig(DevicePluginReleasesConfig):
    """What runs in a cluster on EKS, which has no autoscaler and no load balancers of its own."""

    autoscaler: ReleaseConfig = Field(default_factory=ReleaseConfig, description="The cluster autoscaler.")
    load_balancer_controller: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="The AWS load balancer controller."
    )
