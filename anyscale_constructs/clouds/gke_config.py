"""The configuration of a cloud on GKE, and the names that both of its stacks derive from it."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from anyscale_constructs.clouds.google import GoogleCloudConfig
from anyscale_constructs.config.model import MISSING_KEY, ExistingIf, refuse
from anyscale_constructs.config.types import Known, NetworkingMode, empty_map
from anyscale_constructs.expressions import Expr, is_unresolved
from anyscale_constructs.findings import Key
from anyscale_constructs.google import ExistingCluster, ExistingProject, ExistingVpc
from anyscale_constructs.google.gke import ClusterConfig
from anyscale_constructs.google.gke_ranges import RANGES, GkeVpcConfig
from anyscale_constructs.google.permissions import Permissions
from anyscale_constructs.google.types import ServiceAccountName
from anyscale_constructs.kubernetes import ReleasesConfig
from anyscale_constructs.kubernetes.service_accounts import ServiceAccountName as KubernetesAccountName
from anyscale_constructs.kubernetes.service_accounts import accounts_of, short_name
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig
from anyscale_constructs.terraform.config import NamedCloudConfig


class AccountConfig(Permissions):
    """A service account of users' pods. Its Google account has access to the bucket and to what is set here."""

    service_account_name: ServiceAccountName | None = Field(
        default=None,
        description="The name of its Google account. Default: NAME-workloads, or NAME- followed by the name of the "
        "further service account, where NAME is the cloud's name; at most 30 characters in all.",
    )


class WorkloadsConfig(AccountConfig):
    """The service account of users' pods. Its Google account has access to the bucket and to what is set here."""

    service_accounts: dict[KubernetesAccountName, AccountConfig] = Field(
        default_factory=empty_map,
        description="Further service accounts, by name, for rules of Anyscale's cloud IAM mapping. Each has its own "
        "Google account, with access to the bucket and to what is set here for it. Default: none.",
    )


class GkeConfig(GoogleCloudConfig, KubernetesCloudConfig, NamedCloudConfig):
    """An Anyscale cloud on GKE."""

    cloud_provider = "GCP"
    own_stores: ClassVar = {"file_storage": "filestore", "redis_endpoint": "memorystore"}

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach Ray clusters from the internet. PRIVATE: only from inside the VPC. Nodes are "
        "in a private subnet behind NAT in either mode.",
    )
    service_account_name: ServiceAccountName | None = Field(
        default=None,
        description="The operator's Google account, which nodes use too. Default: NAME-operator; the cloud's name then "
        "may have at most 21 lower-case letters, digits and hyphens.",
    )
    vpc: Annotated[GkeVpcConfig | ExistingVpc, ExistingIf("vpc_id")] = Field(
        default_factory=GkeVpcConfig, description="The VPC, new or existing. Default: a new one."
    )
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig, description="The cluster, new or existing. Default: a new one."
    )
    workloads: WorkloadsConfig | None = Field(
        default=None,
        description="A service account for users' pods, anyscale-workloads, and its permissions; {} grants access to "
        "the bucket only. The operator's account then has no roles/file.editor. Default: users' pods run as the "
        "operator's service account, with its Google account, and can read the operator's Secrets.",
    )
    releases: ReleasesConfig = Field(
        default_factory=ReleasesConfig,
        description="The Helm releases in the cluster. Default: all that the cloud needs.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.refuse_input("gke", "name", "cluster.name")
        idle = {"proxy_subnet_cidr": "a firewall policy"}
        if isinstance(self.cluster, ExistingCluster):
            idle |= dict.fromkeys(("pods_range_name", "services_range_name"), "a new cluster")
        self.refuse_what_does_not_fit(self.vpc, idle)
        if not isinstance(self.project, ExistingProject) and self.project.id is None:
            raise refuse(
                "is required, because the operator stack uses it to find the cluster",
                "set project.id",
                key="project.id",
                rule=MISSING_KEY,
            )
        self.refuse_elsewhere(self._places())
        if isinstance(self.cluster, ExistingCluster):
            if not isinstance(self.project, ExistingProject):
                raise refuse(
                    "is an existing cluster, which cannot be in a new project",
                    "set project to the cluster's project: {project_id: ...}",
                    key="cluster.cluster_name",
                )
            if not isinstance(self.vpc, ExistingVpc):
                raise refuse(
                    "is an existing cluster, which is in an existing VPC, but vpc is new",
                    "set vpc to the cluster's VPC: {vpc_id: ..., subnet_name: ..., subnet_cidr: ...}",
                    key="cluster.cluster_name",
                )
        elif isinstance(self.vpc, ExistingVpc):
            for key in ("pods_range_name", "services_range_name"):
                if getattr(self.vpc, key) is None:
                    raise refuse(
                        "is required for a new cluster in an existing subnet",
                        "set it to the name of one of the subnet's secondary ranges",
                        key=f"vpc.{key}",
                        rule=RANGES,
                    )
        return self

    def _places(self) -> dict[Key, str]:
        """Returns the zones and regions that must be in the cloud's region, by their keys."""
        cluster = self.cluster
        if isinstance(cluster, ExistingCluster):
            return {} if cluster.location is None else {("cluster", "location"): cluster.location}
        zones: dict[Key, list[str] | Expr] = {("cluster", "zones"): cluster.zones}
        zones |= {("cluster", "nodes", "gpu_zones", gpu): own for gpu, own in cluster.nodes.gpu_zones.items()}
        zones |= {("cluster", "nodes", "groups", name, "zones"): group.zones for name, group in cluster.groups.items()}
        known = {key: own for key, own in zones.items() if not isinstance(own, Expr)}
        places: dict[Key, str] = {(*key, index): zone for key, own in known.items() for index, zone in enumerate(own)}
        kms_key = cluster.kms_key_name
        if kms_key is not None and not is_unresolved(kms_key):
            places["cluster", "kms_key_name"] = kms_key.split("/")[3]
        return places


def cluster_name(name: str, config: GkeConfig) -> str:
    """The cluster's name, which the second stack uses to find it."""
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return config.default_name(name) if cluster.name is None else cluster.name


def account_name(name: str, config: GkeConfig) -> str:
    """The name of the operator's account, which the second stack uses to find it."""
    own = config.service_account_name
    return f"{config.default_name(name)}-operator" if own is None else own


def workload_account_name(account: str, name: str, config: GkeConfig) -> str:
    """The name of a service account's Google account, which the second stack uses to find it."""
    said: AccountConfig = accounts_of(config.workloads)[account]
    own = said.service_account_name
    return f"{config.default_name(name)}-{short_name(account)}" if own is None else own


def project_id(config: GkeConfig) -> str:
    """The project's ID, which the second stack uses to find its resources."""
    project = config.project
    return project.project_id if isinstance(project, ExistingProject) else project.id or ""
