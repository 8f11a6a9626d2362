"""A stack with a virtual network with a subnet for nodes."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.azure import VnetConfig, add_subnet

app = App()
stack = CloudStack(app, "example")
stack.add_provider("azurerm", features={}, subscription_id="11111111-2222-3333-4444-555555555555")

subnet_id = add_subnet(
    stack,
    VnetConfig(),
    name="acme",
    location="eastus2",
    resource_group_name="acme-ml",
    service_endpoints=["Microsoft.Storage"],
    tags={"team": "ml-platform"},
)

stack.add_output("subnet_id", subnet_id)
app.synth()
