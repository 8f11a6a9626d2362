"""A stack with an EKS cluster, in a VPC that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Eks, ExistingVpc

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

vpc = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    subnet_ids_to_az={"subnet-0123456789abcdef0": "us-east-2a", "subnet-0123456789abcdef1": "us-east-2b"},
)
cluster = Eks(
    stack,
    vpc=vpc,
    name="acme",
    kubernetes_version="1.34",
    endpoint_public_access=True,
    endpoint_public_access_cidrs=["203.0.113.0/24"],
)

stack.add_output("cluster_name", cluster.cluster_name)
app.synth()
