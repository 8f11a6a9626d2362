"""The configuration of a cloud on AKS, and what both of its stacks know by it."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from anyscale_constructs.azure import CLIENT_ID, ExistingCluster, ExistingContainer, ExistingVnet
from anyscale_constructs.azure.aks import ClusterConfig
from anyscale_constructs.azure.nfs import NfsConfig
from anyscale_constructs.azure.permissions import Permissions
from anyscale_constructs.azure.storage import BucketConfig
from anyscale_constructs.azure.types import ClusterName
from anyscale_constructs.azure.vnet import VnetConfig
from anyscale_constructs.clouds.azure import AzureCloudConfig
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import IDLE_KEY, ExistingIf, found_in, refuse, refuse_all
from anyscale_constructs.config.types import Known, NetworkingMode
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import Finding, Key, Rule
from anyscale_constructs.kubernetes import DevicePluginReleasesConfig
from anyscale_constructs.kubernetes.service_accounts import ServiceAccountName, short_name
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig

_FOR_NEW_CLUSTERS = {
    "vnet": ("has no effect with cluster.cluster_name: an existing cluster has a network", "remove it"),
    "nfs": (
        "has no effect with cluster.cluster_name: an existing cluster's subnet is not known",
        "create the share yourself, and set file_storage.mount_targets and file_storage.mount_path",
    ),
}
_CLUSTER_NAME: TypeAdapter[str] = TypeAdapter(ClusterName)

OUTBOUND_TYPE = Rule(
    "aks-outbound-type",
    "error",
    "AKS refuses it for a subnet without a route table or a NAT gateway, and a new network has neither.",
    "https://learn.microsoft.com/en-us/azure/aks/egress-outboundtype",
)
NAME = Rule(
    "azure-resource-name", "error", "Azure refuses the cloud's name, the default for the resource, when it creates it."
)


class WorkloadsConfig(Permissions):
    """Users' pods: a service account of their own, whose identity may use the container, and what is set here."""

    service_accounts: dict[ServiceAccountName, Permissions] = Field(
        default_factory=dict,
        description="Further service accounts, by name: each has an identity of its own, which may use the container, "
        "and what is set here for it. Default: none.",
    )


class AksConfig(AzureCloudConfig, KubernetesCloudConfig):
    """An Anyscale cloud on AKS."""

    cloud_provider = "AZURE"
    idle_keys = ("mirror", "modules")
    own_stores: ClassVar = {"file_storage": "nfs"}

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach the clusters from the internet. PRIVATE: from inside the network. Nodes have "
        "no public addresses either way.",
    )
    vnet: Annotated[VnetConfig | ExistingVnet, ExistingIf("subnet_id")] = Field(
        default_factory=VnetConfig,
        description="The nodes' virtual network, or a subnet that exists. Default: a new network.",
    )
    bucket: Annotated[BucketConfig | ExistingContainer, ExistingIf("storage_account_name")] = Field(
        default_factory=BucketConfig,
        description="The container with its storage account, new or existing. Default: a new one.",
    )
    nfs: NfsConfig | None = Field(
        default=None, description="Shared files on a new NFS share. Default: no shared file system; {} makes one."
    )
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig, description="The cluster, new or existing. Default: a new one."
    )
    anyscale_service_principal: Known[Literal["check", "create"] | None] = Field(
        default=None,
        description="Anyscale's service principal, which the tenant needs once for all clouds. check: the plan fails "
        "without it. create: Terraform creates it, or adopts an existing one and resets its settings; this needs the "
        "Entra role Cloud Application Administrator. Apply check before you leave the key out again, or destroy the "
        f"cloud. Default: neither; create it yourself, with `az ad sp create --id {CLIENT_ID}`.",
    )
    workloads: WorkloadsConfig | None = Field(
        default=None,
        description="A service account for users' pods, anyscale-workloads, and what it may do; {} lets it use the "
        "container. Default: users' pods run as the operator's service account, with its identity, and can read the "
        "operator's Secrets.",
    )
    releases: DevicePluginReleasesConfig = Field(
        default_factory=DevicePluginReleasesConfig,
        description="What runs in the cluster beside users' pods. Default: all that the cloud needs.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        cluster, vnet = self.cluster, self.vnet
        if isinstance(cluster, ExistingCluster):
            for key, (what, fix) in _FOR_NEW_CLUSTERS.items():
                if key in self.model_fields_set and getattr(self, key) is not None:
                    raise refuse(what, fix, key=key, rule=IDLE_KEY)
            return self
        if cluster.has_own_way_out and isinstance(vnet, VnetConfig):
            raise refuse(
                "requires a subnet with a route table or a NAT gateway, which a new network does not have",
                "set vnet.subnet_id to an existing subnet that has one",
                key="cluster.outbound_type",
                rule=OUTBOUND_TYPE,
                value=cluster.outbound_type,
            )
        if overlaps := list(self._overlaps()):
            raise refuse_all(overlaps)
        return self

    def _overlaps(self) -> Iterator[Finding]:
        """Ranges that overlap; of two that do, the finding is on one that is given."""
        ranges = {"cluster.pod_cidr": self.cluster, "cluster.service_cidr": self.cluster, "vnet.cidr_block": self.vnet}
        cidrs = {path: getattr(section, path.partition(".")[2], None) for path, section in ranges.items()}
        given = [path for path, section in ranges.items() if path.partition(".")[2] in section.model_fields_set]
        for one, other in itertools.combinations(dict.fromkeys([*given, *ranges]), 2):
            if networks.misplaced("", [cidr for cidr in (cidrs[one], cidrs[other]) if cidr is not None]):
                what, fix = (
                    f"overlaps {other}, {cidrs[other]}",
                    "use ranges that do not overlap: pods reach all of them",
                )
                yield Finding(what, fix, cidrs[one], rule=networks.OVERLAP, key=tuple(one.split(".")))


def cluster_name(name: str, config: AksConfig) -> str:
    """The cluster's name, by which the second stack finds it.

    Raises:
        ConfigError: It would be the stack's, which is none for a cluster.
    """
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return fitting(_CLUSTER_NAME, name, "cluster", ("cluster", "name")) if cluster.name is None else cluster.name


def resource_group_name(name: str, config: AksConfig) -> str:
    """The resource group's name, by which the second stack finds what is in it."""
    return name if config.resource_group_name is None else config.resource_group_name


def operator_identity_name(name: str) -> str:
    """The name of the operator's identity, by which the second stack finds it."""
    return f"{name}-operator"


def workload_identity_name(account: str, name: str) -> str:
    """The name of the identity of a service account of users' pods, by which the second stack finds it."""
    return f"{name}-{short_name(account)}"


def fitting(kind: TypeAdapter[str], name: str, resource: str, key: Key) -> str:
    """The cloud's name as the name of a resource.

    Args:
        kind: What names of such resources are like.
        name: The cloud's name.
        resource: What the resource is.
        key: The key of the configuration that gives it another name.

    Raises:
        ConfigError: It is no name for the resource.
    """
    try:
        return kind.validate_python(name)
    except ValidationError as error:
        (found,) = found_in(error)
        what = f"the name of the {resource}, which is the cloud's, {found.what}"
        fix = f"rename the cloud, or set {'.'.join(map(str, key))}"
        raise ConfigError([replace(found, what=what, fix=fix, rule=NAME, key=key)]) from error
