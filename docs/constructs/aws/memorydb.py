"""A stack with a Redis that keeps services running when a head node fails."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import ExistingSecurityGroup, ExistingVpc, MemoryDb

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

vpc = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    subnet_ids_to_az={"subnet-0123456789abcdef0": "us-east-2a", "subnet-0123456789abcdef1": "us-east-2b"},
)
group = ExistingSecurityGroup(security_group_id="sg-0123456789abcdef0")
redis = MemoryDb(stack, vpc=vpc, security_group=group, region="us-east-2", anyscale_memorydb_name="acme")

stack.add_output("endpoint", redis.memorydb_cluster_endpoint_address)
app.synth()
