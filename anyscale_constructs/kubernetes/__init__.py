"""What runs in a Kubernetes cloud's cluster: Anyscale's operator and what it stands on, as Helm releases."""

from anyscale_constructs.kubernetes.charts import Chart, Release
from anyscale_constructs.kubernetes.config import (
    EksReleasesConfig,
    GatewayConfig,
    GpuReleasesConfig,
    ReleaseConfig,
    ReleasesConfig,
)
from anyscale_constructs.kubernetes.operator import operator_values
from anyscale_constructs.kubernetes.stack import OperatorStack

__all__ = [
    "Chart",
    "EksReleasesConfig",
    "GatewayConfig",
    "GpuReleasesConfig",
    "OperatorStack",
    "Release",
    "ReleaseConfig",
    "ReleasesConfig",
    "operator_values",
]
