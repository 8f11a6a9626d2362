"""An Anyscale cloud on AKS.

It is two stacks. The first makes the cluster and what belongs to it in Azure; then the cloud is registered; the
second, `<name>-operator`, installs Anyscale's operator in the cluster, for which it needs the id that registering gave.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from anyscale_constructs.azure import (
    CLIENT_ID,
    Container,
    ExistingCluster,
    ExistingContainer,
    ExistingVnet,
    add_cluster,
    add_container,
    add_operator_identity,
    existing_container,
    find_cluster,
    require_service_principal,
    unique_account_name,
)
from anyscale_constructs.azure.aks import ClusterConfig
from anyscale_constructs.azure.nodes import SPOT_TAINT
from anyscale_constructs.azure.storage import BucketConfig
from anyscale_constructs.azure.types import ClusterName, VnetName
from anyscale_constructs.azure.vnet import VnetConfig
from anyscale_constructs.clouds.azure import AZURE, AzureCloud, AzureCloudConfig
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.config import networks
from anyscale_constructs.config.model import IDLE_KEY, ExistingIf, found_in, refuse, refuse_all
from anyscale_constructs.config.node_groups import gpu_groups
from anyscale_constructs.config.types import Known, NetworkingMode
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding, Key, Rule
from anyscale_constructs.kubernetes import OPERATOR, DevicePluginReleasesConfig, Gateway, operator_values
from anyscale_constructs.kubernetes.operator import OperatorValues
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig
from anyscale_constructs.registration.resource import AzureConfig, CloudResource, ObjectStorage
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.resource import Data, Resource

_INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
# Azure keeps them in each subnet.
_AZURES_ADDRESSES = 5
_LONGEST_NODE_GROUP = 80
# What the operator's tokens are for: Anyscale's control plane.
_AUDIENCE = f"api://{CLIENT_ID}/.default"
_CLUSTER_NAME: TypeAdapter[str] = TypeAdapter(ClusterName)
_VNET_NAME: TypeAdapter[str] = TypeAdapter(VnetName)

ADDRESSES = Rule(
    "node-address-room",
    "warning",
    "Each node takes an IP address of the subnet: without one a node pool stops growing.",
)
OUTBOUND_TYPE = Rule(
    "aks-outbound-type",
    "error",
    "AKS refuses it for a subnet without a route table or a NAT gateway, and a new network has neither.",
    "https://learn.microsoft.com/en-us/azure/aks/egress-outboundtype",
)
NODE_GROUP = Rule(
    "aks-node-group-name",
    "error",
    "AKS creates a resource group for the nodes, MC_<resource group>_<cluster>_<region>, and refuses a name of more "
    f"than {_LONGEST_NODE_GROUP} characters.",
    "https://aka.ms/aks-naming-rules",
)
NAME = Rule(
    "azure-resource-name", "error", "Azure refuses the cloud's name, the default for the resource, when it creates it."
)


class AksConfig(AzureCloudConfig, KubernetesCloudConfig):
    """An Anyscale cloud on AKS."""

    cloud_provider = "AZURE"
    idle_keys = ("mirror", "modules")

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach the clusters from the internet. PRIVATE: from inside the network. Nodes have "
        "no public addresses either way.",
    )
    vnet: Annotated[VnetConfig | ExistingVnet, ExistingIf("subnet_id")] = Field(default_factory=VnetConfig)
    bucket: Annotated[BucketConfig | ExistingContainer, ExistingIf("storage_account_name")] = Field(
        default_factory=BucketConfig
    )
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig
    )
    anyscale_service_principal: Known[Literal["check", "create"] | None] = Field(
        default=None,
        description="Anyscale's service principal, which the tenant needs once for all clouds. check: the plan fails "
        "without it. create: Terraform creates it, or adopts an existing one and resets its settings; this needs the "
        "Entra role Cloud Application Administrator. Apply check before you leave the key out again, or destroy the "
        f"cloud. Default: neither; create it yourself, with `az ad sp create --id {CLIENT_ID}`.",
    )
    releases: DevicePluginReleasesConfig = Field(default_factory=DevicePluginReleasesConfig)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        cluster, vnet = self.cluster, self.vnet
        if isinstance(cluster, ExistingCluster):
            if "vnet" in self.model_fields_set:
                raise refuse(
                    "has no effect with cluster.cluster_name: an existing cluster has a network",
                    "remove it",
                    key="vnet",
                    rule=IDLE_KEY,
                )
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


class AksOperatorStack(OperatorStack[AksConfig]):
    """What runs in the cluster of an Anyscale cloud on AKS.

    Args:
        scope: The app.
        name: The cloud's name; the stack's ends with -operator.
        config: The cloud's configuration.
    """

    def add_providers(self) -> None:
        """Finds the cluster and configures the providers for it."""
        self.require(*AZURE)
        # It makes nothing in Azure, so it needs no right to register Azure's services.
        self.add_provider(
            "azurerm",
            features={},
            subscription_id=self.config.subscription_id,
            resource_provider_registrations="none",
            **self.config.provider.identity(),
        )
        cluster = self.config.cluster
        group = cluster.resource_group_name if isinstance(cluster, ExistingCluster) else self._resource_group_name
        there = find_cluster(self, cluster_name(self.cloud_name, self.config), group)
        self.connect(
            there.attribute("kube_config[0].host"),
            there.attribute("kube_config[0].cluster_ca_certificate"),
            self.config.provider.token_command(),
        )

    @property
    def _resource_group_name(self) -> str:
        return resource_group_name(self.cloud_name, self.config)

    def add_device_plugin(self) -> None:
        """Adds NVIDIA's device plugin, where the cluster has GPUs or may have them."""
        cluster = self.config.cluster
        groups = gpu_groups(cluster.groups)
        if cluster.gpus or groups or isinstance(cluster, ExistingCluster):
            self.device_plugin(self.config.releases.device_plugin, [SPOT_TAINT], groups)

    def load_balancer_annotations(self) -> dict[str, str]:
        """The annotation that makes the load balancer an internal one, for a private cloud."""
        return {_INTERNAL: "true"} if self.config.networking_mode == "PRIVATE" else {}

    def operator_values(self, gateway: Gateway | None) -> OperatorValues:
        """The values of the operator's chart."""
        arguments = {"name": operator_identity_name(self.cloud_name), "resource_group_name": self._resource_group_name}
        identity = Data(self, "azurerm_user_assigned_identity", "operator", arguments)
        auth = {"iamIdentity": identity.attribute("client_id"), "audience": _AUDIENCE}
        return operator_values(
            {"cloudDeploymentId": self.cloud_resource_id, "cloudProvider": "azure", "auth": auth},
            self.config.cluster.gpus,
            gateway,
            groups=self.config.cluster.groups,
        )


class AksStack(AzureCloud[AksConfig]):
    """The cluster of an Anyscale cloud, and what belongs to it in Azure, with the outputs that registration needs.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = AksConfig
    operator_type: ClassVar[type[OperatorStack[Any]] | None] = AksOperatorStack
    subnet_id: str | None = None
    """The nodes' subnet; None in an existing cluster, whose subnet is not known."""
    cluster: Resource | Data
    bucket: Container
    operator_identity: Resource

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.add_service_principal()
        self.place = {"location": self.config.region, "resource_group_name": self.add_resource_group()}
        self.cluster = self.add_cluster()
        self.bucket = self.add_bucket()
        self.operator_identity = self.add_operator_identity()

    def add_service_principal(self) -> None:
        """Checks or creates Anyscale's service principal, if the configuration says so."""
        if self.config.anyscale_service_principal is not None:
            require_service_principal(self, self.config.anyscale_service_principal, self.config.provider.identity())

    def add_subnet(self, nodes: int | None) -> str:
        """Adds the network with the nodes' subnet, unless it exists; gives the subnet's id.

        Args:
            nodes: How many nodes there may be; None: it is not known yet.
        """
        vnet = self.config.vnet
        return vnet.subnet_id if isinstance(vnet, ExistingVnet) else self._new_subnet(vnet, nodes)

    def add_cluster(self) -> Resource | Data:
        """Adds the cluster and its nodes, with their subnet, unless it exists."""
        cluster, name = self.config.cluster, cluster_name(self.name, self.config)
        if isinstance(cluster, ExistingCluster):
            return find_cluster(self, name, cluster.resource_group_name)
        self._check_node_group(name)
        self.subnet_id = self.add_subnet(cluster.nodes.most)
        return add_cluster(
            self, cluster, name=name, **self.place, subnet_id=self.subnet_id, tags=self.tags(cluster.tags)
        )

    def add_bucket(self) -> Container:
        """Adds the storage account and its container, unless they exist."""
        bucket, subscription_id = self.config.bucket, self.config.subscription_id
        if isinstance(bucket, ExistingContainer):
            return existing_container(bucket, subscription_id)
        own = unique_account_name(self.name, subscription_id) if bucket.name is None else bucket.name
        return add_container(self, bucket, account_name=own, **self.place, tags=self.tags())

    def add_operator_identity(self) -> Resource:
        """Adds the operator's identity, which may use the container."""
        return add_operator_identity(
            self,
            name=operator_identity_name(self.name),
            **self.place,
            oidc_issuer_url=self.cluster.attribute("oidc_issuer_url"),
            namespace=OPERATOR.namespace,
            service_account=OPERATOR.service_account,
            container=self.bucket,
            tags=self.tags(),
        )

    def _check_node_group(self, cluster: str) -> None:
        parts = ["MC", resource_group_name(self.name, self.config), cluster, self.config.region]
        if not any(map(is_unresolved, parts)) and len(group := "_".join(parts)) > _LONGEST_NODE_GROUP:
            with self.configured_by("cluster"):
                key = self.origins.of(("name", "resource_group_name"))
            what = f"the name of the nodes' resource group has {len(group)} characters"
            fix, allowed = "shorten cluster.name or resource_group_name", f"at most {_LONGEST_NODE_GROUP}"
            raise ConfigError([Finding(what, fix, group, allowed, NODE_GROUP, key=key)])

    def _new_subnet(self, vnet: VnetConfig, nodes: int | None) -> str:
        found = networks.network(vnet.nodes_cidr_block)
        if found and nodes is not None and (room := found.num_addresses - _AZURES_ADDRESSES) < nodes:
            with self.configured_by("vnet"):
                key = self.origins.of(("subnet_cidr_block", "cidr_block"))
            self.report(
                Finding(
                    f"the nodes' subnet has addresses for {room} nodes, but all pools together may have {nodes}",
                    "use a larger range, which cannot be changed once nodes are running, or lower "
                    "cluster.nodes.max_count",
                    str(found),
                    rule=ADDRESSES,
                    key=key,
                )
            )
        network = Resource(
            self,
            "azurerm_virtual_network",
            "this",
            {
                "name": _fitting(_VNET_NAME, self.name, "network", ("vnet", "subnet_id")),
                **self.place,
                "address_space": [vnet.cidr_block],
                "tags": self.tags(),
            },
        )
        subnet = Resource(
            self,
            "azurerm_subnet",
            "nodes",
            {
                "name": "nodes",
                "resource_group_name": self.place["resource_group_name"],
                "virtual_network_name": network.attribute("name"),
                "address_prefixes": [vnet.nodes_cidr_block],
            },
        )
        return subnet.attribute("id")

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs; inputs stand in where something existed."""
        identity = self.operator_identity
        return {
            "anyscale_org_id": self.config.org_id,
            "anyscale_resource_group_name": self.place["resource_group_name"],
            "anyscale_aks_cluster_name": cluster_name(self.name, self.config),
            "anyscale_aks_oidc_issuer_url": self.cluster.attribute("oidc_issuer_url"),
            "anyscale_aks_node_subnet_id": self.subnet_id,
            "anyscale_storage_account_name": self.bucket.storage_account_name,
            "anyscale_storage_container_name": self.bucket.name,
            "anyscale_operator_client_id": identity.attribute("client_id"),
            "anyscale_operator_principal_id": identity.attribute("principal_id"),
        }

    def cloud_resource(self) -> CloudResource:
        """The infrastructure to register."""
        config, identity = self.config, self.operator_identity
        return CloudResource(
            name=f"k8s-azure-{config.region}",
            provider="AZURE",
            compute_stack="K8S",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(bucket_name=self.bucket.url, endpoint=self.bucket.endpoint),
            file_storage=config.file_storage,
            azure_config=AzureConfig(tenant_id=identity.attribute("tenant_id")),
            # Anyscale knows the operator by the principal's id, Azure by the client's, which its chart has.
            kubernetes_config=config.kubernetes_config(identity.attribute("principal_id")),
        )


def cluster_name(name: str, config: AksConfig) -> str:
    """The cluster's name, by which the second stack finds it.

    Raises:
        ConfigError: It would be the stack's, which is none for a cluster.
    """
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return _fitting(_CLUSTER_NAME, name, "cluster", ("cluster", "name")) if cluster.name is None else cluster.name


def resource_group_name(name: str, config: AksConfig) -> str:
    """The resource group's name, by which the second stack finds what is in it."""
    return name if config.resource_group_name is None else config.resource_group_name


def operator_identity_name(name: str) -> str:
    """The name of the operator's identity, by which the second stack finds it."""
    return f"{name}-operator"


def _fitting(kind: TypeAdapter[str], name: str, resource: str, key: Key) -> str:
    try:
        return kind.validate_python(name)
    except ValidationError as error:
        (found,) = found_in(error)
        what = f"the name of the {resource}, which is the cloud's, {found.what}"
        fix = f"rename the cloud, or set {'.'.join(map(str, key))}"
        raise ConfigError([replace(found, what=what, fix=fix, rule=NAME, key=key)]) from error
