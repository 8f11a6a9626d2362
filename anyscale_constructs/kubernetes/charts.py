"""The charts, at exact versions, and a release of one in a cluster."""

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.config.model import WRONG_TYPE, as_given
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import Expr, is_one_of
from anyscale_constructs.findings import Finding, Key, Rule
from anyscale_constructs.kubernetes.config import ReleaseConfig
from anyscale_constructs.names import unknown
from anyscale_constructs.terraform.kinds import wrong_kinds
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.values import json_text, lost, merge, to_terraform
from anyscale_constructs.versions import CHARTS

_TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Chart:
    """A chart, and how it is released.

    Args:
        release: The release's name.
        namespace: The release's namespace, which the release creates.
        chart: The chart's name in the repository, or the path of a directory.
        repository: The URL of a chart repository or an OCI registry; None for a directory.
        version: The exact version; None for a directory.
        service_account: The service account of its pods, if they have a role. Default: none.
        fixed: The values that the configuration cannot override if the cloud sets them: ids and names. Values for a
            service account are always among them. Default: no others.
        secrets: The values that are secrets although their keys do not say so. Default: none.
        keys: The file of this package with the keys of its values. Default: keys are not checked.
        section: The section of a cloud's configuration with the release's settings, with dots.
    """

    release: str
    namespace: str
    chart: str
    repository: str | None = None
    version: str | None = None
    service_account: str = ""
    fixed: Sequence[str] = ()
    secrets: Sequence[str] = ()
    keys: str = ""
    section: str = ""


AUTOSCALER = Chart(
    "cluster-autoscaler",
    "kube-system",
    "cluster-autoscaler",
    "https://kubernetes.github.io/autoscaler",
    CHARTS["cluster-autoscaler"][0].version,
    "cluster-autoscaler",
    ("autoDiscovery.clusterName", "awsRegion"),
    section="releases.autoscaler",
)
LOAD_BALANCER_CONTROLLER = Chart(
    "aws-load-balancer-controller",
    "kube-system",
    "aws-load-balancer-controller",
    "https://aws.github.io/eks-charts",
    "1.13.2",
    "aws-load-balancer-controller",
    ("clusterName", "region", "vpcId"),
    section="releases.load_balancer_controller",
)
DEVICE_PLUGIN = Chart(
    "nvidia-device-plugin",
    "nvidia-device-plugin",
    "nvidia-device-plugin",
    "https://nvidia.github.io/k8s-device-plugin",
    "0.17.1",
    section="releases.device_plugin",
)
# The repository must not include the chart's name: the registry would return an authorization error.
ENVOY_GATEWAY = Chart(
    "envoy-gateway",
    "envoy-gateway-system",
    "gateway-helm",
    "oci://docker.io/envoyproxy",
    CHARTS["gateway-helm"][0].version,
    section="releases.gateway",
)
OPERATOR = Chart(
    "anyscale-operator",
    "anyscale-operator",
    "anyscale-operator",
    "https://anyscale.github.io/helm-charts",
    "1.8.0",
    "anyscale-operator",
    (
        "global.cloudDeploymentId",
        "global.cloudProvider",
        "global.aws.region",
        "global.auth.iamIdentity",
        "networking.gateway.name",
        "networking.gateway.namespace",
    ),
    ("workloads.imagePullSecrets.data",),
    "anyscale-operator.json",
    "releases.operator",
)
SECRET = Rule(
    "helm-secret-value",
    "error",
    "Terraform stores the values of a Helm release in its JSON and in its state, where others can read them.",
)
FIXED = Rule(
    "helm-fixed-value",
    "error",
    "The value is an ID or a name of a resource of the cloud, and the release does not work with another value.",
)
UNKNOWN = Rule("helm-unknown-value", "error", "Helm silently ignores values that the chart does not have.")
# The endings of keys, in lower-case letters and digits, whose values are secrets, not names of Kubernetes Secrets.
_SECRET = re.compile(
    r"(?:(?<!from)(?<!pull)(?<!existing)secret|token|passw(?:or)?d|passphrase|credentials?|connectionstring"
    r"|(?:api|secret|private|access)key|accesskeyid|keyjsonb64)$"
)


@dataclass(frozen=True)
class WriteOnly:
    """Values that Terraform passes to Helm and does not store; requires Terraform 1.11.

    Args:
        values: The values, with the chart's names.
        revision: Terraform passes the values only when this increases. A chart with other values, too, would lose
            these with its next change.
    """

    values: Mapping[str, Expr]
    revision: int | Expr


class Release(Resource):
    """A release of a chart, which waits until its resources are ready.

    Args:
        scope: The stack.
        chart: The chart.
        config: The release's configuration.
        values: The chart's values; those of the configuration override them.
        depends_on: Constructs that must be created first. Default: none.
        write_only: Secret values, which Terraform does not store. Default: none.
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
        stack = cloud_stack(scope, chart.release)
        key = stack.origins.of(("values",))
        merged = merged_values(chart, values, config.values, key)
        arguments: dict[str, Any] = {
            "name": chart.release,
            "namespace": chart.namespace,
            "create_namespace": True,
            "repository": chart.repository if config.repository is None else config.repository,
            "chart": chart.chart,
            "version": chart.version,
            "timeout": _TIMEOUT_SECONDS,
            # A failed release is rolled back, so that the next run can retry.
            "atomic": True,
            "values": [json_text(merged, f"the values of {chart.release}")],
        }
        if write_only:
            arguments |= {
                "set_wo": [{"name": k, "value": v, "type": "string"} for k, v in write_only.values.items()],
                "set_wo_revision": write_only.revision,
            }
        super().__init__(scope, "helm_release", chart.release, arguments, depends_on)
        for found in lost(values, config.values):
            stack.report(found._replace(construct=chart.release, key=(*key, *found.key)), self)


def merged_values(chart: Chart, values: Mapping[str, Any], over: Mapping[str, Any], key: Key = ()) -> dict[str, Any]:
    """Returns a chart's values, merged as Helm merges values files.

    Args:
        chart: The chart.
        values: The values that the cloud sets.
        over: The values of the configuration.
        key: The path of `over` in the configuration. Default: the root.

    Raises:
        ConfigError: They contain a secret or an unknown key, or override a value that the cloud must set.
    """
    merged = merge(values, over)
    changed = [*_changed(chart, values, merged)] if over else []
    fixed = [each.key for each in changed]
    wrong = [each for each in wrong_kinds(values, over) if each.key not in fixed]
    if problems := wrong or [*_problems(chart, merged), *changed]:
        raise ConfigError(each._replace(construct=chart.release, key=(*key, *each.key)) for each in problems)
    return merged


def _problems(chart: Chart, merged: Mapping[str, Any]) -> Iterator[Finding]:
    """Finds secrets, and keys that the chart does not have."""
    named = [path for wanted in chart.secrets for path, value in _at(merged, wanted.split(".")) if not _is_empty(value)]
    found = dict.fromkeys([*named, *secrets(merged)])
    for path in found:
        what = f"{_spelled(path)} is a secret, which would be stored in the JSON and in the Terraform state"
        fix = "store it in a Kubernetes Secret, and set the name of that Secret instead"
        yield Finding(what, fix, rule=SECRET, key=path)
    if chart.keys:
        for each in _unknown(chart, merged, _recorded(chart.keys)["values"]):
            if each.key not in found:
                yield each


def _changed(chart: Chart, values: Mapping[str, Any], merged: Mapping[str, Any]) -> Iterator[Finding]:
    """Finds overrides of values that the cloud must set."""
    given = dict(_leaves(to_terraform(merged)))
    for path, value in _leaves(to_terraform(values)):
        # A service account gets its role by its name or by an annotation.
        fixed = _spelled(path) in chart.fixed or "serviceAccount" in path[:-1]
        if fixed and (path not in given or given[path] != value):
            yield Finding(
                f"{_spelled(path)} must keep the value that the cloud sets", "remove it", rule=FIXED, key=path
            )


def _spelled(path: Key) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _is_empty(value: Any) -> bool:
    return is_one_of(value, None, "", [])


def _at(values: Any, wanted: Sequence[str], at: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yields the value at a path, with the path; in lists, the value of each element."""
    if not wanted:
        yield at, values
    elif isinstance(values, list):
        for index, element in enumerate(values):
            yield from _at(element, wanted, (*at, index))
    elif isinstance(values, Mapping) and wanted[0] in values:
        yield from _at(values[wanted[0]], wanted[1:], (*at, wanted[0]))


def _leaves(values: Mapping[str, Any], at: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yields the values that are not mappings, with their paths."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), value


def secrets(values: Any, at: Key = (), name: str = "") -> Iterator[Key]:
    """Yields the paths of values that are secrets by their keys or, as in an `env` list, by their `name`.

    Args:
        values: The value to search.
        at: The value's path. Default: the root.
        name: The value's name. Default: none.
    """
    if isinstance(values, Mapping):
        for key, value in values.items():
            beside = values.get("name") if is_one_of(key, "value") else None
            yield from secrets(value, (*at, key), beside if isinstance(beside, str) else str(key))
    elif isinstance(values, list | tuple):
        for index, element in enumerate(values):
            yield from secrets(element, (*at, index), name)
    # Booleans are not secrets, and keys with a slash are of labels or annotations.
    elif isinstance(values, bool) or _is_empty(values) or "/" in name:
        return
    elif _SECRET.search(re.sub(r"[^a-z0-9]", "", name.lower())):
        yield at


@functools.cache
def _recorded(file: str) -> Mapping[str, Any]:
    text = (importlib.resources.files("anyscale_constructs.kubernetes") / file).read_text(encoding="utf-8")
    recorded: Mapping[str, Any] = json.loads(text)
    return recorded


def _unknown(chart: Chart, values: Mapping[str, Any], known: Mapping[str, Any], at: Key = ()) -> Iterator[Finding]:
    """Finds keys that the chart does not have, with fixes; a `{}` in `known` allows any keys below it."""
    renamed = {} if at else _recorded(chart.keys)["moved"]
    for key, value in values.items():
        if key in known:
            yield from _unknown_inside(chart, value, known[key], (*at, key))
            continue
        moved = {path: new for old, new in renamed.items() for path, _ in _at({key: value}, old.split("."))}
        for path, new in moved.items():
            fix = "remove it, because the cloud sets it" if new in chart.fixed else f"use {new}"
            what = f"{_spelled(path)} was renamed to {new} in version 1.0 of the chart"
            yield Finding(what, fix, rule=UNKNOWN, key=path)
        if not moved:
            what = unknown(key, known)
            yield Finding(f"{_spelled(at)}: {what}" if at else what, rule=UNKNOWN, key=(*at, key))


def _unknown_inside(chart: Chart, value: Any, known: Any, at: Key) -> Iterator[Finding]:
    """Finds unknown keys in the value of a known key, and a value of the wrong kind.

    Args:
        chart: The chart.
        value: The value.
        known: The keys that the chart has there: `{}` for any value, None for a single value.
        at: The value's path.
    """
    if known and isinstance(value, Mapping):
        yield from _unknown(chart, value, known, at)
    elif known is None and isinstance(value, Mapping | list):
        yield Finding(f"{_spelled(at)} must be a single value", value=as_given(value), rule=WRONG_TYPE, key=at)
    elif known and value is not None and not isinstance(value, Expr):
        yield Finding(f"{_spelled(at)} must be a mapping", value=as_given(value), rule=WRONG_TYPE, key=at)
