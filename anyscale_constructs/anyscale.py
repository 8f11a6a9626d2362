"""What Anyscale's own side is called, whatever the provider."""

from typing import Literal

CONTROL_PLANE_ACCOUNT = "525325868955"
"""The AWS account of Anyscale's control plane."""

CONSOLE_ORIGIN = "https://*.anyscale.com"
"""Where the console's pages come from, which read logs from the bucket."""

RESOURCE_ID_OUTPUT = "anyscale_cloud_resource_id"
"""The output that holds the cloud resource's id, where Terraform registers the cloud."""

Market = Literal["ON_DEMAND", "SPOT"]
"""How nodes are paid for."""


def node_taints(market: Market, *, gpu: bool) -> dict[str, str]:
    """The taints of nodes for workloads, by key: Anyscale's operator tolerates them for pods that asked for such nodes.

    Args:
        market: How the nodes are paid for.
        gpu: Whether they have GPUs.
    """
    gpus = {"node.anyscale.com/accelerator-type": "GPU", "nvidia.com/gpu": "present"}
    return {"node.anyscale.com/capacity-type": market} | (gpus if gpu else {})
