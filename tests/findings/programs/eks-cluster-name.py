from anyscale_constructs.aws import Eks, ExistingVpc
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack

stack = CloudStack(App(), "ml")
vpc = ExistingVpc(
    vpc_id="vpc-12345678",
    subnet_ids_to_az={"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"},
)
Eks(stack, vpc=vpc, name="acme.prod", kubernetes_version="1.36")
