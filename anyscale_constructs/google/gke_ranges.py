"""A VPC's ranges for the pods and services of a GKE cluster."""

from pydantic import Field

from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Cidr, Known
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google.types import GcpResourceName
from anyscale_constructs.terraform.guards import Inputs, guard

GKE_RANGES = ("gke_services_range_cidr", "gke_pod_range_cidr")
_LONGEST_POD_PREFIX = 18


class GkeVpcConfig(Model):
    """A new VPC for a GKE cluster: one private subnet behind NAT, with ranges for pods and services."""

    name: GcpResourceName | None = Field(
        default=None, description="The VPC's name. Default: a unique name that begins with name_prefix."
    )
    subnet_cidr: Cidr = Field(default="10.0.0.0/16", description="The range of the nodes' subnet.")
    pods_cidr: Cidr = Field(default="10.4.0.0/14", description="The range of pods. Each node uses a /24 of it.")
    services_cidr: Cidr = Field(default="10.8.0.0/20", description="The range of services.")
    flow_logs: Known[bool] = Field(
        default=True, description="Whether the subnet's flow logs are sent to Cloud Logging."
    )


RANGES = Rule(
    "gke-secondary-ranges",
    "error",
    "A cluster needs two secondary ranges of the nodes' subnet: one for pods and one for services.",
    "https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips",
)


@guard("", "gke_pod_range_cidr", "gke_services_range_cidr", "private_subnet_cidr")
def gke_ranges_come_together_in_a_private_subnet(i: Inputs) -> Finding | None:
    """Upstream ignores the ranges without a private subnet, and swaps their outputs if there is only one."""
    given = [name for name in GKE_RANGES if i[name] is not None]
    if given and (len(given) < len(GKE_RANGES) or i["private_subnet_cidr"] is None):
        missing = [name for name in ("private_subnet_cidr", *GKE_RANGES) if i[name] is None]
        return Finding(f"{given[0]} also requires {' and '.join(missing)}", "set them", rule=RANGES, on=given)
    return None


@guard("gke-pod-range-size", "gke_pod_range_cidr", severity="warning")
def pods_have_room(i: Inputs) -> Finding | None:
    """Each GKE node reserves a /24 of the range for its pods, and the range cannot be enlarged."""
    found = None if i["gke_pod_range_cidr"] is None else networks.network(i["gke_pod_range_cidr"])
    if found and found.prefixlen > _LONGEST_POD_PREFIX:
        nodes = max(2 ** (24 - found.prefixlen), 0)
        return Finding(
            f"gke_pod_range_cidr has addresses for the pods of {nodes or 'no'} nodes",
            "use a larger range; it cannot be changed once nodes are running",
            str(found),
            f"/{_LONGEST_POD_PREFIX} or larger",
        )
    return None
