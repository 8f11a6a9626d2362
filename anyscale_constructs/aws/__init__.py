"""Constructs for the upstream AWS modules, with the guards against their traps."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy
from anyscale_constructs.config.types import NetworkingMode

if TYPE_CHECKING:
    from anyscale_constructs.aws.efs import Efs
    from anyscale_constructs.aws.eks import Eks, ExistingCluster
    from anyscale_constructs.aws.iam import ExistingRoles, Iam
    from anyscale_constructs.aws.memorydb import MemoryDb
    from anyscale_constructs.aws.s3 import S3, ExistingBucket
    from anyscale_constructs.aws.s3_policy import S3Policy
    from anyscale_constructs.aws.securitygroups import ExistingSecurityGroup, SecurityGroups
    from anyscale_constructs.aws.subnets import plan_subnets
    from anyscale_constructs.aws.vpc import ExistingVpc, Vpc

__all__ = [
    "S3",
    "Efs",
    "Eks",
    "ExistingBucket",
    "ExistingCluster",
    "ExistingRoles",
    "ExistingSecurityGroup",
    "ExistingVpc",
    "Iam",
    "MemoryDb",
    "NetworkingMode",
    "S3Policy",
    "SecurityGroups",
    "Vpc",
    "plan_subnets",
]

_PLACES = {
    "Efs": "efs",
    "Eks": "eks",
    "ExistingBucket": "s3",
    "ExistingCluster": "eks",
    "ExistingRoles": "iam",
    "ExistingSecurityGroup": "securitygroups",
    "ExistingVpc": "vpc",
    "Iam": "iam",
    "MemoryDb": "memorydb",
    "S3": "s3",
    "S3Policy": "s3_policy",
    "SecurityGroups": "securitygroups",
    "Vpc": "vpc",
    "plan_subnets": "subnets",
}

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
