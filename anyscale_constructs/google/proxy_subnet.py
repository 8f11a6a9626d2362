"""The proxy-only subnet of a VPC, which the load balancers of private services need."""

from anyscale_constructs.config import networks
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.module import Inputs

_LONGEST_PROXY_PREFIX = 26


def the_proxy_subnet_is_large_enough(i: Inputs) -> Finding | None:
    """Google refuses a smaller one."""
    proxies = None if i["proxy_subnet_cidr"] is None else networks.network(i["proxy_subnet_cidr"])
    if proxies is not None and proxies.prefixlen > _LONGEST_PROXY_PREFIX:
        allowed = f"/{_LONGEST_PROXY_PREFIX} or larger"
        return Finding("proxy_subnet_cidr is too small for load balancers", "best take a /23", str(proxies), allowed)
    return None


def private_services_have_a_proxy_subnet(i: Inputs) -> Finding | None:
    """`anyscale cloud verify` looks for one: load balancers of private services stand in it, but for those of GKE."""
    kubernetes = i["gke_pod_range_cidr"] is not None
    if i["private_subnet_cidr"] is not None and i["proxy_subnet_cidr"] is None and not kubernetes:
        return Finding(
            "proxy_subnet_cidr is not set, so Anyscale services can't have a private load balancer",
            "give a range, e.g. a /23, unless you run no services",
            warning=True,
        )
    return None
