"""The values of the chart anyscale-operator: as much as we set, with the chart's own names.

Source: https://github.com/anyscale/helm-charts, charts/anyscale-operator at 1.8.0.
"""

from collections.abc import Mapping
from typing import Literal, NotRequired

from typing_extensions import TypedDict

_CPUS_PER_GPU = 8
_GB_PER_GPU = 32
_DEFAULTS_HAVE = {"8CPU-32GB-1xT4"}


class Region(TypedDict):
    """A provider's section."""

    region: str


class Global(TypedDict):
    """The cloud; cloudDeploymentId is the cloud resource's id, whatever its name says."""

    cloudDeploymentId: str
    cloudProvider: Literal["aws", "gcp", "azure", "generic"]
    aws: NotRequired[Region]
    auth: NotRequired[Mapping[str, str]]


class Gateway(TypedDict):
    """The gateway that routes are attached to; the operator makes DNS records for its address."""

    enabled: bool
    name: str
    namespace: str
    hostname: NotRequired[str]
    ip: NotRequired[str]


class InstanceType(TypedDict):
    """A shape of pods, which users choose as they would an instance type."""

    resources: Mapping[str, int | str | list[str]]


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
    cloud: Global, service_account: str, instance_types: Mapping[str, InstanceType], gateway: Gateway | None
) -> OperatorValues:
    """The chart's values.

    Args:
        cloud: Its section `global`.
        service_account: Of the operator and of the workloads, which has the role for the bucket.
        instance_types: Beside the chart's own.
        gateway: None: the operator makes Ingresses instead.
    """
    values: OperatorValues = {
        "global": cloud,
        "operator": {"serviceAccount": {"name": service_account}},
        "workloads": {
            "serviceAccount": {"name": service_account},
            "instanceTypes": {"additional": instance_types},
        },
    }
    if gateway:
        values["networking"] = {"gateway": gateway}
    return values


def gpu_instance_types(per_node: Mapping[str, int]) -> dict[str, InstanceType]:
    """Shapes with one GPU and with all GPUs of a node, for types of GPUs that the chart's defaults lack.

    Args:
        per_node: How many GPUs a node has, by the GPU's name in Anyscale.
    """
    types: dict[str, InstanceType] = {}
    for gpu, most in per_node.items():
        for count in sorted({1, most}):
            cpus, memory = count * _CPUS_PER_GPU, count * _GB_PER_GPU
            resources: dict[str, int | str | list[str]] = {
                "CPU": cpus,
                "GPU": count,
                "memory": f"{memory}Gi",
                "accelerators": [gpu],
            }
            types[f"{cpus}CPU-{memory}GB-{count}x{gpu}"] = {"resources": resources}
    return {name: shape for name, shape in types.items() if name not in _DEFAULTS_HAVE}
