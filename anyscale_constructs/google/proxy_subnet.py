"""Guards for a VPC's proxy-only subnet, which the load balancers of private services need."""

from anyscale_constructs.config import networks
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard

_LONGEST_PROXY_PREFIX = 26


@guard("proxy-subnet-size", "proxy_subnet_cidr")
def the_proxy_subnet_is_large_enough(i: Inputs) -> Finding | None:
    """Google rejects a proxy-only subnet with fewer than 64 addresses."""
    proxies = None if i["proxy_subnet_cidr"] is None else networks.network(i["proxy_subnet_cidr"])
    if proxies is not None and proxies.prefixlen > _LONGEST_PROXY_PREFIX:
        allowed = f"/{_LONGEST_PROXY_PREFIX} or larger"
        return Finding("proxy_subnet_cidr is too small for load balancers", "use a /23", str(proxies), allowed)
    return None


@guard("proxy-subnet-missing", "proxy_subnet_cidr", severity="warning")
def private_services_have_a_proxy_subnet(i: Inputs) -> Finding | None:
    """Load balancers of private services need a proxy-only subnet, and `anyscale cloud verify` checks for one."""
    kubernetes = i["gke_pod_range_cidr"] is not None
    if i["private_subnet_cidr"] is not None and i["proxy_subnet_cidr"] is None and not kubernetes:
        return Finding(
            "proxy_subnet_cidr is not set, so Anyscale services cannot have a private load balancer",
            "set it, for example to a /23, unless you run no services",
        )
    return None
