"""The charts, at exact versions, and a release of one in a cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.core.resource import Resource
from anyscale_constructs.core.values import json_text
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import Expr, is_one_of
from anyscale_constructs.kubernetes.config import ReleaseConfig

_TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Chart:
    """A chart, and how it is released.

    Args:
        release: The release's name.
        namespace: The release's namespace, which it makes.
        chart: The chart's name in the repository, or the path of a folder.
        repository: A chart repository's URL, or an OCI registry's; None for a folder.
        version: Exactly; None for a folder.
        service_account: Of its pods, if they have a role.
        secrets: Values that are secrets, which no release takes: they would stand in the JSON and in the state.
    """

    release: str
    namespace: str
    chart: str
    repository: str | None = None
    version: str | None = None
    service_account: str = ""
    secrets: Sequence[str] = ()


AUTOSCALER = Chart(
    "cluster-autoscaler",
    "kube-system",
    "cluster-autoscaler",
    "https://kubernetes.github.io/autoscaler",
    "9.46.0",
    "cluster-autoscaler",
)
LOAD_BALANCER_CONTROLLER = Chart(
    "aws-load-balancer-controller",
    "kube-system",
    "aws-load-balancer-controller",
    "https://aws.github.io/eks-charts",
    "1.13.2",
    "aws-load-balancer-controller",
)
DEVICE_PLUGIN = Chart(
    "nvidia-device-plugin",
    "nvidia-device-plugin",
    "nvidia-device-plugin",
    "https://nvidia.github.io/k8s-device-plugin",
    "0.17.1",
)
# The chart's name must not stand in the repository too: the registry answers with an authorization error then.
ENVOY_GATEWAY = Chart("envoy-gateway", "envoy-gateway-system", "gateway-helm", "oci://docker.io/envoyproxy", "1.8.2")
OPERATOR = Chart(
    "anyscale-operator",
    "anyscale-operator",
    "anyscale-operator",
    "https://anyscale.github.io/helm-charts",
    "1.8.0",
    "anyscale-operator",
    (
        "global.auth.anyscaleCliToken",
        "credentialMount.aws.createSecret.accessKeyId",
        "credentialMount.aws.createSecret.secretAccessKey",
        "credentialMount.gcp.createSecret.keyJsonB64",
        "workloads.imagePullSecrets.data",
    ),
)


@dataclass(frozen=True)
class WriteOnly:
    """Values that Terraform hands to Helm and keeps nowhere; this needs Terraform 1.11.

    Args:
        values: By the chart's own names.
        revision: Terraform hands them over when this rises, and only then: a chart that has other values too would
            lose them with the next change.
    """

    values: Mapping[str, Expr]
    revision: int


class Release(Resource):
    """A release of a chart; it waits until what it made runs.

    Args:
        scope: The stack.
        chart: The chart.
        config: What is said of it in the configuration.
        values: The chart's values; those of the configuration win.
        depends_on: Constructs that must be there first.
        write_only: Secret values.
    """

    def __init__(
        self,
        scope: Construct,
        chart: Chart,
        config: ReleaseConfig,
        values: Mapping[str, Any],
        depends_on: Sequence[Construct] = (),
        *,
        write_only: WriteOnly | None = None,
    ) -> None:
        arguments: dict[str, Any] = {
            "name": chart.release,
            "namespace": chart.namespace,
            "create_namespace": True,
            "repository": chart.repository if config.repository is None else config.repository,
            "chart": chart.chart,
            "version": chart.version,
            "timeout": _TIMEOUT_SECONDS,
            # A failed one is undone, so that the next run can begin anew.
            "atomic": True,
            "values": [json_text(_merged(chart, values, config.values), f"the values of {chart.release}")],
        }
        if write_only:
            arguments |= {
                "set_wo": [{"name": k, "value": v, "type": "string"} for k, v in write_only.values.items()],
                "set_wo_revision": write_only.revision,
            }
        super().__init__(scope, "helm_release", chart.release, arguments, depends_on)


def _merged(chart: Chart, values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = merge(values, over)
    for path in chart.secrets:
        if any(not is_one_of(value, None, "") for value in _at(merged, path.split("."))):
            raise ConfigError(
                f"the values of {chart.release} hold a secret, {path}, which would stand in the JSON and in the state",
                mend="leave it out, and let the cluster have it in a Secret",
            )
    accounts, given = dict(_service_accounts(values)), dict(_service_accounts(merged))
    for path, name in accounts.items():
        if given.get(path) != name:
            raise ConfigError(
                f"the values of {chart.release} change {path}, but the account {name!r} has the permissions",
                value=given.get(path),
                mend="leave it out",
            )
    return merged


def _at(values: Any, path: Sequence[str]) -> Iterator[Any]:
    """What is there; in a list, of each of its elements."""
    if isinstance(values, list):
        for element in values:
            yield from _at(element, path)
    elif not path:
        yield values
    elif isinstance(values, Mapping):
        yield from _at(values.get(path[0]), path[1:])


def _service_accounts(values: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            if key == "serviceAccount" and "name" in value:
                yield f"{at}{key}.name", value["name"]
            yield from _service_accounts(value, f"{at}{key}.")


def merge(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merges mappings at all depths, as Helm does with one file of values over another."""
    both = values.keys() & over.keys()
    deeper = {
        key: merge(values[key], over[key])
        for key in both
        if isinstance(values[key], Mapping) and isinstance(over[key], Mapping)
    }
    return {**values, **over, **deeper}
