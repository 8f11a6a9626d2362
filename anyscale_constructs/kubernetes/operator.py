"""The values of the chart anyscale-operator that this library sets, with the chart's names.

Source: https://github.com/anyscale/helm-charts, charts/anyscale-operator at 1.8.0.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from anyscale_constructs.config.node_groups import NodeGroup, PodShape, gpu_shapes
from anyscale_constructs.kubernetes.charts import OPERATOR

# The chart's defaults.
_CPU_SHAPES = [PodShape(cpus=cpus, memory_gb=memory) for cpus, memory in ((2, 8), (4, 16), (8, 32))]
_DEFAULTS_HAVE = {"2CPU-8GB", "4CPU-16GB", "8CPU-32GB", "8CPU-32GB-1xT4"}


class Region(TypedDict):
    """The section of a cloud provider."""

    region: str


class Global(TypedDict):
    """The section of the cloud; despite its name, cloudDeploymentId is the cloud resource's ID."""

    cloudDeploymentId: str
    cloudProvider: Literal["aws", "gcp", "azure", "generic"]
    aws: NotRequired[Region]
    auth: NotRequired[Mapping[str, str]]


class Gateway(TypedDict):
    """The gateway for the operator's routes; the operator creates DNS records for its address."""

    enabled: bool
    name: str
    namespace: str
    hostname: NotRequired[str]
    ip: NotRequired[str]


class InstanceType(TypedDict):
    """The resources of a pod, which users select like an instance type."""

    resources: Mapping[str, int | str | list[str]]
    nodeSelector: NotRequired[Mapping[str, str]]
    tolerations: NotRequired[Sequence[Mapping[str, str]]]


# Not a class, since `global` is a keyword.
OperatorValues = TypedDict(
    "OperatorValues",
    {
        "global": Global,
        "networking": NotRequired[Mapping[Literal["gateway"], Gateway]],
        "operator": Mapping[Literal["serviceAccount"], Mapping[Literal["name"], str]],
        "workloads": Mapping[str, Mapping[str, object]],
    },
)


def operator_values(
    cloud: Global,
    gpus: Mapping[str, int],
    gateway: Gateway | None,
    service_account: str | None = None,
    *,
    groups: Mapping[str, NodeGroup] = MappingProxyType({}),
) -> OperatorValues:
    """Returns the chart's values.

    Args:
        cloud: The section `global`.
        gpus: The number of GPUs per node, by the GPU's name in Anyscale.
        gateway: The gateway. If None, the operator creates Ingresses instead.
        service_account: The service account of users' pods. Default: the operator's; on GENERIC, where the operator's
            has no role, the namespace's default.
        groups: Node groups with instance types, by name. Default: none.
    """
    name = OPERATOR.service_account
    types = {key: kind for gpu, count in gpus.items() for key, kind in _types(gpu_shapes(count), gpu)}
    for key, group in groups.items():
        types |= _types_of_group(key, group)
    additional = {key: kind for key, kind in types.items() if key not in _DEFAULTS_HAVE}
    workloads: dict[str, Mapping[str, object]] = {"instanceTypes": {"additional": additional}}
    if selectors := {group.gpu_type: group.gpu_product for group in groups.values() if group.gpu_product is not None}:
        workloads["accelerator"] = {"nodeSelectors": {"additional": selectors}}
    # On a cloud provider, this account has a role for the bucket, which workloads need too. On GENERIC, it can only
    # read Secrets, including the operator's token, so workloads keep the chart's default, the namespace's account.
    if service_account is not None or cloud["cloudProvider"] != "generic":
        workloads["serviceAccount"] = {"name": service_account or name}
    values: OperatorValues = {
        "global": cloud,
        "operator": {"serviceAccount": {"name": name}},
        "workloads": workloads,
    }
    if gateway:
        values["networking"] = {"gateway": gateway}
    return values


def _types(shapes: Sequence[PodShape], gpu: str | None, suffix: str = "") -> Iterator[tuple[str, InstanceType]]:
    """Yields an instance type for each shape, with its name."""
    for shape in shapes:
        resources: dict[str, int | str | list[str]] = {"CPU": shape.cpus}
        name = f"{shape.cpus}CPU-{shape.memory_gb}GB"
        if shape.gpus and gpu is not None:
            resources |= {"GPU": shape.gpus, "memory": f"{shape.memory_gb}Gi", "accelerators": [gpu]}
            name += f"-{shape.gpus}x{gpu}"
        else:
            resources["memory"] = f"{shape.memory_gb}Gi"
        yield name + suffix, {"resources": resources}


def _types_of_group(name: str, group: NodeGroup) -> dict[str, InstanceType]:
    """Returns the instance types of a node group, which select its nodes if labels or taints distinguish them."""
    if not group.node_selector and not group.taints:
        return dict(_types(group.shapes, group.gpu_type))
    own: InstanceType = {"resources": {}}
    if group.node_selector:
        own["nodeSelector"] = group.node_selector
    if group.taints:
        own["tolerations"] = [{"operator": "Equal", **taint.model_dump()} for taint in group.taints]
    found = _types(group.shapes or _CPU_SHAPES, group.gpu_type, f"-{name}")
    return {key: {**own, **kind} for key, kind in found}
