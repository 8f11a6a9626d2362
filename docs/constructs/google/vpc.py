"""A stack with a private network with a proxy-only subnet."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, Vpc

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
vpc = Vpc(
    stack,
    project=project,
    region="us-central1",
    networking_mode="PRIVATE",
    subnet_cidr="10.20.0.0/16",
    proxy_subnet_cidr="10.21.0.0/23",
    anyscale_vpc_name="acme",
)

stack.add_output("vpc_id", vpc.vpc_id)
app.synth()
