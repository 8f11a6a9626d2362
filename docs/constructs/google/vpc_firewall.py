"""A stack with the firewall policy of a VPC that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, ExistingVpc, VpcFirewall

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
vpc = ExistingVpc(
    vpc_id="projects/acme-ml/global/networks/ml",
    subnet_name="ml-us-central1",
    subnet_cidr="10.20.0.0/20",
)
VpcFirewall(stack, project=project, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"])
app.synth()
