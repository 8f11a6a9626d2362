"""The base of a Kubernetes cloud's second stack: what runs in the cluster, once the cloud is registered."""

import importlib.resources
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Literal, Protocol, TypeVar

from anyscale_constructs.anyscale import RESOURCE_ID_OUTPUT, node_taints
from anyscale_constructs.config import networks
from anyscale_constructs.config.node_groups import NodeGroup
from anyscale_constructs.config.types import PRIVATE_NETWORKS, CloudResourceId, NetworkingMode, checked
from anyscale_constructs.engine import Construct, TerraformAsset
from anyscale_constructs.expressions import Expr, fn, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.kubernetes.charts import DEVICE_PLUGIN, ENVOY_GATEWAY, OPERATOR, Chart, Release
from anyscale_constructs.kubernetes.config import ReleaseConfig, ReleasesConfig
from anyscale_constructs.kubernetes.operator import Gateway
from anyscale_constructs.kubernetes.service_accounts import SHARED, WORKLOADS, Workloads, accounts_of
from anyscale_constructs.terraform.backend import Backend, beside, remote_state
from anyscale_constructs.terraform.declarations import Validation
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.resource import Data
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.versions import CHARTS, chart_version

SUFFIX = "-operator"
"""What the name of a cloud's second stack ends with."""

# Exactly: version 3 of Helm's writes what was blocks as attributes, and each major version breaks something.
_PROVIDERS = {
    "helm": RequiredProvider("hashicorp/helm", "3.1.1"),
    "kubernetes": RequiredProvider("hashicorp/kubernetes", "3.0.1"),
}
_RELEASE = "anyscale-gateway"
# Where nobody comes from, by networking_mode, and what to do.
_NOBODYS = {
    "PUBLIC": ("private ranges", "use the public ranges of your users, or set networking_mode: PRIVATE"),
    "PRIVATE": ("public ranges", "use the private ranges of your users, or set networking_mode: PUBLIC"),
}


class Config(Protocol):
    """What the second stack reads of a cloud's configuration, whatever its kind."""

    @property
    @abstractmethod
    def backend(self) -> Backend:
        """Where the cloud's state is kept."""

    @property
    @abstractmethod
    def registration(self) -> Literal["command", "terraform"]:
        """Who registers the cloud."""

    @property
    @abstractmethod
    def networking_mode(self) -> NetworkingMode:
        """PUBLIC or PRIVATE."""

    @property
    @abstractmethod
    def workloads(self) -> Workloads | None:
        """What users' pods may do; None: they run as the operator's service account, or the namespace's own."""

    @property
    @abstractmethod
    def releases(self) -> ReleasesConfig:
        """The Helm releases."""


C = TypeVar("C", bound=Config)

_RANGES = ("releases", "gateway", "ingress_cidr_blocks")
IDLE_RANGES = Rule(
    "idle-ingress-range",
    "warning",
    "A public load balancer sees no private addresses, and an internal one no public addresses: the range lets nobody "
    "in.",
)
UNTESTED = Rule(
    "untested-kubernetes",
    "note",
    "The makers of a chart test it with some versions of Kubernetes; with others it usually works.",
    " and ".join(version.source for versions in CHARTS.values() for version in versions[-1:]),
)


class OperatorStack(CloudStack, Generic[C]):
    """Helm releases in an existing cluster, for a registered cloud.

    A kind of cloud derives from it; override a step, such as `operator_values`, or add to `compose`.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale; the stack's ends with -operator.
        config: The cloud's configuration.
    """

    def __init__(self, scope: Construct, name: str, config: C) -> None:
        super().__init__(scope, name + SUFFIX, backend=beside(config.backend, SUFFIX))
        self.config = config
        self.configure(config)
        self.cloud_name = name
        by_terraform = config.registration == "terraform"
        self.cloud_resource_id = self._registered(scope, name, config.backend) if by_terraform else self._variable(name)
        self.compose()

    def compose(self) -> None:
        """Adds the releases in the order in which they wait for each other."""
        self.add_providers()
        controllers = self.add_controllers()
        self.add_device_plugin()
        gateway, ready = self.add_gateway(controllers)
        self.add_operator(gateway, [*ready, *self.add_service_accounts()])

    @abstractmethod
    def add_providers(self) -> None:
        """Finds the cluster and configures the providers of Helm and Kubernetes for it."""

    def add_controllers(self) -> list[Construct]:
        """Adds what the cluster lacks to make load balancers and nodes; gives what the gateway waits for."""
        return []

    @abstractmethod
    def add_device_plugin(self) -> None:
        """Adds NVIDIA's device plugin, where the cluster may have GPUs and has no plugin of its own."""

    @property
    def load_balancer_address(self) -> Literal["hostname", "ip"]:
        """Which attribute of a load balancer is its address."""
        return "ip"

    @abstractmethod
    def load_balancer_annotations(self) -> Mapping[str, str]:
        """The annotations of the gateway's load balancer, which make it one of the internet or an internal one."""

    @abstractmethod
    def operator_values(self, gateway: Gateway | None) -> Mapping[str, Any]:
        """The values of the operator's chart.

        Args:
            gateway: None: the operator makes Ingresses instead.
        """

    @property
    def workload_service_account(self) -> str | None:
        """The service account of users' pods; None: the operator's, or the namespace's own on GENERIC."""
        return None if self.config.workloads is None else WORKLOADS

    def add_service_accounts(self) -> list[Construct]:
        """Adds the service accounts of users' pods, unless they have none of their own; gives what to wait for."""
        names = accounts_of(self.config.workloads)
        if not names:
            return []
        accounts = {name: {"annotations": self.service_account_annotations(name)} for name in names}
        chart = self.own_chart("service-accounts", "anyscale-service-accounts")
        return [Release(self, chart, ReleaseConfig(), {"serviceAccounts": accounts})]

    @abstractmethod
    def service_account_annotations(self, name: str) -> Mapping[str, str]:
        """What ties a service account of users' pods to its identity in the cloud.

        Args:
            name: The service account's name.
        """

    def add_operator(self, gateway: Gateway | None, depends_on: Sequence[Construct]) -> None:
        """Adds Anyscale's operator.

        Args:
            gateway: What the operator must know of the gateway.
            depends_on: What it waits for.
        """
        values = self.operator_values(gateway)
        shared = values.get("workloads", {}).get("serviceAccount", {}).get("name") == OPERATOR.service_account
        if shared and self.config.releases.operator.enabled:
            self.report(
                Finding(
                    "users' pods run as the operator's service account, which can read every Secret in its namespace",
                    "set workloads to {}, with the permissions that you gave the operator's identity for users' pods",
                    rule=SHARED,
                    key=("workloads",),
                )
            )
        self.release(OPERATOR, self.config.releases.operator, values, depends_on)

    def _variable(self, name: str) -> Expr:
        rule: Validation = {
            "condition": fn.can(fn.regex(f"^{checked(CloudResourceId).accepts}$", "${var.cloud_resource_id}")),
            "error_message": (
                "It must be a cloud resource id, which begins with cldrsrc_; one with cld_ is the cloud's."
            ),
        }
        description = f"What anyscale-constructs register {name} --tfvars FILE writes."
        return self.add_variable(
            "cloud_resource_id", "string", description=description, nullable=False, validation=[rule]
        )

    def _registered(self, scope: Construct, name: str, backend: Backend) -> Expr:
        # One deploy of both makes the first stack first.
        if isinstance(cloud := scope.node.try_find_child(name), CloudStack):
            self.add_dependency(cloud)
        state = Data(self, "terraform_remote_state", "cloud", remote_state(backend, name))
        return state.attribute(f"outputs.{RESOURCE_ID_OUTPUT}")

    def connect(self, host: str, ca_certificate: Expr, command: Sequence[str]) -> None:
        """Configures the providers of Helm and Kubernetes.

        Args:
            host: The cluster's endpoint.
            ca_certificate: Its authority's certificate, in base64.
            command: What prints a token, for as long as a run needs one: none is in the state.
        """
        decoded = fn.base64decode(ca_certificate)
        token = {"api_version": "client.authentication.k8s.io/v1beta1", "command": command[0], "args": command[1:]}
        self._connect({"host": host, "cluster_ca_certificate": decoded, "exec": token})

    def connect_by_context(self, context: str) -> None:
        """Configures the providers of Helm and Kubernetes from the kubeconfig that KUBE_CONFIG_PATH names.

        Args:
            context: The kubeconfig's context.
        """
        self._connect({"config_context": context})

    def _connect(self, cluster: Mapping[str, Any]) -> None:
        self.require("the Helm releases", _PROVIDERS)
        self.add_provider("helm", kubernetes=cluster)
        self.add_provider("kubernetes", **cluster)

    def release(
        self, chart: Chart, config: ReleaseConfig, values: Mapping[str, Any], depends_on: Sequence[Construct] = ()
    ) -> list[Construct]:
        """Releases a chart, unless it is switched off; gives what others can depend on."""
        if not config.enabled:
            return []
        with self.configured_by(chart.section):
            return [Release(self, self._fitting(chart), config, values, depends_on)]

    @property
    def kubernetes_version(self) -> str | None:
        """The version of Kubernetes that a new cluster has; None where it has whichever its provider chooses."""
        return None

    def _fitting(self, chart: Chart) -> Chart:
        """The chart, at its version for the cluster's Kubernetes."""
        kubernetes = None if is_unresolved(self.kubernetes_version) else self.kubernetes_version
        fitting = chart_version(chart.chart, kubernetes)
        if fitting is None or kubernetes is None:
            return chart
        if not fitting.is_tested_with(kubernetes):
            self.report(
                Finding(
                    f"{chart.chart} {fitting.version} is not tested with the cluster's version of Kubernetes",
                    "set a version that it is tested with, if the cluster is new",
                    kubernetes,
                    " to ".join(dict.fromkeys([fitting.oldest, fitting.newest])),
                    rule=UNTESTED,
                    key=("cluster", "kubernetes_version"),
                )
            )
        return replace(chart, version=fitting.version)

    def own_chart(self, folder: str, release: str) -> Chart:
        """A small chart of ours, beside the stack's JSON, for the operator's namespace.

        Args:
            folder: Its folder in anyscale_constructs/kubernetes.
            release: The release's name.
        """
        path = str(importlib.resources.files("anyscale_constructs.kubernetes") / folder)
        asset = TerraformAsset(self, f"{folder}-chart", path=path)
        return Chart(release, OPERATOR.namespace, f"./{asset.path}")

    def device_plugin(
        self, config: ReleaseConfig, taints: Sequence[str] = (), groups: Sequence[NodeGroup] = ()
    ) -> None:
        """Releases NVIDIA's device plugin on all nodes with GPUs.

        Args:
            config: What is said of it.
            taints: Keys of taints that the provider has on some of them.
            groups: Node groups that may have more taints.
        """
        has_gpu = {"key": "nvidia.com/gpu.product", "operator": "Exists"}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [has_gpu]}]}
        keys = [*node_taints("SPOT", gpu=True), *taints]
        more = dict.fromkeys((taint.key, taint.effect) for group in groups for taint in group.taints)
        tolerated = [*((key, "NoSchedule") for key in keys), *more]
        values = {
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
            "tolerations": [{"key": key, "operator": "Exists", "effect": effect} for key, effect in tolerated],
        }
        self.release(DEVICE_PLUGIN, config, values)

    def add_gateway(self, depends_on: Sequence[Construct]) -> tuple[Gateway | None, list[Construct]]:
        """Adds Envoy Gateway, and a Gateway with its load balancer.

        Args:
            depends_on: What makes load balancers.

        Returns:
            What the operator must know of it, and what the operator waits for.
        """
        config, networking_mode = self.config.releases.gateway, self.config.networking_mode
        if not config.enabled:
            return None, list(depends_on)
        ranges = config.ingress_cidr_blocks
        if networking_mode == "PUBLIC" and is_one_of(ranges, []):
            self.report(
                Finding(
                    "ingress_cidr_blocks is empty, so the whole internet can reach the load balancer",
                    "set the ranges of your users, or set networking_mode: PRIVATE",
                    rule=networks.PUBLIC_INGRESS,
                    key=_RANGES,
                )
            )
        if nobodys := _nobodys([] if isinstance(ranges, Expr) else ranges, networking_mode):
            what, fix = _NOBODYS[networking_mode]
            self.report(
                Finding(
                    f"ingress_cidr_blocks has {what}, from which nobody can reach the load balancer while "
                    f"networking_mode is {networking_mode}",
                    fix,
                    nobodys,
                    rule=IDLE_RANGES,
                    key=_RANGES,
                )
            )
        controller = self.release(ENVOY_GATEWAY, config, {}, depends_on)
        chart = self.own_chart("gateway", _RELEASE)
        values = {
            "cloudResourceId": self.cloud_resource_id,
            "domain": config.domain,
            "perCloudDomainLabel": config.per_cloud_domain_label,
            "proxyNamespace": ENVOY_GATEWAY.namespace,
            "annotations": self.load_balancer_annotations(),
            "sourceRanges": ranges,
        }
        release = Release(self, chart, ReleaseConfig(), values, controller)
        # Its own chart's name for a release and a service are the same; Helm has waited for the address.
        service = Data(
            self,
            "kubernetes_service_v1",
            "gateway",
            {"metadata": {"name": _RELEASE, "namespace": ENVOY_GATEWAY.namespace}},
            [release],
        )
        address = self.load_balancer_address
        place = service.attribute(f"status[0].load_balancer[0].ingress[0].{address}")
        self.add_output("anyscale_gateway_address", place)
        gateway: Gateway = {"enabled": True, "name": _RELEASE, "namespace": OPERATOR.namespace}
        gateway[address] = place
        return gateway, [release]


def _nobodys(cidrs: Sequence[str], networking_mode: NetworkingMode) -> list[str]:
    """The ranges from which nobody reaches the load balancer; what is not known yet is passed over."""
    known = filter(None, map(networks.network, cidrs))
    if networking_mode == "PUBLIC":
        return [str(each) for each in known if any(map(each.subnet_of, PRIVATE_NETWORKS))]
    return [str(each) for each in known if not any(map(each.overlaps, PRIVATE_NETWORKS))]
