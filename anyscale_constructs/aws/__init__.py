"""Constructs for the upstream AWS modules, with guards that check their inputs."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy
from anyscale_constructs.config.types import NetworkingMode

if TYPE_CHECKING:
    from anyscale_constructs.aws.efs import Efs, EfsConfig, EfsData, ExistingEfs
    from anyscale_constructs.aws.eks import ClusterConfig, Eks, ExistingCluster
    from anyscale_constructs.aws.iam import ExistingRoles, Iam, IamConfig, IRoles
    from anyscale_constructs.aws.kms import KmsKeyConfig
    from anyscale_constructs.aws.memorydb import ExistingMemoryDb, MemoryDb, MemoryDbConfig, MemoryDbData, MemoryDbUser
    from anyscale_constructs.aws.nodes import NodeGroupConfig, NodesConfig
    from anyscale_constructs.aws.provider import AssumeRoleConfig, AwsProviderConfig, IgnoreTagsConfig
    from anyscale_constructs.aws.s3 import S3, BucketConfig, ExistingBucket, IBucket, PlainBucketConfig
    from anyscale_constructs.aws.s3_policy import S3Policy
    from anyscale_constructs.aws.securitygroups import (
        ExistingSecurityGroup,
        IngressRule,
        ISecurityGroup,
        SecurityGroupConfig,
        SecurityGroups,
    )
    from anyscale_constructs.aws.subnets import plan_subnets
    from anyscale_constructs.aws.vpc import ExistingVpc, IVpc, Vpc, VpcConfig

__all__ = [
    "S3",
    "AssumeRoleConfig",
    "AwsProviderConfig",
    "BucketConfig",
    "ClusterConfig",
    "Efs",
    "EfsConfig",
    "EfsData",
    "Eks",
    "ExistingBucket",
    "ExistingCluster",
    "ExistingEfs",
    "ExistingMemoryDb",
    "ExistingRoles",
    "ExistingSecurityGroup",
    "ExistingVpc",
    "IBucket",
    "IRoles",
    "ISecurityGroup",
    "IVpc",
    "Iam",
    "IamConfig",
    "IgnoreTagsConfig",
    "IngressRule",
    "KmsKeyConfig",
    "MemoryDb",
    "MemoryDbConfig",
    "MemoryDbData",
    "MemoryDbUser",
    "NetworkingMode",
    "NodeGroupConfig",
    "NodesConfig",
    "PlainBucketConfig",
    "S3Policy",
    "SecurityGroupConfig",
    "SecurityGroups",
    "Vpc",
    "VpcConfig",
    "plan_subnets",
]

_PLACES = lazy.places(
    {
        "efs": ["Efs", "EfsConfig", "EfsData", "ExistingEfs"],
        "eks": ["ClusterConfig", "Eks", "ExistingCluster"],
        "iam": ["ExistingRoles", "Iam", "IamConfig", "IRoles"],
        "kms": ["KmsKeyConfig"],
        "memorydb": ["ExistingMemoryDb", "MemoryDb", "MemoryDbConfig", "MemoryDbData", "MemoryDbUser"],
        "nodes": ["NodeGroupConfig", "NodesConfig"],
        "provider": ["AssumeRoleConfig", "AwsProviderConfig", "IgnoreTagsConfig"],
        "s3": ["BucketConfig", "ExistingBucket", "IBucket", "PlainBucketConfig", "S3"],
        "s3_policy": ["S3Policy"],
        "securitygroups": [
            "ExistingSecurityGroup",
            "IngressRule",
            "ISecurityGroup",
            "SecurityGroupConfig",
            "SecurityGroups",
        ],
        "subnets": ["plan_subnets"],
        "vpc": ["ExistingVpc", "IVpc", "Vpc", "VpcConfig"],
    }
)

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
