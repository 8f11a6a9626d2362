"""The configuration of a Kubernetes cloud's Helm releases."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.config.model import IDLE_KEY, Model, refuse
from anyscale_constructs.config.types import Checked, Cidr, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Rule

ChartRepository = Annotated[
    str,
    Checked(
        "an https://, http:// or oci:// URL without credentials, which would be stored in the JSON",
        r"(?:https?|oci)://[^\s/@]+(?:/\S*)?",
        "oci://registry.example.com/charts",
    ),
]
DNS_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
"""A regular expression for names that Kubernetes and DNS accept."""

DnsLabel = Annotated[
    str,
    Checked("1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end", DNS_LABEL, "acme-prod"),
]
DomainName = Annotated[
    str,
    Checked(
        "a lower-case domain name, without a wildcard",
        rf"{DNS_LABEL}(?:\.{DNS_LABEL})+",
        "azure.anyscaleuserdata.com",
    ),
]

_LONGEST_HOSTNAME = 64
HOSTNAME = Rule(
    "certificate-hostname",
    "error",
    f"A certificate's hostname can have at most {_LONGEST_HOSTNAME} characters, and Anyscale rejects longer ones.",
    "anyscale 0.26.112, CloudConfig.per_cloud_domain_label",
)


class ReleaseConfig(Model):
    """A Helm release."""

    enabled: Known[bool] = Field(
        default=True, description="Install this chart. Set to false if the cluster already has it."
    )
    repository: ChartRepository | None = Field(
        default=None,
        description="A mirror of the chart's repository, for private networks. Default: upstream's repository.",
    )
    values: dict[str, Any] = Field(
        default_factory=empty_map,
        description="The chart's values. They are merged over the values that the cloud sets: maps by key at every "
        "level; other values replace the cloud's, and null removes them and the chart's default. They must not "
        "override the cloud's IDs and names, or contain secrets or keys that the chart lacks. Default: what the cloud "
        "sets.",
    )

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        idle = self.model_fields_set - {"enabled"}
        if idle and not self.enabled:
            fix = "remove it, or set enabled: true"
            raise refuse("has no effect while enabled is false", fix, key=min(idle), rule=IDLE_KEY)
        return self


class GatewayConfig(ReleaseConfig):
    """The gateway and its load balancer; `repository` and `values` apply to Envoy Gateway's chart."""

    ingress_cidr_blocks: OrExpr[list[Cidr]] = Field(
        default_factory=empty_list,
        description="CIDR ranges allowed to reach the load balancer. Default: unrestricted within networking_mode.",
    )
    domain: DomainName = Field(
        default="anyscaleuserdata.com",
        description="Anyscale's domain for Ray clusters and services. The gateway serves the hostnames `*.i.<domain>` "
        "(Ray clusters) and `*.s.<domain>` (services), each with its own certificate.",
    )
    per_cloud_domain_label: DnsLabel | None = Field(
        default=None,
        description="The label of a cloud that was registered with `anyscale cloud register --per-cloud-domain`, as "
        "set there or derived by Anyscale. The gateway then serves `*.<label>.n.<domain>` instead, for Ray clusters "
        "and services. `anyscale-constructs register` does not create such clouds. Default: the hostnames of `domain`.",
    )

    @model_validator(mode="after")
    def _the_hostname_fits_a_certificate(self) -> Self:
        label, domain = self.per_cloud_domain_label, self.domain
        if label is not None and not is_unresolved(label) and not is_unresolved(domain):
            hostname = f"*.{label}.n.{domain}"
            if (over := len(hostname) - _LONGEST_HOSTNAME) > 0:
                raise refuse(
                    f"is too long: the hostname {hostname} has {len(hostname)} characters",
                    f"shorten it by {over}",
                    key="per_cloud_domain_label",
                    rule=HOSTNAME,
                    allowed=f"at most {_LONGEST_HOSTNAME}",
                )
        return self


class ReleasesConfig(Model):
    """The Helm releases of every cluster."""

    gateway: GatewayConfig = Field(
        default_factory=GatewayConfig,
        description="Envoy Gateway, a Gateway and its load balancer. Default: all three are installed.",
    )
    operator: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="Anyscale's operator. Default: it is installed."
    )


class DevicePluginReleasesConfig(ReleasesConfig):
    """The Helm releases of a cluster whose provider installs no GPU device plugin."""

    device_plugin: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="NVIDIA's device plugin; only with GPUs. Default: it is installed."
    )


class EksReleasesConfig(DevicePluginReleasesConfig):
    """The Helm releases of a cluster on EKS, which has no built-in autoscaler and load balancer controller."""

    autoscaler: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="The cluster autoscaler. Default: it is installed."
    )
    load_balancer_controller: ReleaseConfig = Field(
        default_factory=ReleaseConfig, description="The AWS load balancer controller. Default: it is installed."
    )
