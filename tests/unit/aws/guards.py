"""The form of the tables of traps, one table beside each construct's tests, and what the constructs stand on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.aws import ExistingBucket, ExistingRoles, ExistingSecurityGroup, ExistingVpc
from anyscale_constructs.core.module import Guard, Module

SUBNETS = {
    "subnet-0123456789abcdef0": "us-east-2a",
    "subnet-0123456789abcdef1": "us-east-2b",
    "subnet-0123456789abcdef2": "us-east-2b",
}
NETWORK = ExistingVpc(vpc_id="vpc-0123456789abcdef0", subnet_ids_to_az=SUBNETS)
GROUP = ExistingSecurityGroup(security_group_id="sg-0123456789abcdef0")
BUCKET = ExistingBucket(bucket_name="acme-anyscale")
ROLE = "arn:aws:iam::111122223333:role/acme"
ROLES = ExistingRoles(control_plane_role_arn=ROLE, cluster_node_role_arn=f"{ROLE}-node")


@dataclass(frozen=True)
class Case:
    """A guard, properties that spring it, and near misses that don't.

    Args:
        guard: The guard.
        says: What it says then.
        springs: Sets of properties that spring it.
        passes: Sets of properties that come near.
        trap: The rule's number in the list of upstream's traps, or its name.
    """

    guard: Guard
    says: str
    springs: Sequence[Mapping[str, Any]]
    passes: Sequence[Mapping[str, Any]]
    trap: str = ""


@dataclass(frozen=True)
class Table:
    """A construct's cases, and the properties that it needs in each of them."""

    construct: type[Module]
    base: Mapping[str, Any]
    cases: Sequence[Case]
