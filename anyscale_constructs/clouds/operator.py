"""The base of a Kubernetes cloud's second stack: the Helm releases for a registered cloud."""

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
"""The suffix of the name of a cloud's second stack."""

# Exact versions: version 3 of Helm's provider changed blocks to attributes, and each major version breaks something.
_PROVIDERS = {
    "helm": RequiredProvider("hashicorp/helm", "3.1.1"),
    "kubernetes": RequiredProvider("hashicorp/kubernetes", "3.0.1"),
}
_RELEASE = "anyscale-gateway"
# For each networking_mode, the ranges that match no client, and the fix.
_WITHOUT_CLIENTS = {
    "PUBLIC": ("private ranges", "use the public ranges of your users, or set networking_mode: PRIVATE"),
    "PRIVATE": ("public ranges", "use the private ranges of your users, or set networking_mode: PUBLIC"),
}


class Config(Protocol):
    """The part of a cloud's configuration that the second stack reads, for every kind of cloud."""

    @property
    @abstractmethod
    def backend(self) -> Backend:
        """The backend of the cloud's Terraform state."""

    @property
    @abstractmethod
    def registration(self) -> Literal["command", "terraform"]:
        """How the cloud is registered: by the command or by Terraform."""

    @property
    @abstractmethod
    def networking_mode(self) -> NetworkingMode:
        """PUBLIC or PRIVATE."""

    @property
    @abstractmethod
    def workloads(self) -> Workloads | None:
        """The permissions of users' pods; None if they run as the operator's or the namespace's service account."""

    @property
    @abstractmethod
    def releases(self) -> ReleasesConfig:
        """The Helm releases."""


C = TypeVar("C", bound=Config)

_RANGES = ("releases", "gateway", "ingress_cidr_blocks")
IDLE_RANGES = Rule(
    "idle-ingress-range",
    "warning",
    "A public load balancer has no clients with private addresses, and an internal one none with public addresses, so "
    "the range has no effect.",
)
UNTESTED = Rule(
    "untested-kubernetes",
    "note",
    "The chart's authors test it with some versions of Kubernetes; it usually works with others.",
    " and ".join(version.source for versions in CHARTS.values() for version in versions[-1:]),
)


class OperatorStack(CloudStack, Generic[C]):
    """Helm releases in an existing cluster, for a registered cloud.

    Each kind of cloud has a subclass. To customize it, override a step, such as `operator_values`, or extend `compose`.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale. The stack's name is NAME-operator.
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
        """Adds the releases in the order of their dependencies."""
        self.add_providers()
        controllers = self.add_controllers()
        self.add_device_plugin()
        gateway, ready = self.add_gateway(controllers)
        self.add_operator(gateway, [*ready, *self.add_service_accounts()])

    @abstractmethod
    def add_providers(self) -> None:
        """Looks up the cluster and configures the helm and kubernetes providers for it."""

    def add_controllers(self) -> list[Construct]:
        """Adds controllers for load balancers and nodes, if the cluster lacks them; returns what to wait for."""
        return []

    @abstractmethod
    def add_device_plugin(self) -> None:
        """Adds NVIDIA's device plugin if the cluster may have GPUs and the provider installs no plugin."""

    @property
    def load_balancer_address(self) -> Literal["hostname", "ip"]:
        """The attribute that holds a load balancer's address."""
        return "ip"

    @abstractmethod
    def load_balancer_annotations(self) -> Mapping[str, str]:
        """Returns the annotations that make the gateway's load balancer public or internal."""

    @abstractmethod
    def operator_values(self, gateway: Gateway | None) -> Mapping[str, Any]:
        """Returns the values of the operator's chart.

        Args:
            gateway: The gateway. If None, the operator creates Ingresses instead.
        """

    @property
    def workload_service_account(self) -> str | None:
        """The service account of users' pods; None for the operator's, or on GENERIC for the namespace's default."""
        return None if self.config.workloads is None else WORKLOADS

    def add_service_accounts(self) -> list[Construct]:
        """Adds the service accounts of users' pods, if configured; returns the constructs to wait for."""
        names = accounts_of(self.config.workloads)
        if not names:
            return []
        accounts = {name: {"annotations": self.service_account_annotations(name)} for name in names}
        chart = self.own_chart("service-accounts", "anyscale-service-accounts")
        return [Release(self, chart, ReleaseConfig(), {"serviceAccounts": accounts})]

    @abstractmethod
    def service_account_annotations(self, name: str) -> Mapping[str, str]:
        """Returns the annotations that bind a service account of users' pods to its cloud identity.

        Args:
            name: The service account's name.
        """

    def add_operator(self, gateway: Gateway | None, depends_on: Sequence[Construct]) -> None:
        """Adds Anyscale's operator.

        Args:
            gateway: What the operator needs about the gateway.
            depends_on: The constructs that it waits for.
        """
        values = self.operator_values(gateway)
        shared = values.get("workloads", {}).get("serviceAccount", {}).get("name") == OPERATOR.service_account
        if shared and self.config.releases.operator.enabled:
            self.report(
                Finding(
                    "users' pods run as the operator's service account, which can read every Secret in its namespace",
                    "set workloads to {}, with the permissions that users' pods had by the operator's identity",
                    rule=SHARED,
                    key=("workloads",),
                )
            )
        self.release(OPERATOR, self.config.releases.operator, values, depends_on)

    def _variable(self, name: str) -> Expr:
        rule: Validation = {
            "condition": fn.can(fn.regex(f"^{checked(CloudResourceId).accepts}$", "${var.cloud_resource_id}")),
            "error_message": (
                "It must be a cloud resource ID, which begins with cldrsrc_; an ID that begins with cld_ is a cloud ID."
            ),
        }
        description = f"The cloud resource ID, which anyscale-constructs register {name} --tfvars FILE writes."
        return self.add_variable(
            "cloud_resource_id", "string", description=description, nullable=False, validation=[rule]
        )

    def _registered(self, scope: Construct, name: str, backend: Backend) -> Expr:
        # When both are deployed at once, the first stack must come first.
        if isinstance(cloud := scope.node.try_find_child(name), CloudStack):
            self.add_dependency(cloud)
        state = Data(self, "terraform_remote_state", "cloud", remote_state(backend, name))
        return state.attribute(f"outputs.{RESOURCE_ID_OUTPUT}")

    def connect(self, host: str, ca_certificate: Expr, command: Sequence[str]) -> None:
        """Configures the helm and kubernetes providers.

        Args:
            host: The cluster's endpoint.
            ca_certificate: The certificate of its certificate authority, in base64.
            command: The command that prints a token during a run, so that no token is in the state.
        """
        decoded = fn.base64decode(ca_certificate)
        token = {"api_version": "client.authentication.k8s.io/v1beta1", "command": command[0], "args": command[1:]}
        self._connect({"host": host, "cluster_ca_certificate": decoded, "exec": token})

    def connect_by_context(self, context: str) -> None:
        """Configures the helm and kubernetes providers from the kubeconfig that KUBE_CONFIG_PATH names.

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
        """Releases a chart, unless it is disabled; returns what others can depend on."""
        if not config.enabled:
            return []
        with self.configured_by(chart.section):
            return [Release(self, self._fitting(chart), config, values, depends_on)]

    @property
    def kubernetes_version(self) -> str | None:
        """The Kubernetes version of a new cluster; None if its provider chooses the version."""
        return None

    def _fitting(self, chart: Chart) -> Chart:
        """Returns the chart with the version for the cluster's Kubernetes version."""
        kubernetes = None if is_unresolved(self.kubernetes_version) else self.kubernetes_version
        fitting = chart_version(chart.chart, kubernetes)
        if fitting is None or kubernetes is None:
            return chart
        if not fitting.is_tested_with(kubernetes):
            self.report(
                Finding(
                    f"{chart.chart} {fitting.version} is not tested with the cluster's Kubernetes version",
                    "set a tested version, if the cluster is new",
                    kubernetes,
                    " to ".join(dict.fromkeys([fitting.oldest, fitting.newest])),
                    rule=UNTESTED,
                    key=("cluster", "kubernetes_version"),
                )
            )
        return replace(chart, version=fitting.version)

    def own_chart(self, folder: str, release: str) -> Chart:
        """Returns one of this library's charts, copied next to the stack's JSON, for the operator's namespace.

        Args:
            folder: The chart's directory in anyscale_constructs/kubernetes.
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
            config: The release's configuration.
            taints: Keys of taints that the provider sets on some of these nodes. Default: none.
            groups: Node groups that may have further taints. Default: none.
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
        """Adds Envoy Gateway, and a Gateway with a load balancer.

        Args:
            depends_on: The constructs that create load balancers.

        Returns:
            What the operator needs about the gateway, and the constructs that the operator waits for.
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
        if idle := _ranges_without_clients([] if isinstance(ranges, Expr) else ranges, networking_mode):
            what, fix = _WITHOUT_CLIENTS[networking_mode]
            self.report(
                Finding(
                    f"ingress_cidr_blocks has {what}, from which no client can reach the load balancer while "
                    f"networking_mode is {networking_mode}",
                    fix,
                    idle,
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
        # The release and its Service have the same name; Helm has waited for the address.
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


def _ranges_without_clients(cidrs: Sequence[str], networking_mode: NetworkingMode) -> list[str]:
    """Returns the ranges from which no client can reach the load balancer; skips unresolved values."""
    known = filter(None, map(networks.network, cidrs))
    if networking_mode == "PUBLIC":
        return [str(each) for each in known if any(map(each.subnet_of, PRIVATE_NETWORKS))]
    return [str(each) for each in known if not any(map(each.overlaps, PRIVATE_NETWORKS))]
