"""EKS with other node groups and other values of the operator."""

from typing import Any

from anyscale_constructs import clouds
from anyscale_constructs.aws.nodes import NodesConfig
from anyscale_constructs.kubernetes import Gateway, merge


class EksOperatorStack(clouds.EksOperatorStack):
    """The package's, with a label."""

    def operator_values(self, gateway: Gateway | None) -> Any:
        return merge(super().operator_values(gateway), {"operator": {"labels": {"team": "ml"}}})


class EksStack(clouds.EksStack):
    """The package's, with one more node group."""

    operator_type = EksOperatorStack

    def node_groups(self, nodes: NodesConfig) -> Any:
        groups = super().node_groups(nodes)
        return groups | {"more": next(iter(groups.values()))}
