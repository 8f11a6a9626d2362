"""An Anyscale cloud on GKE.

The cloud has two stacks. The first creates the cluster and its Google Cloud resources. After the cloud is registered,
the second stack, `<name>-operator`, installs Anyscale's operator in the cluster; it needs the ID that registration
returns.
"""

from typing import Any, ClassVar

from anyscale_constructs.clouds.gke_config import (
    GkeConfig,
    account_name,
    cluster_name,
    project_id,
    workload_account_name,
)
from anyscale_constructs.clouds.google import GoogleCloud
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.expressions import Expr, expr, fn, is_one_of, unless
from anyscale_constructs.google import ExistingBucket, ExistingCluster, ExistingVpc, Gke, OperatorAccount, Vpc
from anyscale_constructs.google.cloudstorage import let_into_bucket
from anyscale_constructs.google.gke import ClusterConfig
from anyscale_constructs.google.nodes import node_pool_labels, node_pool_taints, node_pools
from anyscale_constructs.google.operator_account import PodAccount
from anyscale_constructs.google.permissions import Permissions, grant
from anyscale_constructs.kubernetes import OPERATOR, Gateway, operator_values
from anyscale_constructs.kubernetes.operator import OperatorValues
from anyscale_constructs.kubernetes.service_accounts import WORKLOADS, accounts_of, resource_id
from anyscale_constructs.modules.google.gke import GkeDatabaseEncryption, GkeMasterAuthorizedNetworks
from anyscale_constructs.registration.resource import CloudResource, FileStorage, GcpConfig, MountTarget, ObjectStorage
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.resource import Data
from anyscale_constructs.terraform.stack import CloudStack

# The stack's own resources must meet these modules' version constraints of the provider, too.
_MODULES = ("google/cloudapis", "google/gke")
_ZONES = 3
# Only Terraform can check these properties of an existing cluster.
_DEMANDED = [
    {
        "condition": expr('self.master_auth[0].client_key == ""', "bool"),
        "error_message": "The cluster issues a client certificate, whose key would be in the Terraform state. Fix: use "
        "a cluster without one.",
    },
    {
        "condition": expr("length(self.workload_identity_config) > 0", "bool"),
        "error_message": "Workload Identity is disabled in the cluster. Fix: run gcloud container clusters update "
        "--workload-pool=PROJECT.svc.id.goog.",
    },
    {
        "condition": expr("self.enable_autopilot != true", "bool"),
        "error_message": "Anyscale does not run on Autopilot clusters. Fix: use a standard cluster.",
    },
]
_INTERNAL = {"networking.gke.io/load-balancer-type": "Internal"}


class GkeOperatorStack(OperatorStack[GkeConfig]):
    """What runs in the cluster of an Anyscale cloud on GKE.

    Args:
        scope: The app.
        name: The cloud's name. The stack's name is NAME-operator.
        config: The cloud's configuration.
    """

    def add_providers(self) -> None:
        """Looks up the cluster and configures the providers for it."""
        config, cluster = self.config, self.config.cluster
        self.require_as("google", _MODULES, self.config.sources)
        self.add_provider("google", project=project_id(config), region=config.region, **config.provider.arguments())
        there = _cluster_data(self, config, cluster_name(self.cloud_name, config))
        private = cluster.private_endpoint if isinstance(cluster, ExistingCluster) else not cluster.public_access_cidrs
        endpoint = there.attribute("private_cluster_config[0].private_endpoint" if private else "endpoint")
        self.connect(
            "https://" + endpoint,
            there.attribute("master_auth[0].cluster_ca_certificate"),
            config.provider.token_command(),
        )

    def add_device_plugin(self) -> None:
        """Adds nothing: GKE has its own device plugin."""

    def load_balancer_annotations(self) -> dict[str, str]:
        """Returns the annotation that makes a private cloud's load balancer internal."""
        return _INTERNAL if self.config.networking_mode == "PRIVATE" else {}

    def operator_values(self, gateway: Gateway | None) -> OperatorValues:
        """Returns the values of the operator's chart."""
        auth = {"iamIdentity": self._account_email("operator", account_name(self.cloud_name, self.config))}
        return operator_values(
            {"cloudDeploymentId": self.cloud_resource_id, "cloudProvider": "gcp", "auth": auth},
            self.config.cluster.gpus,
            gateway,
            self.workload_service_account,
            groups=self.config.cluster.groups,
        )

    def service_account_annotations(self, name: str) -> dict[str, str]:
        """Returns the annotation that names a service account's Google service account."""
        account = workload_account_name(name, self.cloud_name, self.config)
        return {"iam.gke.io/gcp-service-account": self._account_email(resource_id(name), account)}

    def _account_email(self, id: str, account: str) -> Expr:
        arguments = {"project": project_id(self.config), "account_id": account}
        return Data(self, "google_service_account", id, arguments).attribute("email")


class GkeStack(GoogleCloud[GkeConfig]):
    """An Anyscale cloud on GKE: Ray runs in pods of a Kubernetes cluster in your Google Cloud project.

    The cloud has two stacks. The first creates a VPC with ranges for pods and services, a GKE cluster with node pools,
    a Cloud Storage bucket, and the service accounts of the operator and of pods; optionally also a project, a Filestore
    instance and a Memorystore instance. The second, `NAME-operator`, installs Anyscale's operator and a gateway in the
    cluster, once the cloud is registered. The cluster, the VPC and the bucket can be existing ones. Choose it if Ray
    must run alongside other workloads on Kubernetes, or under its policies; otherwise GCE is easier to operate.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = GkeConfig
    operator_type: ClassVar[type[OperatorStack[Any]] | None] = GkeOperatorStack

    account: OperatorAccount
    workload_accounts: dict[str, PodAccount]
    """The Google accounts of users' pods, by service account."""
    cluster: Gke | ExistingCluster

    def add_providers(self) -> None:
        """Configures the provider google, and declares which versions of it the stack needs."""
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
        self.workload_accounts = self.add_workload_accounts()

    def optional_apis(self) -> list[str]:
        """Returns the APIs of GKE, logging and monitoring."""
        return ["container.googleapis.com", "logging.googleapis.com", "monitoring.googleapis.com"]

    def bucket_users(self) -> OperatorAccount:
        """Returns the operator's account."""
        return self.account

    def add_operator_account(self) -> OperatorAccount:
        """Adds the operator's account, which nodes use too."""
        with self.configured_by(account_id="service_account_name"):
            return OperatorAccount(
                self,
                project=self.project,
                account_id=account_name(self.name, self.config),
                # Mounting needs no role; it is kept for users' pods that run as the operator.
                file_storage=self.config.filestore is not None and self.config.workloads is None,
                depends_on=self.ready,
            )

    def add_bucket_members(self) -> None:
        """Grants the operator's account access to an existing bucket."""
        if isinstance(self.bucket, ExistingBucket):
            let_into_bucket(self, self.bucket, {"operator": self.account.member})

    def add_workload_identity(self) -> None:
        """Lets the operator's Kubernetes service account impersonate its Google service account."""
        self._bind(self.account, OPERATOR.service_account)

    def _bind(self, account: PodAccount, service_account: str) -> None:
        depends_on = [self.cluster] if isinstance(self.cluster, Gke) else []
        account.bind_workload_identity(OPERATOR.namespace, service_account, depends_on=depends_on)

    def add_workload_accounts(self) -> dict[str, PodAccount]:
        """Adds the Google accounts of users' pods, by service account; none if they share the operator's."""
        accounts = {}
        permissions: dict[str, Permissions] = accounts_of(self.config.workloads)
        for name, permitted in permissions.items():
            made = resource_id(name)
            section = "workloads" if name == WORKLOADS else f"workloads.service_accounts.{name}"
            with self.configured_by(account_id=f"{section}.service_account_name"):
                account = PodAccount(
                    self,
                    made,
                    project=self.project,
                    account_id=workload_account_name(name, self.name, self.config),
                    display_name=f"Anyscale's workloads of the service account {name}",
                    whose="the workloads'",
                    depends_on=self.ready,
                )
            let_into_bucket(self, self.bucket, {made: account.member})
            grant(self, made, account.member, permitted, project_id=self.project.project_id, depends_on=self.ready)
            self._bind(account, name)
            accounts[name] = account
        return accounts

    def add_vpc(self) -> Vpc | ExistingVpc:
        """Adds the VPC, unless the configuration names an existing one."""
        vpc = self.config.vpc
        if isinstance(vpc, ExistingVpc):
            return vpc
        with self.configured_by(
            "vpc",
            anyscale_vpc_name="vpc.name",
            private_subnet_cidr="vpc.subnet_cidr",
            anyscale_vpc_name_prefix="name_prefix",
            gke_pod_range_cidr="vpc.pods_cidr",
            gke_services_range_cidr="vpc.services_cidr",
            google_region="region",
            private_subnet_flow_log_config="vpc.flow_logs",
        ):
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
        """Returns the node pools of a new cluster."""
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
        with self.configured_by(
            "cluster",
            enable_private_endpoint="cluster.public_access_cidrs",
            database_encryption="cluster.kms_key_name",
            cluster_resource_labels=("cluster.labels", "labels"),
            add_master_webhook_firewall_rules="vpc.vpc_id",
            ip_range_pods=("vpc.pods_range_name", "vpc.pods_cidr"),
            ip_range_services=("vpc.services_range_name", "vpc.services_cidr"),
            master_ipv4_cidr_block=(
                "cluster.master_ipv4_cidr_block",
                *(f"vpc.{key}" for key in ("subnet_cidr", "pods_cidr", "services_cidr", "proxy_subnet_cidr")),
            ),
            master_authorized_networks=("cluster.public_access_cidrs", "cluster.private_access_cidrs"),
            node_pools="cluster.nodes",
            node_pools_taints="cluster.nodes",
            node_pools_labels="cluster.nodes",
        ):
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
                node_pools_labels=node_pool_labels(cluster.nodes) or None,
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
        # The node_locations of a zonal cluster do not include the cluster's own zone.
        return fn.concat([self.cluster.location], fn.tolist(zones))

    def _gpu_zones(self) -> list[list[str] | Expr]:
        """Returns the zones of node pools in addition to the cluster's."""
        cluster = self.config.cluster
        if isinstance(cluster, ExistingCluster):
            return []
        zones = [*cluster.nodes.gpu_zones.values(), *(group.zones for group in cluster.groups.values())]
        known = sorted({zone for each in zones if not isinstance(each, Expr) for zone in each}, key=str.__str__)
        return [*([known] if known else []), *(each for each in zones if isinstance(each, Expr))]

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the names of upstream's root module; configured values for what exists already."""
        return super().cloud_outputs() | {
            "anyscale_gke_cluster_name": cluster_name(self.name, self.config),
            "anyscale_operator_service_account_email": self.account.email,
            "anyscale_workload_service_account_emails": {
                name: account.email for name, account in self.workload_accounts.items()
            }
            or None,
        }

    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
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

    # On other clouds the control plane looks this up. Here it has no account for that.
    def _file_storage(self) -> FileStorage | None:
        if self.filestore is None:
            return self.config.file_storage
        address, share = self.filestore.mount(self)
        target = MountTarget(address=address)
        return FileStorage(file_storage_id=self.filestore.instance_name, mount_targets=[target], mount_path=share)


def _cluster_data(stack: CloudStack, config: GkeConfig, name: str) -> Data:
    existing = config.cluster if isinstance(config.cluster, ExistingCluster) else None
    place = existing.location if existing and existing.location is not None else config.region
    arguments: dict[str, Any] = {"project": project_id(config), "location": place, "name": name}
    if existing:
        arguments["lifecycle"] = {"postcondition": _DEMANDED}
    return Data(stack, "google_container_cluster", "this", arguments)
