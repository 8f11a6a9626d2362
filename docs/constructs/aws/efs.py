"""A stack with a shared file system, in a VPC that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Efs, ExistingSecurityGroup, ExistingVpc

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

vpc = ExistingVpc(
    vpc_id="vpc-0123456789abcdef0",
    subnet_ids_to_az={"subnet-0123456789abcdef0": "us-east-2a", "subnet-0123456789abcdef1": "us-east-2b"},
)
group = ExistingSecurityGroup(security_group_id="sg-0123456789abcdef0")
files = Efs(stack, vpc=vpc, security_group=group, anyscale_efs_name="acme")

stack.add_output("efs_id", files.efs_id)
app.synth()
