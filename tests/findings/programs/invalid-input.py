from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import SecurityGroups

stack = CloudStack(App(), "prod")
SecurityGroups(stack, vpc="vpc-0123456789abcdef0", ingress_cidr_blocks=["203.0.113.0/24"])
