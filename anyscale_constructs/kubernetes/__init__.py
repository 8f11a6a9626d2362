"""The Helm releases in a Kubernetes cloud's cluster: Anyscale's operator and its dependencies."""

from typing import TYPE_CHECKING

from anyscale_constructs import lazy
from anyscale_constructs.terraform.values import merge

if TYPE_CHECKING:
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

_PLACES = lazy.places(
    {
        "charts": ["AUTOSCALER", "Chart", "LOAD_BALANCER_CONTROLLER", "OPERATOR", "Release", "WriteOnly"],
        "config": ["DevicePluginReleasesConfig", "EksReleasesConfig", "ReleaseConfig", "ReleasesConfig"],
        "operator": ["Gateway", "Global", "operator_values"],
    }
)

__getattr__, __dir__ = lazy.attributes(__name__, _PLACES)
