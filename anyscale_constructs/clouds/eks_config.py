"""The configuration of a cloud on EKS, and the names that both of its stacks derive from it."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws import ExistingCluster, ExistingEfs, ExistingMemoryDb, ExistingVpc
from anyscale_constructs.aws.eks import ClusterConfig
from anyscale_constructs.aws.permissions import Permissions
from anyscale_constructs.aws.pod_roles import Pods
from anyscale_constructs.aws.types import PolicyArn
from anyscale_constructs.clouds.aws_config import AwsCloudConfig
from anyscale_constructs.config import regions
from anyscale_constructs.config.model import ExistingIf, refuse, refuse_all
from anyscale_constructs.config.types import Known, NetworkingMode, empty_map
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding, Key, Rule
from anyscale_constructs.kubernetes import OPERATOR, Chart, EksReleasesConfig
from anyscale_constructs.kubernetes.service_accounts import ServiceAccountName
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig

# The stack's own resources must meet these modules' version constraints of the provider, too.
MODULES = ("aws/s3", "aws/eks")
PUBLIC_SUBNET = {"kubernetes.io/role/elb": "1"}
PRIVATE_SUBNET = {"kubernetes.io/role/internal-elb": "1"}
_OWNED = "kubernetes.io/cluster/"

CLUSTER_VPC = Rule(
    "cluster-vpc-missing",
    "error",
    "An existing cluster is in an existing VPC, and its nodes are in that VPC's subnets.",
)
NODE_GROUP = Rule(
    "node-security-group-missing",
    "error",
    "New EFS and MemoryDB use the nodes' security group, which must be configured for an existing cluster.",
)
GROUP_ZONE = Rule(
    "node-group-subnet",
    "error",
    "The nodes of a group with zones are in the subnets of these zones. vpc.availability_zones sets the zones of a new "
    "VPC; without it, they are the first zones of the region.",
)


IRSA_PROVIDER = Rule(
    "oidc-provider-missing",
    "error",
    "A role for pods trusts the cluster's OIDC provider in IAM, which must be configured for an existing cluster.",
    "https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html",
)


class WorkloadsConfig(Permissions):
    """The service account of users' pods. Its role has access to the bucket, its key and what is set here."""

    identity: Known[Literal["pod-identity", "irsa"] | None] = Field(
        default=None,
        description="How pods get their role: EKS Pod Identity, or IRSA (IAM roles for service accounts), which "
        "trusts the cluster's OIDC provider. Default: irsa for an existing cluster with oidc_provider_arn, else "
        "pod-identity.",
    )
    service_accounts: dict[ServiceAccountName, Permissions] = Field(
        default_factory=empty_map,
        description="Further service accounts, by name, for rules of Anyscale's cloud IAM mapping. Each has its own "
        "role, with access to the bucket, its key and what is set here for it. Default: none.",
    )


class EksConfig(AwsCloudConfig, KubernetesCloudConfig):
    """An Anyscale cloud on EKS."""

    cloud_provider = "AWS"
    own_stores: ClassVar = {"file_storage": "efs", "redis_endpoint": "memorydb"}

    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach Ray clusters from the internet. PRIVATE: only from inside the VPC. Nodes are "
        "in private subnets behind NAT in either mode.",
    )
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig, description="The cluster, new or existing. Default: a new one."
    )
    permissions_boundary_arn: PolicyArn | None = Field(
        default=None,
        description="The permissions boundary of the roles of the cluster, of its nodes and of pods. Default: none.",
    )
    workloads: WorkloadsConfig | None = Field(
        default=None,
        description="A service account for users' pods, anyscale-workloads, and its permissions; {} grants access to "
        "the bucket only. The nodes of a new cluster then have no access to the bucket. Default: users' pods run as "
        "the operator's service account, with its role, and can read the operator's Secrets.",
    )
    releases: EksReleasesConfig = Field(
        default_factory=EksReleasesConfig,
        description="The Helm releases in the cluster. Default: all that the cloud needs.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.refuse_input("eks", "name", "cluster.name")
        if isinstance(self.cluster, ExistingCluster):
            if self.workloads and self.workloads.identity == "irsa" and self.cluster.oidc_provider_arn is None:
                raise refuse(
                    "is irsa, but the existing cluster's OIDC provider is not set",
                    "set cluster.oidc_provider_arn, or use pod-identity",
                    key="workloads.identity",
                    rule=IRSA_PROVIDER,
                )
            oidc = self.cluster.oidc_provider_arn
            known = not is_unresolved([oidc, self.region])
            if oidc is not None and known and f"eks.{self.region}." not in oidc:
                raise refuse_all(
                    [regions.elsewhere(("cluster", "oidc_provider_arn"), oidc, f"an ARN in {self.region}")]
                )
            if not isinstance(self.vpc, ExistingVpc):
                raise refuse(
                    "cluster names an existing cluster, but vpc is new",
                    "set the cluster's VPC and its nodes' subnets: vpc: {vpc_id: ..., subnet_ids_to_az: ...}",
                    key="cluster.cluster_name",
                    rule=CLUSTER_VPC,
                    value=self.cluster.cluster_name,
                )
            for key, store in {"efs": self.efs, "memorydb": self.memorydb}.items():
                existing = isinstance(store, ExistingEfs | ExistingMemoryDb) and store.security_group_id is None
                if store and not existing and self.cluster.node_security_group_id is None:
                    raise refuse(
                        "requires the security group of the existing cluster's nodes",
                        "set cluster.node_security_group_id",
                        key=key,
                        rule=NODE_GROUP,
                    )
        elif found := list(self._zones_elsewhere(self.cluster)):
            raise refuse_all(found)
        return self

    @property
    def node_zones(self) -> list[str]:
        """The zone of each of the nodes' subnets that the configuration states."""
        vpc = self.vpc
        if isinstance(vpc, ExistingVpc):
            return list(vpc.subnet_ids_to_az.values())
        subnets = vpc.private_subnets
        return vpc.availability_zones[: len(subnets) if isinstance(subnets, list) else None]

    def _zones_elsewhere(self, cluster: ClusterConfig) -> Iterator[Finding]:
        """Finds zones of node groups in which the nodes have no subnet."""
        zones, existing = self.node_zones, isinstance(self.vpc, ExistingVpc)
        wanted: dict[Key, list[str]] = {
            ("groups", name, "zones"): group.zones for name, group in cluster.groups.items()
        }
        wanted |= {("gpu_zones", name): own for name, own in cluster.nodes.gpu_zones.items()}
        for key, own in wanted.items():
            for index, zone in enumerate(own):
                if is_unresolved(zones) or zone not in zones:
                    there = "subnet_ids_to_az" if existing else "availability_zones"
                    yield Finding(
                        "has no known subnet for nodes",
                        f"use another zone, or add it to vpc.{there}",
                        zone,
                        " or ".join(zone for zone in zones if not is_unresolved(zone)),
                        GROUP_ZONE,
                        key=("cluster", "nodes", *key, index),
                    )

    def has_what_keys_encrypt(self) -> bool:
        """Whether the cloud creates something that a KMS key encrypts, such as a new cluster's secrets."""
        return isinstance(self.cluster, ClusterConfig) or super().has_what_keys_encrypt()

    def tag_keys(self) -> set[str]:
        """The known keys of the tags that the cloud, its modules and its configuration set."""
        subnets = set() if isinstance(self.vpc, ExistingVpc) else {*PUBLIC_SUBNET, *PRIVATE_SUBNET}
        if isinstance(self.cluster, ExistingCluster) or is_unresolved(self.cluster.name):
            return super().tag_keys() | subnets
        # Upstream sets this tag on the nodes' security group. Without cluster.name, the stack's name completes it.
        return super().tag_keys() | subnets | {f"{_OWNED}{self.cluster.name or ''}"}


def cluster_name(name: str, config: EksConfig) -> str:
    """The cluster's name, which the second stack uses to find it."""
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return config.default_name(name) if cluster.name is None else cluster.name


def pods_of(chart: Chart, name: str, config: EksConfig) -> Pods:
    """Returns the pods of a chart, with the role that they assume."""
    oidc = config.cluster.oidc_provider_arn if isinstance(config.cluster, ExistingCluster) else None
    return Pods(name, cluster_name(name, config), chart.namespace, chart.service_account, oidc)


def workload_pods(account: str, name: str, config: EksConfig, oidc_provider_arn: str | None) -> Pods:
    """Returns users' pods of a service account, with the role that they assume.

    Args:
        account: The service account.
        name: The cloud's name.
        config: The cloud's configuration.
        oidc_provider_arn: The cluster's OIDC provider. None if pods get their role by EKS Pod Identity.
    """
    by_irsa = workloads_use_irsa(config)
    return Pods(name, cluster_name(name, config), OPERATOR.namespace, account, oidc_provider_arn if by_irsa else None)


def workloads_use_irsa(config: EksConfig) -> bool:
    """Whether users' pods get their roles through the cluster's OIDC provider."""
    own = None if config.workloads is None else config.workloads.identity
    existing = isinstance(config.cluster, ExistingCluster) and config.cluster.oidc_provider_arn is not None
    return existing if own is None else own == "irsa"


def role_prefix(id: str, config: EksConfig) -> str:
    """Returns the prefix of the name of a chart's role."""
    return f"{config.name_prefix}{id.replace('_', '-')}-"
