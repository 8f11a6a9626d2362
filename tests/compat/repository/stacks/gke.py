"""GKE with one more node pool."""

from typing import Any

from anyscale_constructs import clouds
from anyscale_constructs.google import ClusterConfig


class GkeStack(clouds.GkeStack):
    """The package's, with one more node pool."""

    def node_pools(self, cluster: ClusterConfig) -> list[dict[str, Any]]:
        first, *others = super().node_pools(cluster)
        return [first, *others, first | {"name": "more"}]
