"""A stack with a GKE cluster, in a VPC that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, ExistingVpc, Gke, OperatorAccount

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
vpc = ExistingVpc(
    vpc_id="projects/acme-ml/global/networks/ml",
    subnet_name="ml-us-central1",
    subnet_cidr="10.20.0.0/20",
    pods_range_name="pods",
    services_range_name="services",
)
account = OperatorAccount(stack, project=project, account_id="acme-nodes")
cluster = Gke(
    stack,
    project=project,
    vpc=vpc,
    name="acme",
    region="us-central1",
    create_service_account=False,
    service_account=account.email,
)

stack.add_output("cluster_name", cluster.name)
app.synth()
