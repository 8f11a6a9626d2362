"""An Anyscale cloud on any Kubernetes cluster that you bring: read it from top to bottom, copy it, change it.

The cluster, its nodes and the bucket are yours. The first stack makes nothing: it holds what registering needs. Then
the cloud is registered; the second, `<name>-operator`, installs Anyscale's operator in the cluster.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from anyscale_constructs.core.model import Model, explain
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.core.types import Known, NetworkingMode, OrExpr
from anyscale_constructs.engine import Annotations, Construct
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.kubernetes import (
    OPERATOR,
    DevicePluginReleasesConfig,
    Gateway,
    Global,
    OperatorStack,
    Release,
    ReleaseConfig,
    WriteOnly,
    merge,
    operator_values,
)
from anyscale_constructs.registration.fields import BucketUrl, Text
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig
from anyscale_constructs.registration.resource import CloudResource, ObjectStorage

_TOKEN = "ANYSCALE_CLI_TOKEN"  # noqa: S105 - a name
_TOKEN_RELEASE = "anyscale-operator-token"  # noqa: S105 - a name
_OPERATORS_TOKEN = {
    "name": _TOKEN,
    "valueFrom": {"secretKeyRef": {"name": _TOKEN_RELEASE, "key": _TOKEN}},
}
# Of what runs in Ray's pods, ray, vector, anyscaled and activity-probe use the bucket: their places there.
_RAY_PODS = {"head": (0, 1, 2, 5), "worker": (0, 1, 2, 3)}
# The chart has these for AWS alone, whose value global.aws.s3.usePathStyle reaches just the operator elsewhere.
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
        description="With its scheme: s3://, gs:// or abfss://."
    )


class LoadBalancerConfig(Model):
    """The gateway's load balancer, as the cluster makes it."""

    annotations: dict[str, str] = Field(default_factory=dict, description="Of its service.")
    address: Known[Literal["ip", "hostname"]] = Field(
        default="ip", description="What the cluster gives it as its address."
    )


class GenericConfig(KubernetesCloudConfig):
    """An Anyscale cloud on any Kubernetes cluster."""

    cloud_provider = "GENERIC"
    idle_keys = ("cloud_id", "deploy_environment", "mirror", "modules")

    stack: Known[Literal["generic"]] = "generic"
    # A narrower type is safe, since models are frozen.
    registration: Known[Literal["command"]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="command", description="How the cloud is registered: by `anyscale-constructs register`, always."
    )
    kube_context: Text = Field(description="The cluster's context in the kubeconfig that KUBE_CONFIG_PATH names.")
    region: Text = Field(default="default", description="What to call the place.")
    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach the clusters from the internet. PRIVATE: from inside the network.",
    )
    bucket: BucketConfig
    zones: OrExpr[list[Text] | None] = Field(
        default=None, description="The zones that pods are launched in, as the nodes' labels have them. Default: any."
    )
    load_balancer: LoadBalancerConfig = Field(default_factory=LoadBalancerConfig)
    operator_token_revision: OrExpr[int] = Field(
        default=1,
        ge=1,
        description="Raise it when the operator's token changes: Terraform keeps none to compare it with.",
    )
    releases: DevicePluginReleasesConfig = Field(default_factory=DevicePluginReleasesConfig)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        try:
            self.resource()
        except ValidationError as error:
            raise PydanticCustomError(
                "not_allowed", "{text}", {"text": explain(error).replace("object_storage.", "bucket.")}
            ) from error
        return self

    def resource(self) -> CloudResource:
        """What is registered."""
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


class GenericStack(CloudStack):
    """The outputs that registration needs, and nothing else.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: What is registered.
    """

    config_type = GenericConfig

    def __init__(self, scope: Construct, name: str, config: GenericConfig) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.require("the outputs", {})
        self.add_cloud_outputs({"anyscale_org_id": config.org_id}, config.resource())

    @classmethod
    def build(cls, scope: Construct, name: str, config: GenericConfig) -> list[CloudStack]:
        """Both stacks of the cloud."""
        return [cls(scope, name, config), GenericOperatorStack(scope, name, config)]


class GenericOperatorStack(OperatorStack):
    """What runs in the cluster.

    Args:
        scope: The app.
        name: The cloud's name; the stack's ends with -operator.
        config: The cloud's configuration.
    """

    def __init__(self, scope: Construct, name: str, config: GenericConfig) -> None:
        super().__init__(scope, name, config)
        releases, balancer = config.releases, config.load_balancer
        self.connect_by_context(config.kube_context)
        self.device_plugin(releases.device_plugin)
        if releases.gateway.enabled and config.networking_mode == "PRIVATE" and not balancer.annotations:
            Annotations.of(self).add_warning(
                "networking_mode is PRIVATE, but load_balancer.annotations is empty, so the cluster may make a load "
                "balancer of the internet. To mend it: give the annotation that makes it an internal one"
            )
        gateway, ready = self.gateway(releases.gateway, config.networking_mode, balancer.annotations, balancer.address)
        if releases.operator.enabled:
            self._operator(config, gateway, ready)

    def _operator(self, config: GenericConfig, gateway: Gateway | None, ready: list[Construct]) -> None:
        self.require("the operator's token, which is write-only", {}, ">= 1.11")
        revision = config.operator_token_revision
        token = self.add_secret(
            "anyscale_cli_token",
            "string",
            "The token that the operator has; TF_VAR_anyscale_cli_token holds it, and no plan and no state.",
            ephemeral=True,
        )
        # In a release of its own: among other values it would be lost with their next change.
        chart = self.own_chart("token", _TOKEN_RELEASE)
        secret = Release(self, chart, ReleaseConfig(), {}, write_only=WriteOnly({"token": token}, revision))
        cloud: Global = {"cloudDeploymentId": self.cloud_resource_id, "cloudProvider": "generic"}
        # Pods read the environment when they start, so another token is another pod.
        more: dict[str, Any] = {"operator": {"annotations": {"anyscale-constructs/token-revision": str(revision)}}}
        release = _beside(config.releases.operator, "operator.container.additionalEnv", [_OPERATORS_TOKEN])
        if config.bucket.s3_addressing_style == "PATH_STYLE":
            more["global"] = {"aws": {"s3": {"usePathStyle": True}}}
            release = _beside(release, "patches", _PATH_STYLE)
        self.release(
            OPERATOR,
            release,
            merge(operator_values(cloud, {}, gateway), more),
            [*ready, secret],
        )


def _beside(release: ReleaseConfig, path: str, ours: list[dict[str, Any]]) -> ReleaseConfig:
    """The release with a list of ours before what the configuration has there: Helm would take one of both."""
    theirs: Any = release.values
    keys = path.split(".")
    for key in keys:
        theirs = theirs.get(key) if isinstance(theirs, Mapping) else None
    if theirs is not None and not isinstance(theirs, list):
        raise ConfigError(f"releases.operator.values.{path} must be a list", mend="write each with a - before it")
    over: Any = [*ours, *(theirs or [])]
    for key in reversed(keys):
        over = {key: over}
    return release.model_copy(update={"values": merge(release.values, over)})
