"""A stack with the container of a cloud."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.azure import BucketConfig, add_container

app = App()
stack = CloudStack(app, "example")
stack.add_provider("azurerm", features={}, subscription_id="11111111-2222-3333-4444-555555555555")

container = add_container(
    stack,
    BucketConfig(replication_type="ZRS"),
    account_name="acmeanyscale",
    location="eastus2",
    resource_group_name="acme-ml",
    tags={"team": "ml-platform"},
)

stack.add_output("container", container.name)
app.synth()
