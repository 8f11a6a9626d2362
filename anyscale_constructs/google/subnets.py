"""The subnets of a VPC."""

from anyscale_constructs.expressions import is_one_of
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard


@guard("google-existing-subnet", "existing_private_subnet_id", "existing_public_subnet_id")
def existing_subnets_are_in_existing_vpcs(i: Inputs) -> Finding | None:
    """The module always creates a VPC, and an existing subnet cannot be in it."""
    for name in ("existing_public_subnet_id", "existing_private_subnet_id"):
        if i[name] is not None:
            return Finding(
                f"{name} names a subnet that is not in the new VPC",
                "remove it, or use an existing VPC: vpc_id, subnet_name and subnet_cidr",
                i[name],
                on=[name],
            )
    return None


@guard("google-ipv6-type", "private_subnet_ipv6_type", "public_subnet_ipv6_type")
def ipv6_subnets_are_external(i: Inputs) -> Finding | None:
    """A dual-stack subnet needs a type, and INTERNAL needs an IPv6 range of the VPC, which upstream does not make."""
    for kind in ("public", "private"):
        stack, access = f"{kind}_subnet_stack_type", f"{kind}_subnet_ipv6_type"
        if is_one_of(i[stack], "IPV4_IPV6") and i.known(access) and i[access] != "EXTERNAL":
            return Finding(
                f"{access} does not fit {stack} IPV4_IPV6",
                f"set it to EXTERNAL, or remove {stack}",
                i[access],
                "EXTERNAL",
                on=[access, stack],
            )
    return None
