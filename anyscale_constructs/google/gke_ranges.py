"""The ranges for pods and services that a VPC has for a GKE cluster."""

from pydantic import Field

from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Cidr, Known
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.types import GcpResourceName
from anyscale_constructs.terraform.module import Inputs

_GKE_RANGES = ("gke_services_range_cidr", "gke_pod_range_cidr")
_LONGEST_POD_PREFIX = 18


class GkeVpcConfig(Model):
    """A new VPC for a GKE cluster: one private subnet behind NAT, with ranges for pods and services."""

    name: GcpResourceName | None = Field(
        default=None, description="Default: a unique one that begins with name_prefix."
    )
    subnet_cidr: Cidr = Field(default="10.0.0.0/16", description="The nodes' subnet.")
    pods_cidr: Cidr = Field(default="10.4.0.0/14", description="Each node takes a /24 of it.")
    services_cidr: Cidr = "10.8.0.0/20"
    flow_logs: Known[bool] = Field(default=True, description="Whether Cloud Logging gets the subnet's flow logs.")


def gke_ranges_come_together_in_a_private_subnet(i: Inputs) -> Finding | None:
    """Upstream ignores them without the subnet, and mixes their outputs up when there is only one."""
    given = [name for name in _GKE_RANGES if i[name] is not None]
    if given and (len(given) < len(_GKE_RANGES) or i["private_subnet_cidr"] is None):
        return Finding(f"{given[0]} needs private_subnet_cidr and both of {', '.join(_GKE_RANGES)}", "give all three")
    return None


def pods_have_room(i: Inputs) -> Finding | None:
    """Each of GKE's nodes takes a /24, whatever runs on it, and the range can't be made larger."""
    found = None if i["gke_pod_range_cidr"] is None else networks.network(i["gke_pod_range_cidr"])
    if found and found.prefixlen > _LONGEST_POD_PREFIX:
        nodes = max(2 ** (24 - found.prefixlen), 0)
        return Finding(
            f"gke_pod_range_cidr has room for the pods of {nodes or 'no'} nodes",
            "take a larger range while nothing runs in it",
            str(found),
            f"best /{_LONGEST_POD_PREFIX} or larger",
            warning=True,
        )
    return None
