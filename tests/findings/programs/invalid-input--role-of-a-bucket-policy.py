from anyscale_constructs.aws import S3, ExistingRoles, S3Policy
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack

stack = CloudStack(App(), "ml")
roles = ExistingRoles(control_plane_role_arn="arn:aws:iam::111122223333:role/acme")
S3Policy(stack, bucket=S3(stack), iam=roles)
