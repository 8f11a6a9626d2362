"""Constructs for the upstream Google modules, with the guards against their traps."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy
from anyscale_constructs.config.types import NetworkingMode

if TYPE_CHECKING:
    from anyscale_constructs.google.cloudapis import CloudApis
    from anyscale_constructs.google.cloudstorage import CloudStorage, ExistingBucket
    from anyscale_constructs.google.filestore import ExistingFilestore, Filestore
    from anyscale_constructs.google.gke import ExistingCluster, Gke
    from anyscale_constructs.google.iam import ExistingServiceAccounts, Iam
    from anyscale_constructs.google.loggingsink import LoggingSink
    from anyscale_constructs.google.memorystore import ExistingMemorystore, Memorystore
    from anyscale_constructs.google.operator_account import OperatorAccount
    from anyscale_constructs.google.project import ExistingProject, Project
    from anyscale_constructs.google.vpc import ExistingVpc, Vpc
    from anyscale_constructs.google.vpc_firewall import ExistingFirewallPolicy, VpcFirewall
    from anyscale_constructs.google.workload_identity import ExistingIdentityProvider

__all__ = [
    "CloudApis",
    "CloudStorage",
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
    "Gke",
    "Iam",
    "LoggingSink",
    "Memorystore",
    "NetworkingMode",
    "OperatorAccount",
    "Project",
    "Vpc",
    "VpcFirewall",
]

_PLACES = {
    "CloudApis": "cloudapis",
    "CloudStorage": "cloudstorage",
    "ExistingBucket": "cloudstorage",
    "ExistingCluster": "gke",
    "ExistingFilestore": "filestore",
    "ExistingFirewallPolicy": "vpc_firewall",
    "ExistingIdentityProvider": "workload_identity",
    "ExistingMemorystore": "memorystore",
    "ExistingProject": "project",
    "ExistingServiceAccounts": "iam",
    "ExistingVpc": "vpc",
    "Filestore": "filestore",
    "Gke": "gke",
    "Iam": "iam",
    "LoggingSink": "loggingsink",
    "Memorystore": "memorystore",
    "OperatorAccount": "operator_account",
    "Project": "project",
    "Vpc": "vpc",
    "VpcFirewall": "vpc_firewall",
}

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
