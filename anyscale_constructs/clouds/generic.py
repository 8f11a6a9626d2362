"""An Anyscale cloud on any Kubernetes cluster that you bring.

The cluster, its nodes and the bucket are yours. The first stack creates nothing; it holds the outputs that registration
needs. After the cloud is registered, the second stack, `<name>-operator`, installs Anyscale's operator in the cluster.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError, model_validator

from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.config.model import WRONG_TYPE, Model, found_in, refuse_all
from anyscale_constructs.config.types import Known, NetworkingMode, OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.kubernetes import (
    OPERATOR,
    DevicePluginReleasesConfig,
    Gateway,
    Global,
    Release,
    ReleaseConfig,
    WriteOnly,
    operator_values,
)
from anyscale_constructs.kubernetes.service_accounts import ServiceAccountName, accounts_of
from anyscale_constructs.registration.fields import BucketUrl, Text
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig
from anyscale_constructs.registration.resource import CloudResource, ObjectStorage
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.values import merge

_TOKEN = "ANYSCALE_CLI_TOKEN"  # noqa: S105 - a name
_TOKEN_RELEASE = "anyscale-operator-token"  # noqa: S105 - a name
_OPERATORS_TOKEN = {
    "name": _TOKEN,
    "valueFrom": {"secretKeyRef": {"name": _TOKEN_RELEASE, "key": _TOKEN}},
}
# The indexes of the containers in Ray's pods that use the bucket: ray, vector, anyscaled and activity-probe.
_RAY_PODS = {"head": (0, 1, 2, 5), "worker": (0, 1, 2, 3)}
# The chart sets this for AWS only: with other providers, global.aws.s3.usePathStyle affects only the operator.
_PATH_STYLE = [
    {
        "kind": "Pod",
        "selector": f"anyscale.com/ray-node-type in ({pod})",
        "patch": [
            {
                "op": "add",
                "path": f"/spec/containers/{container}/env/-",
                "value": {"name": "ANYSCALE_S3_USE_PATH_STYLE", "value": "true"},
            }
            for container in containers
        ],
    }
    for pod, containers in _RAY_PODS.items()
]


class BucketConfig(ObjectStorage):
    """The bucket for logs, images and, without file storage, shared files."""

    bucket_name: BucketUrl = Field(  # pyright: ignore[reportIncompatibleVariableOverride] # models are frozen
        description="The bucket's URL, with its scheme: s3://, gs:// or abfss://."
    )


PUBLIC_LOAD_BALANCER = Rule(
    "public-load-balancer",
    "warning",
    "Kubernetes has no common setting for internal load balancers: each provider has its own annotation.",
)


class LoadBalancerConfig(Model):
    """The load balancer that the cluster creates for the gateway."""

    annotations: dict[str, str] = Field(
        default_factory=empty_map, description="Annotations of its Service. Default: none."
    )
    address: Known[Literal["ip", "hostname"]] = Field(
        default="ip", description="The kind of address that the cluster assigns to it."
    )


class ServiceAccountConfig(Model):
    """A service account of users' pods."""

    annotations: dict[str, str] = Field(
        default_factory=empty_map,
        description="Annotations that bind it to an identity of your cluster's provider. Default: none.",
    )


class WorkloadsConfig(ServiceAccountConfig):
    """The service account of users' pods."""

    service_accounts: dict[ServiceAccountName, ServiceAccountConfig] = Field(
        default_factory=empty_map, description="Further service accounts, by name. Default: none."
    )


class GenericConfig(KubernetesCloudConfig):
    """An Anyscale cloud on any Kubernetes cluster."""

    cloud_provider = "GENERIC"
    idle_keys = (
        *("cloud_id", "deploy_environment", "mirror", "modules"),
        *("lineage_tracking_enabled", "aggregated_logs_enabled"),
    )

    # A narrower type is safe, since models are frozen.
    registration: Known[Literal["command"]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="command", description="How the cloud is registered: always by `anyscale-constructs register`."
    )
    kube_context: Text = Field(
        description="The cluster's context in the kubeconfig file in KUBE_CONFIG_PATH.", examples=["on-premises"]
    )
    region: Text = Field(default="default", description="A name for the cluster's location.", examples=["berlin"])
    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach Ray clusters from the internet. PRIVATE: only from inside the network.",
    )
    bucket: BucketConfig = Field(description="The existing bucket.")
    zones: OrExpr[list[Text] | None] = Field(
        default=None, description="The zones in which pods are launched, as in the nodes' labels. Default: any zone."
    )
    load_balancer: LoadBalancerConfig = Field(
        default_factory=LoadBalancerConfig,
        description="The load balancer that the cluster creates for the gateway. Default: no annotations, and an IP "
        "address.",
    )
    operator_token_revision: OrExpr[int] = Field(
        default=1,
        ge=1,
        description="Increase it when the operator's token changes: Terraform does not store the token, so it cannot "
        "detect a change.",
    )
    workloads: WorkloadsConfig | None = Field(
        default=None,
        description="A service account for users' pods, anyscale-workloads; {} creates one without annotations. "
        "Default: users' pods run as the service account default of the operator's namespace.",
    )
    releases: DevicePluginReleasesConfig = Field(
        default_factory=DevicePluginReleasesConfig,
        description="The Helm releases in the cluster. Default: all that the cloud needs.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        try:
            self.resource()
        except ValidationError as error:
            raise refuse_all(
                each._replace(key=("bucket", *each.key[1:]) if each.key[:1] == ("object_storage",) else each.key)
                for each in found_in(error)
            ) from error
        return self

    def resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
        return CloudResource.model_validate(
            {
                "name": f"k8s-generic-{self.region}",
                "provider": "GENERIC",
                "compute_stack": "K8S",
                "region": self.region,
                "networking_mode": self.networking_mode,
                "object_storage": self.bucket,
                "file_storage": self.file_storage,
                "kubernetes_config": self.kubernetes_config(zones=self.zones),
            }
        )


class GenericOperatorStack(OperatorStack[GenericConfig]):
    """What runs in the cluster of an Anyscale cloud on any Kubernetes cluster.

    Args:
        scope: The app.
        name: The cloud's name. The stack's name is NAME-operator.
        config: The cloud's configuration.
    """

    def add_providers(self) -> None:
        """Configures the providers for the cluster."""
        self.connect_by_context(self.config.kube_context)

    def add_device_plugin(self) -> None:
        """Adds NVIDIA's device plugin."""
        self.device_plugin(self.config.releases.device_plugin)

    @property
    def load_balancer_address(self) -> Literal["hostname", "ip"]:
        """The configured attribute that holds a load balancer's address."""
        return self.config.load_balancer.address

    def load_balancer_annotations(self) -> Mapping[str, str]:
        """Returns the configured annotations."""
        annotations = self.config.load_balancer.annotations
        if self.config.networking_mode == "PRIVATE" and not annotations:
            self.report(
                Finding(
                    "annotations is empty, so the load balancer may be public although networking_mode is PRIVATE",
                    "set your provider's annotation for internal load balancers",
                    rule=PUBLIC_LOAD_BALANCER,
                    key=("load_balancer", "annotations"),
                )
            )
        return annotations

    def operator_values(self, gateway: Gateway | None) -> Mapping[str, Any]:
        """Returns the values of the operator's chart."""
        cloud: Global = {"cloudDeploymentId": self.cloud_resource_id, "cloudProvider": "generic"}
        # Pods read the environment when they start, so a new token requires new pods.
        revision = {"anyscale-constructs/token-revision": str(self.config.operator_token_revision)}
        more: dict[str, Any] = {"operator": {"annotations": revision}}
        if self.config.bucket.s3_addressing_style == "PATH_STYLE":
            more["global"] = {"aws": {"s3": {"usePathStyle": True}}}
        return merge(operator_values(cloud, {}, gateway, self.workload_service_account), more)

    def service_account_annotations(self, name: str) -> Mapping[str, str]:
        """Returns the configured annotations."""
        account: ServiceAccountConfig = accounts_of(self.config.workloads)[name]
        return account.annotations

    def add_operator(self, gateway: Gateway | None, depends_on: Sequence[Construct]) -> None:
        """Adds Anyscale's operator, and a Secret with its token.

        Args:
            gateway: What the operator needs about the gateway.
            depends_on: The constructs that it waits for.
        """
        release = self.config.releases.operator
        if not release.enabled:
            return
        self.require("the operator's token, which is write-only", {}, ">= 1.11")
        token = self.add_secret(
            "anyscale_cli_token",
            "string",
            "The operator's token, from TF_VAR_anyscale_cli_token; it is stored in no plan and no state.",
            ephemeral=True,
        )
        # A separate release: a later change of the operator's other values would lose the token.
        chart = self.own_chart("token", _TOKEN_RELEASE)
        write_only = WriteOnly({"token": token}, self.config.operator_token_revision)
        secret = Release(self, chart, ReleaseConfig(), {}, write_only=write_only)
        release = _with_elements(release, "operator.container.additionalEnv", [_OPERATORS_TOKEN])
        if self.config.bucket.s3_addressing_style == "PATH_STYLE":
            release = _with_elements(release, "patches", _PATH_STYLE)
        self.release(OPERATOR, release, self.operator_values(gateway), [*depends_on, secret])


class GenericStack(Cloud[GenericConfig]):
    """An Anyscale cloud on a Kubernetes cluster that you bring, wherever it runs.

    The cloud has two stacks. The first creates nothing, and holds the outputs that registration needs. The second,
    `NAME-operator`, installs Anyscale's operator and a gateway in the cluster, once the cloud is registered. You bring
    the cluster, a bucket that it reaches (in S3, Cloud Storage, Azure, or a store with S3's API, such as MinIO), and
    optionally shared file storage. Choose it for clusters other than EKS, GKE and AKS, such as one on your own
    machines.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    provider = "GENERIC"
    config_type: ClassVar[type[CloudConfig]] = GenericConfig
    operator_type: ClassVar[type[OperatorStack[Any]] | None] = GenericOperatorStack

    def add_providers(self) -> None:
        """Declares that the stack needs no provider."""
        self.require("the outputs", {})

    def compose(self) -> None:
        """Adds nothing: all resources exist."""

    def cloud_outputs(self) -> dict[str, Any]:
        """Returns the organization's ID."""
        return {"anyscale_org_id": self.config.org_id}

    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
        return self.config.resource()


def _with_elements(release: ReleaseConfig, path: str, ours: list[dict[str, Any]]) -> ReleaseConfig:
    """Returns the release with the list before the configured one, since Helm would use only one of them."""
    theirs: Any = release.values
    keys = path.split(".")
    for key in keys:
        theirs = theirs.get(key) if isinstance(theirs, Mapping) else None
    if theirs is not None and not isinstance(theirs, list):
        at = (*OPERATOR.section.split("."), "values", *keys)
        raise ConfigError(
            [Finding("must be a list", "begin each element with a hyphen", theirs, rule=WRONG_TYPE, key=at)]
        )
    over: Any = [*ours, *(theirs or [])]
    for key in reversed(keys):
        over = {key: over}
    return release.model_copy(update={"values": merge(release.values, over)})
