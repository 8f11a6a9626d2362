"""A stack with a shared file system, for a subnet that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.azure import NfsConfig, add_nfs

app = App()
stack = CloudStack(app, "example")
stack.add_provider("azurerm", features={}, subscription_id="11111111-2222-3333-4444-555555555555")

share = add_nfs(
    stack,
    NfsConfig(),
    account_name="acmefiles",
    location="eastus2",
    resource_group_name="acme-ml",
    subnet_id=(
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/network"
        "/providers/Microsoft.Network/virtualNetworks/shared/subnets/nodes"
    ),
    tags={"team": "ml-platform"},
)

stack.add_output("server", share.host)
app.synth()
