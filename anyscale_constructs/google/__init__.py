"""Constructs for the upstream Google modules, with guards that check their inputs."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy
from anyscale_constructs.config.types import NetworkingMode

if TYPE_CHECKING:
    from anyscale_constructs.google.cloudapis import CloudApis
    from anyscale_constructs.google.cloudstorage import (
        BucketConfig,
        CloudStorage,
        ExistingBucket,
        LifecycleAction,
        LifecycleCondition,
        LifecycleRule,
    )
    from anyscale_constructs.google.filestore import ExistingFilestore, Filestore, FilestoreConfig
    from anyscale_constructs.google.gke import ClusterConfig, ExistingCluster, Gke
    from anyscale_constructs.google.gke_ranges import GkeVpcConfig
    from anyscale_constructs.google.iam import ExistingServiceAccounts, Iam, IamConfig, IBucketUsers
    from anyscale_constructs.google.loggingsink import LoggingSink, LoggingSinkConfig
    from anyscale_constructs.google.memorystore import ExistingMemorystore, Memorystore, MemorystoreConfig
    from anyscale_constructs.google.nodes import NodeGroupConfig, NodesConfig
    from anyscale_constructs.google.operator_account import OperatorAccount
    from anyscale_constructs.google.project import ExistingProject, IProject, Project, ProjectConfig
    from anyscale_constructs.google.provider import GoogleProviderConfig
    from anyscale_constructs.google.vpc import ExistingVpc, IVpc, Vpc, VpcConfig
    from anyscale_constructs.google.vpc_firewall import ExistingFirewallPolicy, FirewallConfig, IngressRule, VpcFirewall
    from anyscale_constructs.google.workload_identity import ExistingIdentityProvider

__all__ = [
    "BucketConfig",
    "CloudApis",
    "CloudStorage",
    "ClusterConfig",
    "ExistingBucket",
    "ExistingCluster",
    "ExistingFilestore",
    "ExistingFirewallPolicy",
    "ExistingIdentityProvider",
    "ExistingMemorystore",
    "ExistingProject",
    "ExistingServiceAccounts",
    "ExistingVpc",
    "Filestore",
    "FilestoreConfig",
    "FirewallConfig",
    "Gke",
    "GkeVpcConfig",
    "GoogleProviderConfig",
    "IBucketUsers",
    "IProject",
    "IVpc",
    "Iam",
    "IamConfig",
    "IngressRule",
    "LifecycleAction",
    "LifecycleCondition",
    "LifecycleRule",
    "LoggingSink",
    "LoggingSinkConfig",
    "Memorystore",
    "MemorystoreConfig",
    "NetworkingMode",
    "NodeGroupConfig",
    "NodesConfig",
    "OperatorAccount",
    "Project",
    "ProjectConfig",
    "Vpc",
    "VpcConfig",
    "VpcFirewall",
]

_PLACES = lazy.places(
    {
        "cloudapis": ["CloudApis"],
        "cloudstorage": [
            "BucketConfig",
            "CloudStorage",
            "ExistingBucket",
            "LifecycleAction",
            "LifecycleCondition",
            "LifecycleRule",
        ],
        "filestore": ["ExistingFilestore", "Filestore", "FilestoreConfig"],
        "gke": ["ClusterConfig", "ExistingCluster", "Gke"],
        "gke_ranges": ["GkeVpcConfig"],
        "iam": ["ExistingServiceAccounts", "Iam", "IamConfig", "IBucketUsers"],
        "loggingsink": ["LoggingSink", "LoggingSinkConfig"],
        "memorystore": ["ExistingMemorystore", "Memorystore", "MemorystoreConfig"],
        "nodes": ["NodeGroupConfig", "NodesConfig"],
        "operator_account": ["OperatorAccount"],
        "project": ["ExistingProject", "IProject", "Project", "ProjectConfig"],
        "provider": ["GoogleProviderConfig"],
        "vpc": ["ExistingVpc", "IVpc", "Vpc", "VpcConfig"],
        "vpc_firewall": ["ExistingFirewallPolicy", "FirewallConfig", "IngressRule", "VpcFirewall"],
        "workload_identity": ["ExistingIdentityProvider"],
    }
)

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
