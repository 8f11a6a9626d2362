"""A stack with the nodes' security group, in a VPC that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import ExistingVpc, SecurityGroups

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

vpc = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    subnet_ids_to_az={"subnet-0123456789abcdef0": "us-east-2a", "subnet-0123456789abcdef1": "us-east-2b"},
)
group = SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"], security_group_name="acme")

stack.add_output("security_group_id", group.security_group_id)
app.synth()
