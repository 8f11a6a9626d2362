"""What runs in a Kubernetes cloud's cluster: Anyscale's operator and what it stands on, as Helm releases."""

from anyscale_constructs.kubernetes.charts import (
    AUTOSCALER,
    LOAD_BALANCER_CONTROLLER,
    OPERATOR,
    Chart,
    Release,
    WriteOnly,
)
from anyscale_constructs.kubernetes.config import (
    DevicePluginReleasesConfig,
    EksReleasesConfig,
    ReleaseConfig,
    ReleasesConfig,
)
from anyscale_constructs.kubernetes.operator import Gateway, Global, operator_values
from anyscale_constructs.terraform.values import merge

__all__ = [
    "AUTOSCALER",
    "LOAD_BALANCER_CONTROLLER",
    "OPERATOR",
    "Chart",
    "DevicePluginReleasesConfig",
    "EksReleasesConfig",
    "Gateway",
    "Global",
    "Release",
    "ReleaseConfig",
    "ReleasesConfig",
    "WriteOnly",
    "merge",
    "operator_values",
]
