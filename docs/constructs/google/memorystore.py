"""A stack with a Redis that keeps services running when a head node fails."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, ExistingVpc, Memorystore

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
vpc = ExistingVpc(
    vpc_id="projects/acme-ml/global/networks/ml",
    subnet_name="ml-us-central1",
    subnet_cidr="10.20.0.0/20",
)
redis = Memorystore(stack, project=project, region="us-central1", vpc=vpc, anyscale_memorystore_name="acme")

stack.add_output("host", redis.anyscale_memorystore_host)
app.synth()
