"""The versions that go together: of Kubernetes, and of the charts that are made for some versions of it."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

OLDEST_KUBERNETES = "1.32"
"""The oldest version that Anyscale runs on."""
DEFAULT_EKS = "1.36"
"""The version of a new cluster on EKS whose configuration has none; another one here would upgrade clusters."""
NEW_EKS = "1.35"
"""The version that `anyscale-constructs init` writes: the newest that all charts here are tested with."""

_AUTOSCALER = (
    "https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-chart-{}/{}/cluster-autoscaler/Chart.yaml"
)


class ChartVersion(NamedTuple):
    """A version of a chart.

    Args:
        version: Exactly.
        oldest: The oldest version of Kubernetes that it is tested with.
        newest: The newest one.
        source: Where its authors say so.
    """

    version: str
    oldest: str
    newest: str
    source: str

    def is_tested_with(self, kubernetes: str) -> bool:
        """Whether its authors test it with that version of Kubernetes."""
        return minor(self.oldest) <= minor(kubernetes) <= minor(self.newest)


CHARTS: Mapping[str, Sequence[ChartVersion]] = {
    # The chart's appVersion; the autoscaler is for the Kubernetes of its own minor version, and since 1.35 it asks for
    # APIs that Kubernetes has had since 1.34.
    "cluster-autoscaler": [
        ChartVersion("9.46.0", "1.32", "1.32", _AUTOSCALER.format("9.46.0", "charts")),
        ChartVersion("9.51.0", "1.33", "1.33", _AUTOSCALER.format("9.51.0", "charts")),
        ChartVersion("9.53.0", "1.34", "1.34", _AUTOSCALER.format("9.53.0", "cluster-autoscaler/charts")),
        ChartVersion("9.59.0", "1.35", "1.35", _AUTOSCALER.format("9.59.0", "cluster-autoscaler/charts")),
    ],
    "gateway-helm": [ChartVersion("1.8.2", "1.32", "1.35", "https://gateway.envoyproxy.io/news/releases/matrix/")],
}
"""The versions of charts, by the chart's name, that for the oldest Kubernetes first."""


def chart_version(chart: str, kubernetes: str | None = None) -> ChartVersion | None:
    """The version of a chart for a version of Kubernetes, or for the nearest one; None where that does not matter.

    Args:
        chart: The chart's name.
        kubernetes: The version of Kubernetes, such as `1.35` or `1.35.2`. Default: it is not known; gives the first.
    """
    versions = CHARTS.get(chart, [])
    fitting = [each for each in versions if kubernetes is not None and minor(each.oldest) <= minor(kubernetes)]
    return next(iter([*reversed(fitting), *versions]), None)


def minor(kubernetes: str) -> tuple[int, ...]:
    """The numbers of a minor version of Kubernetes, which sort as the versions do; none for another text."""
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", kubernetes)
    return tuple(map(int, found.groups())) if found else ()
