"""The configuration of a cloud on AKS, and the names that both of its stacks derive from it."""

import itertools
from collections.abc import Iterator
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
from anyscale_constructs.config.types import Known, NetworkingMode, empty_map
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import Finding, Key, Rule
from anyscale_constructs.kubernetes import DevicePluginReleasesConfig
from anyscale_constructs.kubernetes.service_accounts import ServiceAccountName, short_name
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig

_FOR_NEW_CLUSTERS = {
    "vnet": ("has no effect with cluster.cluster_name, because an existing cluster has a network", "remove it"),
    "nfs": (
        "has no effect with cluster.cluster_name, because an existing cluster's subnet is not known",
        "create the share yourself, and set file_storage.mount_targets and file_storage.mount_path",
    ),
}
_CLUSTER_NAME: TypeAdapter[str] = TypeAdapter(ClusterName)

OUTBOUND_TYPE = Rule(
    "aks-outbound-type",
    "error",
    "AKS requires a route table or a NAT gateway on the subnet for this outbound type, and a new network has neither.",
    "https://learn.microsoft.com/en-us/azure/aks/egress-outboundtype",
)
NAME = Rule(
    "azure-resource-name", "error", "The resource is named after the cloud by default, and Azure rejects the name."
)


class WorkloadsConfig(Permissions):
    """The service account of users' pods. Its identity has access to the container and to what is set here."""

    service_accounts: dict[ServiceAccountName, Permissions] = Field(
        default_factory=empty_map,
        description="Further service accounts, by name. Each has its own identity, with access to the container and to "
        "what is set here for it. Default: none.",
    )


class AksConfig(AzureCloudConfig, KubernetesCloudConfig):
    """An Anyscale cloud on AKS."""

    cloud_provider = "AZURE"
    idle_keys = ("mirror", "modules")
    own_stores: ClassVar = {"file_storage": "nfs"}

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach Ray clusters from the internet. PRIVATE: only from inside the network. Nodes "
        "have no public IP addresses in either mode.",
    )
    vnet: Annotated[VnetConfig | ExistingVnet, ExistingIf("subnet_id")] = Field(
        default_factory=VnetConfig,
        description="The nodes' virtual network, or an existing subnet. Default: a new network.",
    )
    bucket: Annotated[BucketConfig | ExistingContainer, ExistingIf("storage_account_name")] = Field(
        default_factory=BucketConfig,
        description="The container and its storage account, new or existing. Default: a new container.",
    )
    nfs: NfsConfig | None = Field(
        default=None, description="A new NFS share for shared files. Default: no NFS share; {} creates one."
    )
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig, description="The cluster, new or existing. Default: a new one."
    )
    anyscale_service_principal: Known[Literal["check", "create"] | None] = Field(
        default=None,
        description="Anyscale's service principal. A tenant needs one for all clouds. check: the plan fails without "
        "it. create: Terraform creates it, or adopts an existing one and resets its settings; this requires the Entra "
        "role Cloud Application Administrator. Apply with check before you remove the key or destroy the cloud. "
        f"Default: neither; create it yourself with `az ad sp create --id {CLIENT_ID}`.",
    )
    workloads: WorkloadsConfig | None = Field(
        default=None,
        description="A service account for users' pods, anyscale-workloads, and its permissions; {} grants access to "
        "the container only. Default: users' pods run as the operator's service account, with its identity, and can "
        "read the operator's Secrets.",
    )
    releases: DevicePluginReleasesConfig = Field(
        default_factory=DevicePluginReleasesConfig,
        description="The Helm releases in the cluster. Default: all that the cloud needs.",
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
        """Finds ranges that overlap; each finding is on the range that is configured, not on the default."""
        ranges = {"cluster.pod_cidr": self.cluster, "cluster.service_cidr": self.cluster, "vnet.cidr_block": self.vnet}
        cidrs = {path: getattr(section, path.partition(".")[2], None) for path, section in ranges.items()}
        given = [path for path, section in ranges.items() if path.partition(".")[2] in section.model_fields_set]
        for one, other in itertools.combinations(dict.fromkeys([*given, *ranges]), 2):
            if networks.misplaced("", [cidr for cidr in (cidrs[one], cidrs[other]) if cidr is not None]):
                what, fix = (
                    f"overlaps {other}, {cidrs[other]}",
                    "use ranges that do not overlap",
                )
                yield Finding(what, fix, cidrs[one], rule=networks.OVERLAP, key=tuple(one.split(".")))


def cluster_name(name: str, config: AksConfig) -> str:
    """The cluster's name, which the second stack uses to find it.

    Raises:
        ConfigError: The cluster would be named after the stack, and AKS does not accept that name.
    """
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return fitting(_CLUSTER_NAME, name, "cluster", ("cluster", "name")) if cluster.name is None else cluster.name


def resource_group_name(name: str, config: AksConfig) -> str:
    """The resource group's name, which the second stack uses to find its resources."""
    return name if config.resource_group_name is None else config.resource_group_name


def operator_identity_name(name: str) -> str:
    """The name of the operator's identity, which the second stack uses to find it."""
    return f"{name}-operator"


def workload_identity_name(account: str, name: str) -> str:
    """The name of the identity of a service account of users' pods, which the second stack uses to find it."""
    return f"{name}-{short_name(account)}"


def fitting(kind: TypeAdapter[str], name: str, resource: str, key: Key) -> str:
    """Returns the cloud's name as the name of a resource.

    Args:
        kind: The type of such resources' names.
        name: The cloud's name.
        resource: The kind of resource, for the message.
        key: The configuration key that sets another name.

    Raises:
        ConfigError: It is not a valid name for the resource.
    """
    try:
        return kind.validate_python(name)
    except ValidationError as error:
        (found,) = found_in(error)
        what = f"the name of the {resource}, which is the cloud's name, {found.what}"
        fix = f"rename the cloud, or set {'.'.join(map(str, key))}"
        raise ConfigError([found._replace(what=what, fix=fix, rule=NAME, key=key)]) from error
