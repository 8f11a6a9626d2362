from anyscale_constructs.aws import Efs, ExistingSecurityGroup, Vpc
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack

stack = CloudStack(App(), "ml")
vpc = Vpc(stack, existing_vpc_id="vpc-12345678")
group = ExistingSecurityGroup(security_group_id="sg-12345678")
Efs(stack, vpc=vpc, security_group=group)
