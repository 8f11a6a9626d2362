"""A stack with a shared file system, in a VPC that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, ExistingVpc, Filestore

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
vpc = ExistingVpc(
    vpc_id="projects/acme-ml/global/networks/ml",
    subnet_name="ml-us-central1",
    subnet_cidr="10.20.0.0/20",
)
files = Filestore(stack, project=project, region="us-central1", vpc=vpc, anyscale_filestore_name="acme")

stack.add_output("filestore_name", files.anyscale_filestore_name)
app.synth()
