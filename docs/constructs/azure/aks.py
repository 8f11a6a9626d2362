"""A stack with an AKS cluster, in a subnet that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.azure import ClusterConfig, add_cluster

app = App()
stack = CloudStack(app, "example")
stack.add_provider("azurerm", features={}, subscription_id="11111111-2222-3333-4444-555555555555")

subnet_id = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/network"
    "/providers/Microsoft.Network/virtualNetworks/shared/subnets/nodes"
)
cluster = add_cluster(
    stack,
    ClusterConfig(authorized_ip_ranges=["203.0.113.0/24"]),
    name="acme",
    location="eastus2",
    resource_group_name="acme-ml",
    subnet_id=subnet_id,
    tags={"team": "ml-platform"},
)

stack.add_output("oidc_issuer_url", cluster.attribute("oidc_issuer_url"))
app.synth()
