"""Constructs for the upstream AWS modules, with the guards against their traps."""

from anyscale_constructs.aws.efs import Efs
from anyscale_constructs.aws.eks import Eks, ExistingCluster
from anyscale_constructs.aws.iam import ExistingRoles, Iam
from anyscale_constructs.aws.memorydb import MemoryDb
from anyscale_constructs.aws.s3 import S3, ExistingBucket
from anyscale_constructs.aws.s3_policy import S3Policy
from anyscale_constructs.aws.securitygroups import ExistingSecurityGroup, SecurityGroups
from anyscale_constructs.aws.subnets import plan_subnets
from anyscale_constructs.aws.vpc import ExistingVpc, Vpc
from anyscale_constructs.config.types import NetworkingMode

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
