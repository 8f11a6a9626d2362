"""A stack with the identity of Anyscale's operator, in a cluster and with a container that exist."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.azure import ExistingContainer, add_operator_identity, existing_container, find_cluster

app = App()
stack = CloudStack(app, "example")
stack.add_provider("azurerm", features={}, subscription_id="11111111-2222-3333-4444-555555555555")

cluster = find_cluster(stack, "acme", "acme-ml")
container = existing_container(
    ExistingContainer(storage_account_name="acmeanyscale", container_name="anyscale", resource_group_name="acme-ml"),
    "11111111-2222-3333-4444-555555555555",
)
identity = add_operator_identity(
    stack,
    name="acme-operator",
    location="eastus2",
    resource_group_name="acme-ml",
    oidc_issuer_url=cluster.attribute("oidc_issuer_url"),
    namespace="anyscale-operator",
    service_account="anyscale-operator",
    container=container,
    tags={"team": "ml-platform"},
)

stack.add_output("client_id", identity.attribute("client_id"))
app.synth()
