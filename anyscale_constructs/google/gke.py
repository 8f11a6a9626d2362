"""The Kubernetes cluster: new, or an existing one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.config import networks
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Cidr, InternetCidr, Known, OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google.gke_access import (
    a_private_endpoint_is_reached_from_inside,
    gke_public_nodes,
    the_api_is_not_open_to_the_internet,
    the_control_plane_reaches_webhooks,
)
from anyscale_constructs.google.gke_ranges import RANGES
from anyscale_constructs.google.node_pools import (
    NAME,
    ClusterName,
    gke_node_pool_name,
    gke_node_pool_settings,
    limits_are_for_whole_pools,
    pools_have_keys_that_upstream_reads,
    pools_have_room_for_their_nodes,
    pools_of,
)
from anyscale_constructs.google.nodes import GPUS, GpuType, NodeGroupConfig, NodesConfig
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import CryptoKeyName, GcpLocation, GcpRegion, GcpZones, Labels
from anyscale_constructs.google.vpc import IVpc
from anyscale_constructs.modules.google.gke import GkeInputs, GkeModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused

_PODS_IDENTITY = {"GKE_METADATA", "GKE_METADATA_SERVER"}
_CONTROL_PLANE_PREFIX = 28
# These create Kubernetes objects, for which the module's provider is not connected to the cluster.
_INSIDE_THE_CLUSTER = ("configure_ip_masq", "stub_domains", "upstream_nameservers")
# These regions have zones b, c and d; all others a, b and c. https://cloud.google.com/compute/docs/regions-zones
_WITHOUT_ZONE_A = {"europe-west1", "us-east1"}

_REGION: TypeAdapter[str] = TypeAdapter(GcpRegion)
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


class ClusterConfig(Model):
    """A new GKE cluster."""

    name: ClusterName | None = Field(default=None, description="The cluster's name. Default: the stack's name.")
    zones: GcpZones = Field(
        default_factory=empty_list,
        description="The nodes' zones. Default: the region's first three; required if the region is an expression.",
    )
    release_channel: OrExpr[Literal["RAPID", "REGULAR", "STABLE"] | None] = Field(
        default=None, description="The release channel for upgrades by Google. Default: REGULAR."
    )
    public_access_cidrs: list[InternetCidr] = Field(
        default_factory=empty_list,
        description="CIDR ranges allowed to reach the cluster's API from the internet. Default: none; Terraform must "
        "then run in the nodes' subnet or in one of private_access_cidrs.",
    )
    private_access_cidrs: list[Cidr] = Field(
        default_factory=empty_list,
        description="CIDR ranges in the VPC or in a connected network that are allowed to reach the cluster's API. "
        "Default: only the nodes' subnet.",
    )
    master_ipv4_cidr_block: Cidr = Field(default="172.16.0.0/28", description="The control plane's range, a /28.")
    kms_key_name: CryptoKeyName | None = Field(
        default=None,
        description="The KMS key of Kubernetes secrets, in the cloud's region. The project's GKE service agent must "
        "have access to it. Default: Google's keys.",
    )
    deletion_protection: OrExpr[bool] = Field(
        default=True,
        description="Whether Terraform refuses to destroy the cluster until this is false and applied.",
    )
    nodes: NodesConfig = Field(
        default_factory=NodesConfig, description="The cluster's nodes. Default: {}, the default of each of its keys."
    )
    labels: OrExpr[Labels] = Field(
        default_factory=empty_map, description="Labels of the cluster, in addition to the cloud's. Default: none."
    )

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return self.nodes.gpus

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """The node groups of `groups`, by name."""
        return self.nodes.groups


class ExistingCluster(Model):
    """An existing standard cluster, with Workload Identity and nodes for Anyscale's workloads."""

    cluster_name: ClusterName = Field(description="The name of the cluster.")

    location: GcpLocation | None = Field(
        default=None, description="The zone of a zonal cluster. Default: the cloud's region."
    )
    private_endpoint: Known[bool] = Field(
        default=False, description="Whether Terraform connects to the private endpoint of its API, from inside the VPC."
    )
    gpu_types: Known[list[GpuType]] = Field(
        default_factory=empty_list,
        description="The types of GPUs that its nodes have and users can select. Default: none.",
    )

    @property
    def gpus(self) -> dict[str, int]:
        """The number of GPUs per node, by the GPU's name in Anyscale."""
        return {name: GPUS[name].per_node for name in self.gpu_types}

    @property
    def groups(self) -> Mapping[str, NodeGroupConfig]:
        """No node groups: the cluster's nodes are managed elsewhere."""
        return {}


REGION = Rule(
    "gke-region", "error", "A regional cluster needs a region; without one, upstream fails with an obscure error."
)


@guard("gke-zonal-cluster", "regional", severity="warning")
def the_cluster_is_in_a_region(i: Inputs) -> Finding | None:
    """The control plane of a zonal cluster is unavailable whenever its zone is, and during upgrades."""
    if i["regional"] is False:
        return Finding("regional is false, so the cluster is unavailable whenever its zone is", "remove it")
    found = value_is_refused(_REGION, i["region"], "region", "use the cloud's region")
    return found and found._replace(rule=REGION, on=["region"])


@guard("gke-zones-not-named", "zones", "region")
def zones_are_named(i: Inputs) -> Finding | None:
    """Without zones, upstream chooses three at random, and others when the region's zones change, so nodes move."""
    if is_one_of(i["zones"], None, []):
        return Finding(
            "zones is not set, so the module chooses three at random, and others when the region's zones or the "
            "module's dependencies change",
            "set zones (cluster.zones in a cloud's configuration) to three zones of the region",
        )
    return None


@guard("gke-cluster-name", "name")
def the_cluster_has_a_name_that_gke_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid cluster names at apply."""
    return value_is_refused(NAME, i["name"], "name", "choose another name")


@guard("gke-control-plane-range", "master_ipv4_cidr_block")
def the_control_plane_has_16_addresses(i: Inputs) -> Finding | None:
    """The control plane of a private cluster needs a /28, and Google rejects other sizes at apply."""
    range_ = i["master_ipv4_cidr_block"]
    found = networks.network(range_)
    if i["enable_private_nodes"] is not True or i["private_endpoint_subnetwork"] is not None or is_unresolved(range_):
        return None
    if found is None or found.prefixlen != _CONTROL_PLANE_PREFIX:
        return Finding(
            "master_ipv4_cidr_block must be a /28", "use another range", range_, "a /28, such as 172.16.0.0/28"
        )
    return None


@guard("gke-labels", "cluster_resource_labels")
def labels_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid labels at apply."""
    labels = "cluster_resource_labels"
    return None if is_unresolved(i[labels]) else value_is_refused(_LABELS, i[labels], labels, "change the label")


@guard("gke-gpu-autoprovisioning", "cluster_autoscaling")
def gpus_are_not_provisioned_by_gke(i: Inputs) -> Finding | None:
    """Anyscale requests GPU nodes by labels that node pools created by GKE do not have."""
    scaling = i["cluster_autoscaling"]
    enabled = isinstance(scaling, Mapping) and scaling.get("enabled") is True
    if enabled and any("accelerator_type" in pool for pool in pools_of(i)):
        return Finding(
            "cluster_autoscaling lets GKE create node pools, which Anyscale cannot use for GPUs",
            "remove it; node_pools scale without it",
        )
    return None


@guard("gke-node-account", "create_service_account", "service_account")
def gke_node_account(i: Inputs) -> Finding | None:
    """Nodes need an account that can pull images and write logs; neither upstream's account nor the default one can."""
    if i["create_service_account"] is not False:
        return Finding(
            "create_service_account creates an account without the roles that nodes need",
            "remove it, and set service_account",
            on=["create_service_account"],
        )
    if is_one_of(i["service_account"], "", "create"):
        return Finding(
            "service_account is not set, so nodes would have the project's default account",
            "set it to an account for nodes",
            on=["service_account"],
        )
    return None


@guard("gke-workload-identity", "identity_namespace", "node_metadata")
def gke_workload_identity(i: Inputs) -> Finding | None:
    """The operator authenticates with Workload Identity. Without it, all pods can also use the nodes' account."""
    pool, metadata = i["identity_namespace"], i["node_metadata"]
    if i.known("identity_namespace") and pool != "enabled" and not pool.endswith(".svc.id.goog"):
        return Finding("identity_namespace disables Workload Identity", "remove it", pool, on=["identity_namespace"])
    if i.known("node_metadata") and metadata not in _PODS_IDENTITY:
        return Finding(
            "node_metadata lets pods use the nodes' account",
            "remove it",
            metadata,
            " or ".join(sorted(_PODS_IDENTITY)),
            on=["node_metadata"],
        )
    return None


@guard("gke-in-cluster-resources", *_INSIDE_THE_CLUSTER)
def nothing_is_made_inside_the_cluster(i: Inputs) -> Finding | None:
    """Kubernetes objects need a provider that is connected to the cluster, which does not exist yet."""
    for name in _INSIDE_THE_CLUSTER:
        if not is_one_of(i[name], False, [], {}):
            return Finding(
                f"{name} creates objects in the cluster", "remove it, and create them in another stack", on=[name]
            )
    return None


@guard("gke-release-channel", "kubernetes_version", "release_channel", severity="warning")
def upgrades_are_planned(i: Inputs) -> Finding | None:
    """Without a release channel, any apply may upgrade the control plane to the latest version."""
    if is_one_of(i["kubernetes_version"], "latest") and is_one_of(i["release_channel"], "UNSPECIFIED"):
        return Finding(
            "kubernetes_version is latest without a release_channel, so any apply may upgrade the control plane",
            "set a version, or remove release_channel",
        )
    return None


@guard("gke-gateway-api", "gateway_api_channel", severity="warning")
def gke_gateway_api(i: Inputs) -> Finding | None:
    """Envoy Gateway's chart also installs the Gateway API's resource definitions, in another version."""
    channel = i["gateway_api_channel"]
    if not is_one_of(channel, None, "CHANNEL_DISABLED") and not is_unresolved(channel):
        return Finding(
            "gateway_api_channel installs resource definitions that Envoy Gateway installs too",
            "remove it, or set releases.gateway.enabled to false",
            channel,
        )
    return None


class Gke(GkeModule):
    """A regional cluster with private nodes, which Google upgrades in the release channel REGULAR.

    Its API has only a private endpoint, unless `enable_private_endpoint` is False.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `gke`.
        project: The project in which it is created.
        vpc: The nodes' VPC, whose subnet has a range for pods and one for services.
        name: The cluster's name.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names. The default of `zones` is the region's first three;
            it is required if the region is unresolved.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    # With zones set, the module reads nothing that would replace resources; other values change in place.
    settled = (
        "data.google_compute_zones.available",
        "data.google_container_engine_versions.region",
        "data.google_container_engine_versions.zone",
        "data.google_compute_subnetwork.gke_subnetwork",
    )
    guards: ClassVar[Sequence[Guard]] = (
        the_cluster_is_in_a_region,
        zones_are_named,
        the_cluster_has_a_name_that_gke_accepts,
        the_control_plane_has_16_addresses,
        labels_are_ones_google_accepts,
        gke_node_pool_name,
        pools_have_keys_that_upstream_reads,
        pools_have_room_for_their_nodes,
        limits_are_for_whole_pools,
        gke_node_pool_settings,
        gpus_are_not_provisioned_by_gke,
        gke_node_account,
        gke_workload_identity,
        nothing_is_made_inside_the_cluster,
        gke_public_nodes,
        the_api_is_not_open_to_the_internet,
        a_private_endpoint_is_reached_from_inside,
        the_control_plane_reaches_webhooks,
        upgrades_are_planned,
        gke_gateway_api,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "gke",
        *,
        project: IProject,
        vpc: IVpc,
        name: str,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[GkeInputs],
    ) -> None:
        self._project = project
        self._vpc = vpc
        super().__init__(
            scope,
            id,
            project_id=project.project_id,
            network=vpc.vpc_name,
            subnetwork=vpc.node_subnet_name,
            ip_range_pods=_named(vpc.pods_range_name, "pods"),
            ip_range_services=_named(vpc.services_range_name, "services"),
            name=name,
            depends_on=depends_on,
            **inputs,
        )

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Makes nodes and API private, lets the control plane reach webhooks, and removes the default node pool."""
        private = given.get("enable_private_endpoint", True)
        own = self._vpc.is_own(self._project)
        given = {
            "network_project_id": None if own is True else self._vpc.project_id,
            "zones": zones_of(given.get("region")),
            "enable_private_endpoint": private,
            "deploy_using_private_endpoint": private,
            # Upstream's default is likely to be inside the nodes' subnet.
            "master_ipv4_cidr_block": "172.16.0.0/28",
            # By default, the control plane reaches private nodes on two ports only, and Envoy Gateway's webhook has
            # another. In a shared VPC, the rule would be in the host project, which others manage.
            "add_master_webhook_firewall_rules": own,
            "remove_default_node_pool": True,
            "create_service_account": False,
        } | given
        given = {name: value for name, value in given.items() if value is not None}
        ranges: list[Cidr] = [given["master_ipv4_cidr_block"], *self._vpc.ranges]
        if found := networks.misplaced("master_ipv4_cidr_block and the VPC", ranges):
            fix, on = "set master_ipv4_cidr_block to an unused /28", ["master_ipv4_cidr_block"]
            raise InputError([found._replace(fix=fix, on=on)])
        return given


def zones_of(region: str | None) -> list[str] | None:
    """Returns the first three zones of a region; None if the region is unresolved."""
    if region is None or is_unresolved(region):
        return None
    return [f"{region}-{letter}" for letter in ("bcd" if region in _WITHOUT_ZONE_A else "abc")]


def _named(range_: str | None, what: str) -> str:
    if range_ is None:
        raise InputError(
            f"the VPC has no secondary range for {what}",
            fix=f"set {what}_range_name of ExistingVpc, or gke_*_range_cidr of Vpc",
            rule=RANGES,
            on=[f"ip_range_{what}"],
        )
    return range_
