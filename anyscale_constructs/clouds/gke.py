"""An Anyscale cloud on GKE.

It is two stacks. The first makes the cluster and what belongs to it in Google Cloud; then the cloud is registered; the
second, `<name>-operator`, installs Anyscale's operator in the cluster, for which it needs the id that registering gave.
"""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from anyscale_constructs.clouds.google import GoogleCloud, GoogleCloudConfig
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import ExistingIf, refuse
from anyscale_constructs.config.types import Known
from anyscale_constructs.expressions import Expr, expr, fn, is_one_of, is_unresolved, unless
from anyscale_constructs.google import (
    ExistingBucket,
    ExistingCluster,
    ExistingProject,
    ExistingVpc,
    Gke,
    NetworkingMode,
    OperatorAccount,
    Vpc,
)
from anyscale_constructs.google.cloudstorage import let_into_bucket
from anyscale_constructs.google.gke import ClusterConfig
from anyscale_constructs.google.gke_ranges import GkeVpcConfig
from anyscale_constructs.google.nodes import node_pool_taints, node_pools
from anyscale_constructs.google.types import ServiceAccountName
from anyscale_constructs.kubernetes import OPERATOR, Gateway, ReleasesConfig, operator_values
from anyscale_constructs.kubernetes.operator import OperatorValues
from anyscale_constructs.modules.google.gke import GkeDatabaseEncryption, GkeMasterAuthorizedNetworks
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig
from anyscale_constructs.registration.resource import (
    CloudResource,
    FileStorage,
    GcpConfig,
    MountTarget,
    ObjectStorage,
)
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.resource import Data
from anyscale_constructs.terraform.stack import CloudStack

# The modules whose constraints of the provider hold also for what stands beside them.
_MODULES = ("google/cloudapis", "google/gke")
_ZONES = 3
# What nobody has looked at in a cluster that is there already.
_DEMANDED = [
    {
        "condition": expr('self.master_auth[0].client_key == ""', "bool"),
        "error_message": "The cluster issues a client certificate, whose key would be in the state. To mend it: take a "
        "cluster that was made without.",
    },
    {
        "condition": expr("length(self.workload_identity_config) > 0", "bool"),
        "error_message": "The cluster has no workload identity. To mend it: gcloud container clusters update "
        "--workload-pool=PROJECT.svc.id.goog.",
    },
    {
        "condition": expr("self.enable_autopilot != true", "bool"),
        "error_message": "Anyscale doesn't run on Autopilot clusters. To mend it: take a standard one.",
    },
]
_INTERNAL = {"networking.gke.io/load-balancer-type": "Internal"}


class GkeConfig(GoogleCloudConfig, KubernetesCloudConfig):
    """An Anyscale cloud on GKE."""

    cloud_provider = "GCP"
    own_stores: ClassVar = {"file_storage": "filestore", "redis_endpoint": "memorystore"}

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach the clusters from the internet. PRIVATE: from inside the VPC. Nodes are in a "
        "private subnet behind NAT either way.",
    )
    service_account_name: ServiceAccountName | None = Field(
        default=None,
        description="The operator's account, which nodes have too. Default: NAME-operator, for which the cloud's name "
        "may have at most 21 lower-case letters, digits and hyphens.",
    )
    vpc: Annotated[GkeVpcConfig | ExistingVpc, ExistingIf("vpc_id")] = Field(default_factory=GkeVpcConfig)
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig
    )
    releases: ReleasesConfig = Field(default_factory=ReleasesConfig)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.refuse_input("gke", "name", "cluster.name")
        idle = {"proxy_subnet_cidr": "a firewall policy"}
        if isinstance(self.cluster, ExistingCluster):
            idle |= dict.fromkeys(("pods_range_name", "services_range_name"), "a new cluster")
        self.refuse_what_is_elsewhere(self.vpc, idle)
        if not isinstance(self.project, ExistingProject) and self.project.id is None:
            raise refuse("project.id is not set, and the operator's stack finds the cluster by it", "choose an id")
        for key, place in self._places():
            if not regions.is_in(self.region, place):
                raise refuse(f"{key} {place}, which is not in the cloud's region, {self.region}", "correct one of them")
        if isinstance(self.cluster, ExistingCluster):
            if not isinstance(self.project, ExistingProject):
                raise refuse("project is new, so cluster.cluster_name can't be in it", "name the cluster's project_id")
            if not isinstance(self.vpc, ExistingVpc):
                raise refuse(
                    f"cluster.cluster_name is {self.cluster.cluster_name}, which is in a VPC, but vpc would be new",
                    "name the cluster's VPC and subnet: vpc: {vpc_id: ..., subnet_name: ..., subnet_cidr: ...}",
                )
        elif isinstance(self.vpc, ExistingVpc) and (
            self.vpc.pods_range_name is None or self.vpc.services_range_name is None
        ):
            raise refuse(
                "vpc.pods_range_name and vpc.services_range_name are for a new cluster, which has no other ranges",
                "name the subnet's secondary ranges",
            )
        return self

    def _places(self) -> list[tuple[str, str]]:
        """What must be in the region: the keys, and the zones or regions."""
        cluster = self.cluster
        if isinstance(cluster, ExistingCluster):
            return [] if cluster.location is None else [("cluster.location is", cluster.location)]
        zones: dict[str, list[str] | Expr] = {"cluster.zones": cluster.zones}
        zones |= {f"cluster.nodes.gpu_zones.{gpu}": own for gpu, own in cluster.nodes.gpu_zones.items()}
        known = {name: own for name, own in zones.items() if not isinstance(own, Expr)}
        places = [(f"{name} has", zone) for name, own in known.items() for zone in own]
        key = cluster.kms_key_name
        if key is not None and not is_unresolved(key):
            places.append(("cluster.kms_key_name is in", key.split("/")[3]))
        return places


class GkeOperatorStack(OperatorStack[GkeConfig]):
    """What runs in the cluster of an Anyscale cloud on GKE.

    Args:
        scope: The app.
        name: The cloud's name; the stack's ends with -operator.
        config: The cloud's configuration.
    """

    def add_providers(self) -> None:
        """Finds the cluster and configures the providers for it."""
        config, cluster = self.config, self.config.cluster
        self.require_as("google", _MODULES, self.config.sources)
        self.add_provider("google", project=_project_id(config), region=config.region, **config.provider.arguments())
        there = _cluster_data(self, config, cluster_name(self.cloud_name, config))
        private = cluster.private_endpoint if isinstance(cluster, ExistingCluster) else not cluster.public_access_cidrs
        endpoint = there.attribute("private_cluster_config[0].private_endpoint" if private else "endpoint")
        self.connect(
            "https://" + endpoint,
            there.attribute("master_auth[0].cluster_ca_certificate"),
            config.provider.token_command(),
        )

    def add_device_plugin(self) -> None:
        """GKE has its own."""

    def load_balancer_annotations(self) -> dict[str, str]:
        """The annotation that makes the load balancer an internal one, for a private cloud."""
        return _INTERNAL if self.config.networking_mode == "PRIVATE" else {}

    def operator_values(self, gateway: Gateway | None) -> OperatorValues:
        """The values of the operator's chart."""
        arguments = {"project": _project_id(self.config), "account_id": account_name(self.cloud_name, self.config)}
        account = Data(self, "google_service_account", "operator", arguments)
        auth = {"iamIdentity": account.attribute("email")}
        return operator_values(
            {"cloudDeploymentId": self.cloud_resource_id, "cloudProvider": "gcp", "auth": auth},
            self.config.cluster.gpus,
            gateway,
        )


class GkeStack(GoogleCloud[GkeConfig]):
    """The cluster of an Anyscale cloud, and what belongs to it in Google Cloud, with what registration needs.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = GkeConfig
    operator_type: ClassVar[type[OperatorStack[Any]] | None] = GkeOperatorStack

    account: OperatorAccount
    cluster: Gke | ExistingCluster

    def add_providers(self) -> None:
        """Configures the provider google, and says which versions of it the stack needs."""
        super().add_providers()
        self.require_as("google", _MODULES)

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.project = self.add_project()
        self.ready = self.add_apis()
        self.vpc = self.add_vpc()
        self.account = self.add_operator_account()
        self.bucket = self.add_bucket()
        self.add_bucket_members()
        self.filestore = self.add_filestore()
        self.memorystore = self.add_memorystore()
        self.cluster = self.add_cluster()
        self.add_workload_identity()

    def optional_apis(self) -> list[str]:
        """The APIs of GKE, logging and monitoring."""
        return ["container.googleapis.com", "logging.googleapis.com", "monitoring.googleapis.com"]

    def bucket_users(self) -> OperatorAccount:
        """The operator's account."""
        return self.account

    def add_operator_account(self) -> OperatorAccount:
        """Adds the operator's account, which nodes have too."""
        return OperatorAccount(
            self,
            project=self.project,
            account_id=account_name(self.name, self.config),
            file_storage=self.config.filestore is not None,
            depends_on=self.ready,
        )

    def add_bucket_members(self) -> None:
        """Lets the operator's account use an existing bucket."""
        if isinstance(self.bucket, ExistingBucket):
            let_into_bucket(self, self.bucket, {"operator": self.account.member})

    def add_workload_identity(self) -> None:
        """Lets the operator's service account in the cluster act as its account in Google Cloud."""
        self.account.bind_workload_identity(
            OPERATOR.namespace,
            OPERATOR.service_account,
            depends_on=[self.cluster] if isinstance(self.cluster, Gke) else [],
        )

    def add_vpc(self) -> Vpc | ExistingVpc:
        """Adds the VPC, unless it exists."""
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            return vpc
        return Vpc(
            self,
            project=self.project,
            region=self.config.region,
            networking_mode="PRIVATE",
            subnet_cidr=vpc.subnet_cidr,
            anyscale_vpc_name=vpc.name,
            anyscale_vpc_name_prefix=self.config.name_prefix,
            gke_pod_range_cidr=vpc.pods_cidr,
            gke_services_range_cidr=vpc.services_cidr,
            private_subnet_flow_log_config=None if vpc.flow_logs else {},
            depends_on=self.ready,
        )

    def node_pools(self, cluster: ClusterConfig) -> list[dict[str, Any]]:
        """The node pools of a new cluster."""
        return node_pools(cluster.nodes, len(cluster.zones) or _ZONES)

    def add_cluster(self) -> Gke | ExistingCluster:
        """Adds the cluster and its nodes, unless it exists."""
        cluster = self.config.cluster
        if isinstance(cluster, ExistingCluster):
            return cluster
        ranges = {"internet": cluster.public_access_cidrs, "internal": cluster.private_access_cidrs}
        networks: list[GkeMasterAuthorizedNetworks] = [
            {"cidr_block": cidr, "display_name": where} for where, cidrs in ranges.items() for cidr in cidrs
        ]
        encryption: GkeDatabaseEncryption = {"state": "ENCRYPTED", "key_name": cluster.kms_key_name}
        return Gke(
            self,
            project=self.project,
            region=self.config.region,
            vpc=self.vpc,
            name=cluster_name(self.name, self.config),
            zones=cluster.zones or None,
            release_channel=cluster.release_channel,
            enable_private_endpoint=False if cluster.public_access_cidrs else None,
            master_authorized_networks=networks or None,
            master_ipv4_cidr_block=cluster.master_ipv4_cidr_block,
            database_encryption=None if cluster.kms_key_name is None else [encryption],
            deletion_protection=unless(cluster.deletion_protection, True),
            service_account=self.account.email,
            node_pools=self.node_pools(cluster),
            node_pools_taints=node_pool_taints(cluster.nodes),
            cluster_resource_labels=self.labels(cluster.labels),
            depends_on=self.ready,
        )

    def _zones(self) -> list[str] | Expr:
        if isinstance(self.cluster, Gke):
            zones = self.cluster.zones
            if more := self._gpu_zones():
                return fn.distinct(fn.concat(zones, *more))
            return zones
        zones = _cluster_data(self, self.config, self.cluster.cluster_name).attribute("node_locations", "list(string)")
        if is_one_of(self.cluster.location, None, self.config.region):
            return zones
        # A cluster in one zone names only others there.
        return fn.concat([self.cluster.location], fn.tolist(zones))

    def _gpu_zones(self) -> list[list[str] | Expr]:
        """The zones that pools have beside the cluster's."""
        cluster = self.config.cluster
        zones = cluster.nodes.gpu_zones.values() if isinstance(cluster, ClusterConfig) else ()
        known = sorted({zone for each in zones if not isinstance(each, Expr) for zone in each}, key=str.__str__)
        return [*([known] if known else []), *(each for each in zones if isinstance(each, Expr))]

    def cloud_outputs(self) -> dict[str, Any]:
        """Upstream's own root output names; inputs stand in where something existed."""
        return super().cloud_outputs() | {
            "anyscale_gke_cluster_name": cluster_name(self.name, self.config),
            "anyscale_operator_service_account_email": self.account.email,
        }

    def cloud_resource(self) -> CloudResource:
        """The infrastructure to register."""
        config, files = self.config, self._file_storage()
        return CloudResource(
            name=f"k8s-gcp-{config.region}",
            provider="GCP",
            compute_stack="K8S",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(bucket_name=self.bucket.bucket_url),
            file_storage=files,
            gcp_config=GcpConfig(
                project_id=self.project.project_id,
                vpc_name=self.vpc.vpc_name if files and files.file_storage_id is not None else None,
                memorystore_instance_name=self.memorystore.instance_name if self.memorystore else None,
                memorystore_endpoint=self.memorystore.endpoint(self) if self.memorystore else None,
            ),
            kubernetes_config=config.kubernetes_config(self.account.email, self._zones()),
        )

    # What the control plane finds by itself for other clouds: here it has no account to look with.
    def _file_storage(self) -> FileStorage | None:
        if self.filestore is None:
            return self.config.file_storage
        address, share = self.filestore.mount(self)
        target = MountTarget(address=address)
        return FileStorage(file_storage_id=self.filestore.instance_name, mount_targets=[target], mount_path=share)


def cluster_name(name: str, config: GkeConfig) -> str:
    """The cluster's name, by which the second stack finds it."""
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return name if cluster.name is None else cluster.name


def account_name(name: str, config: GkeConfig) -> str:
    """The name of the operator's account, by which the second stack finds it."""
    return f"{name}-operator" if config.service_account_name is None else config.service_account_name


def _project_id(config: GkeConfig) -> str:
    project = config.project
    return project.project_id if isinstance(project, ExistingProject) else project.id or ""


def _cluster_data(stack: CloudStack, config: GkeConfig, name: str) -> Data:
    existing = config.cluster if isinstance(config.cluster, ExistingCluster) else None
    place = existing.location if existing and existing.location is not None else config.region
    arguments: dict[str, Any] = {"project": _project_id(config), "location": place, "name": name}
    if existing:
        arguments["lifecycle"] = {"postcondition": _DEMANDED}
    return Data(stack, "google_container_cluster", "this", arguments)
