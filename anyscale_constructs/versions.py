"""Versions of Kubernetes, and the versions of charts that support them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

OLDEST_KUBERNETES = "1.32"
"""The oldest Kubernetes version that Anyscale supports."""
DEFAULT_EKS = "1.36"
"""The default version of EKS clusters; changing it upgrades the clusters of configurations without a version."""
NEW_EKS = "1.35"
"""The version that `anyscale-constructs init` writes: the newest that all charts here are tested with."""

_AUTOSCALER = (
    "https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-chart-{}/{}/cluster-autoscaler/Chart.yaml"
)


class ChartVersion(NamedTuple):
    """A version of a chart.

    Args:
        version: The exact version.
        oldest: The oldest Kubernetes version that the chart is tested with.
        newest: The newest Kubernetes version that the chart is tested with.
        source: The URL where its authors document this.
    """

    version: str
    oldest: str
    newest: str
    source: str

    def is_tested_with(self, kubernetes: str) -> bool:
        """Returns whether its authors test it with a Kubernetes version."""
        return minor(self.oldest) <= minor(kubernetes) <= minor(self.newest)


CHARTS: Mapping[str, Sequence[ChartVersion]] = {
    # The autoscaler (the chart's appVersion) supports the Kubernetes version with the same minor version. Since 1.35 it
    # requires APIs that were added in Kubernetes 1.34.
    "cluster-autoscaler": [
        ChartVersion("9.46.0", "1.32", "1.32", _AUTOSCALER.format("9.46.0", "charts")),
        ChartVersion("9.51.0", "1.33", "1.33", _AUTOSCALER.format("9.51.0", "charts")),
        ChartVersion("9.53.0", "1.34", "1.34", _AUTOSCALER.format("9.53.0", "cluster-autoscaler/charts")),
        ChartVersion("9.59.0", "1.35", "1.35", _AUTOSCALER.format("9.59.0", "cluster-autoscaler/charts")),
    ],
    "gateway-helm": [ChartVersion("1.8.2", "1.32", "1.35", "https://gateway.envoyproxy.io/news/releases/matrix/")],
}
"""The versions of each chart, by chart name, in ascending order of their Kubernetes versions."""


def chart_version(chart: str, kubernetes: str | None = None) -> ChartVersion | None:
    """Returns the chart version for a Kubernetes version or the closest one; None if the chart is not in `CHARTS`.

    Args:
        chart: The chart's name.
        kubernetes: The Kubernetes version, e.g. `1.35` or `1.35.2`. Default: unknown; returns the first chart version.
    """
    versions = CHARTS.get(chart, [])
    fitting = [each for each in versions if kubernetes is not None and minor(each.oldest) <= minor(kubernetes)]
    return next(iter([*reversed(fitting), *versions]), None)


def minor(kubernetes: str) -> tuple[int, ...]:
    """Returns the major and minor version numbers of a Kubernetes version, to compare; empty if it is invalid."""
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", kubernetes)
    return tuple(map(int, found.groups())) if found else ()
