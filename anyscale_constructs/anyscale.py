"""Anyscale's own account, addresses and labels, which are the same for all providers."""

from typing import Literal

CONTROL_PLANE_ACCOUNT = "525325868955"
"""The AWS account of Anyscale's control plane."""

CONSOLE_ORIGIN = "https://*.anyscale.com"
"""The origin of the Anyscale console, whose pages read logs from the bucket."""

RESOURCE_ID_OUTPUT = "anyscale_cloud_resource_id"
"""The output that holds the ID of the cloud resource when Terraform registers the cloud."""

Market = Literal["ON_DEMAND", "SPOT"]
"""The purchasing option of nodes."""


def node_taints(market: Market, *, gpu: bool) -> dict[str, str]:
    """Returns the taints of workload nodes, by key.

    Anyscale's operator adds the matching tolerations to pods that request such nodes.

    Args:
        market: The purchasing option of the nodes.
        gpu: Whether the nodes have GPUs.
    """
    gpus = {"node.anyscale.com/accelerator-type": "GPU", "nvidia.com/gpu": "present"}
    return {"node.anyscale.com/capacity-type": market} | (gpus if gpu else {})
