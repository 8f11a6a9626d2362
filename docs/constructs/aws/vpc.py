"""A stack with a VPC with private subnets in three zones."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

vpc = Vpc(
    stack,
    networking_mode="PRIVATE",
    availability_zone_count=3,
    anyscale_vpc_name="acme",
    cidr_block="10.20.0.0/16",
)

stack.add_output("vpc_id", vpc.vpc_id)
stack.add_output("node_subnet_ids", vpc.node_subnet_ids)
app.synth()
