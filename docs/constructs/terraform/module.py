"""A stack with a module of Anyscale's, called without the construct's guards."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.modules.aws import EfsModule

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

files = EfsModule(
    stack,
    "files",
    mount_targets_subnet_count=1,
    mount_targets_subnets=["subnet-0123456789abcdef0"],
    associated_security_group_ids=["sg-0123456789abcdef0"],
)

stack.add_output("efs_id", files.efs_id)
app.synth()
