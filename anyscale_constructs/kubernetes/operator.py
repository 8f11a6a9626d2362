"""The values of the chart anyscale-operator: as much as we set, with the chart's own names.

Source: https://github.com/anyscale/helm-charts, charts/anyscale-operator at 1.8.0.
"""

from collections.abc import Mapping
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from anyscale_constructs.kubernetes.charts import OPERATOR

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
    cloud: Global, gpus: Mapping[str, int], gateway: Gateway | None, service_account: str | None = None
) -> OperatorValues:
    """The chart's values.

    Args:
        cloud: Its section `global`.
        gpus: How many GPUs a node has, by the GPU's name in Anyscale.
        gateway: None: the operator makes Ingresses instead.
        service_account: The service account of users' pods. Default: the operator's; the namespace's own where no
            cloud gives the operator's a role.
    """
    name = OPERATOR.service_account
    workloads: dict[str, Mapping[str, object]] = {"instanceTypes": {"additional": _instance_types(gpus)}}
    # A cloud gives this account a role for the bucket, which workloads need too. Without a cloud it may but read
    # Secrets, the operator's token among them: workloads keep the chart's default, the namespace's own account.
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


def _instance_types(gpus: Mapping[str, int]) -> dict[str, InstanceType]:
    """Shapes with one GPU and with all GPUs of a node, for types of GPUs that the chart's defaults lack."""
    types: dict[str, InstanceType] = {}
    for gpu, most in gpus.items():
        for count in (1, most):
            cpus, memory = count * _CPUS_PER_GPU, count * _GB_PER_GPU
            resources: dict[str, int | str | list[str]] = {
                "CPU": cpus,
                "GPU": count,
                "memory": f"{memory}Gi",
                "accelerators": [gpu],
            }
            types[f"{cpus}CPU-{memory}GB-{count}x{gpu}"] = {"resources": resources}
    return {name: shape for name, shape in types.items() if name not in _DEFAULTS_HAVE}
