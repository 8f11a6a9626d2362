"""An Anyscale cloud on AKS.

The cloud has two stacks. The first creates the cluster and its Azure resources. After the cloud is registered, the
second stack, `<name>-operator`, installs Anyscale's operator in the cluster; it needs the ID that registration returns.
"""

from typing import Any, ClassVar

from pydantic import TypeAdapter

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
from anyscale_constructs.azure.nfs import SERVICE_ENDPOINT, Share, add_nfs
from anyscale_constructs.azure.nodes import SPOT_TAINT
from anyscale_constructs.azure.permissions import Permissions, assign_roles
from anyscale_constructs.azure.types import VnetName
from anyscale_constructs.azure.vnet import VnetConfig, add_subnet
from anyscale_constructs.clouds.aks_config import (
    AksConfig,
    cluster_name,
    fitting,
    operator_identity_name,
    resource_group_name,
    workload_identity_name,
)
from anyscale_constructs.clouds.azure import AZURE, AzureCloud
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.config import networks
from anyscale_constructs.config.node_groups import gpu_groups
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import Expr, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.kubernetes import OPERATOR, Gateway, operator_values
from anyscale_constructs.kubernetes.operator import OperatorValues
from anyscale_constructs.kubernetes.service_accounts import accounts_of, resource_id
from anyscale_constructs.registration.resource import (
    AzureConfig,
    CloudResource,
    FileStorage,
    MountTarget,
    ObjectStorage,
)
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.resource import Data, Resource

_INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
# Azure reserves this many addresses in each subnet.
_AZURES_ADDRESSES = 5
_LONGEST_NODE_GROUP = 80
# The operator's tokens are for Anyscale's control plane.
_AUDIENCE = f"api://{CLIENT_ID}/.default"
_VNET_NAME: TypeAdapter[str] = TypeAdapter(VnetName)

ADDRESSES = Rule(
    "node-address-room",
    "warning",
    "Each node needs one IP address of the subnet. When none is free, node pools cannot grow.",
)
NODE_GROUP = Rule(
    "aks-node-group-name",
    "error",
    "AKS creates a resource group for the nodes, MC_<resource group>_<cluster>_<region>, and refuses a name of more "
    f"than {_LONGEST_NODE_GROUP} characters.",
    "https://aka.ms/aks-naming-rules",
)


class AksOperatorStack(OperatorStack[AksConfig]):
    """What runs in the cluster of an Anyscale cloud on AKS.

    Args:
        scope: The app.
        name: The cloud's name. The stack's name is NAME-operator.
        config: The cloud's configuration.
    """

    @property
    def kubernetes_version(self) -> str | None:
        """The Kubernetes version of a new cluster, if it is configured."""
        cluster = self.config.cluster
        return None if isinstance(cluster, ExistingCluster) else cluster.kubernetes_version

    def add_providers(self) -> None:
        """Looks up the cluster and configures the providers for it."""
        self.require(*AZURE)
        # This stack creates nothing in Azure, so it needs no permission to register resource providers.
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
        """Adds NVIDIA's device plugin if the cluster has GPUs or may have them."""
        cluster = self.config.cluster
        groups = gpu_groups(cluster.groups)
        if cluster.gpus or groups or isinstance(cluster, ExistingCluster):
            self.device_plugin(self.config.releases.device_plugin, [SPOT_TAINT], groups)

    def load_balancer_annotations(self) -> dict[str, str]:
        """Returns the annotation that makes a private cloud's load balancer internal."""
        return {_INTERNAL: "true"} if self.config.networking_mode == "PRIVATE" else {}

    def operator_values(self, gateway: Gateway | None) -> OperatorValues:
        """Returns the values of the operator's chart."""
        client_id = self._client_id("operator", operator_identity_name(self.cloud_name))
        auth = {"iamIdentity": client_id, "audience": _AUDIENCE}
        return operator_values(
            {"cloudDeploymentId": self.cloud_resource_id, "cloudProvider": "azure", "auth": auth},
            self.config.cluster.gpus,
            gateway,
            self.workload_service_account,
            groups=self.config.cluster.groups,
        )

    def service_account_annotations(self, name: str) -> dict[str, str]:
        """Returns the annotation that names a service account's identity; the operator's chart labels the pods."""
        identity = workload_identity_name(name, self.cloud_name)
        return {"azure.workload.identity/client-id": self._client_id(resource_id(name), identity)}

    def _client_id(self, id: str, name: str) -> Expr:
        arguments = {"name": name, "resource_group_name": self._resource_group_name}
        return Data(self, "azurerm_user_assigned_identity", id, arguments).attribute("client_id")


class AksStack(AzureCloud[AksConfig]):
    """An Anyscale cloud on AKS: Ray runs in pods of a Kubernetes cluster in your Azure subscription.

    The cloud has two stacks. The first creates a resource group, a virtual network, an AKS cluster with node pools, a
    storage account with a container, and the managed identities of the operator and of pods; optionally also an NFS
    share. The second, `NAME-operator`, installs Anyscale's operator and a gateway, once the cloud is registered.
    The cluster, the subnet and the container can be existing ones. AKS is the only kind of cloud on Azure.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = AksConfig
    operator_type: ClassVar[type[OperatorStack[Any]] | None] = AksOperatorStack
    subnet_id: str | None = None
    """The nodes' subnet; None for an existing cluster, whose subnet is not known."""
    cluster: Resource | Data
    bucket: Container
    nfs: Share | None = None
    operator_identity: Resource
    workload_identities: dict[str, Resource]
    """The identities of users' pods, by service account."""

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.add_service_principal()
        self.place = {"location": self.config.region, "resource_group_name": self.add_resource_group()}
        self.cluster = self.add_cluster()
        self.bucket = self.add_bucket()
        self.nfs = self.add_nfs()
        self.operator_identity = self.add_operator_identity()
        self.workload_identities = self.add_workload_identities()

    def add_service_principal(self) -> None:
        """Checks or creates Anyscale's service principal, if configured."""
        if self.config.anyscale_service_principal is not None:
            require_service_principal(self, self.config.anyscale_service_principal, self.config.provider.identity())

    def add_subnet(self, nodes: int | None) -> str:
        """Adds the network with the nodes' subnet, unless the subnet exists; returns the subnet's ID.

        Args:
            nodes: The highest number of nodes. None if it is not known before apply.
        """
        vnet = self.config.vnet
        return vnet.subnet_id if isinstance(vnet, ExistingVnet) else self._new_subnet(vnet, nodes)

    def add_cluster(self) -> Resource | Data:
        """Adds the cluster, its nodes and their subnet, unless the cluster exists."""
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

    def add_nfs(self) -> Share | None:
        """Adds the NFS share, if configured."""
        if (nfs := self.config.nfs) is None or self.subnet_id is None:
            return None
        own = unique_account_name(f"{self.name}-nfs", self.config.subscription_id) if nfs.name is None else nfs.name
        return add_nfs(self, nfs, account_name=own, **self.place, subnet_id=self.subnet_id, tags=self.tags())

    def add_operator_identity(self) -> Resource:
        """Adds the operator's identity, which has access to the container."""
        return self._add_identity("operator", operator_identity_name(self.name), OPERATOR.service_account)

    def add_workload_identities(self) -> dict[str, Resource]:
        """Adds the identities of users' pods, by service account; none if they share the operator's."""
        identities = {}
        accounts: dict[str, Permissions] = accounts_of(self.config.workloads)
        for account, permitted in accounts.items():
            made = resource_id(account)
            identity = self._add_identity(made, workload_identity_name(account, self.name), account)
            principal_id = identity.attribute("principal_id")
            assign_roles(self, made, principal_id, permitted, subscription_id=self.config.subscription_id)
            identities[account] = identity
        return identities

    def _add_identity(self, id: str, name: str, service_account: str) -> Resource:
        return add_operator_identity(
            self,
            id=id,
            name=name,
            **self.place,
            oidc_issuer_url=self.cluster.attribute("oidc_issuer_url"),
            namespace=OPERATOR.namespace,
            service_account=service_account,
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
                    f"the nodes' subnet has IP addresses for {room} nodes, but the node pools may have {nodes} in all",
                    "use a larger range, which cannot be changed once nodes are running, or lower "
                    "cluster.nodes.max_count",
                    str(found),
                    rule=ADDRESSES,
                    key=key,
                )
            )
        return add_subnet(
            self,
            vnet,
            name=fitting(_VNET_NAME, self.name, "network", ("vnet", "subnet_id")),
            **self.place,
            service_endpoints=[SERVICE_ENDPOINT] if self.config.nfs else [],
            tags=self.tags(),
        )

    def cloud_outputs(self) -> dict[str, Any]:
        """Returns the stack's outputs; configured values for what exists already."""
        identity = self.operator_identity
        return {
            "anyscale_org_id": self.config.org_id,
            "anyscale_resource_group_name": self.place["resource_group_name"],
            "anyscale_aks_cluster_name": cluster_name(self.name, self.config),
            "anyscale_aks_oidc_issuer_url": self.cluster.attribute("oidc_issuer_url"),
            "anyscale_aks_node_subnet_id": self.subnet_id,
            "anyscale_storage_account_name": self.bucket.storage_account_name,
            "anyscale_storage_container_name": self.bucket.name,
            "anyscale_nfs_storage_account_name": self.nfs.storage_account_name if self.nfs else None,
            "anyscale_operator_client_id": identity.attribute("client_id"),
            "anyscale_operator_principal_id": identity.attribute("principal_id"),
            "anyscale_workload_client_ids": {
                account: each.attribute("client_id") for account, each in self.workload_identities.items()
            }
            or None,
        }

    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
        config, identity, files = self.config, self.operator_identity, self.config.file_storage
        if share := self.nfs:
            files = FileStorage(mount_targets=[MountTarget(address=share.host)], mount_path=share.path)
        return CloudResource(
            name=f"k8s-azure-{config.region}",
            provider="AZURE",
            compute_stack="K8S",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(bucket_name=self.bucket.url, endpoint=self.bucket.endpoint),
            file_storage=files,
            azure_config=AzureConfig(tenant_id=identity.attribute("tenant_id")),
            # Anyscale identifies the operator by its principal ID; Azure by its client ID, which the chart has.
            kubernetes_config=config.kubernetes_config(identity.attribute("principal_id")),
        )
