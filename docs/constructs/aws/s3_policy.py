"""A stack with the policy of a bucket that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import ExistingBucket, ExistingRoles, S3Policy

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

bucket = ExistingBucket(bucket_name="acme-anyscale")
roles = ExistingRoles(
    control_plane_role_arn="arn:aws:iam::111122223333:role/acme-control-plane",
    cluster_node_role_arn="arn:aws:iam::111122223333:role/acme-nodes",
)
S3Policy(stack, bucket=bucket, iam=roles)
app.synth()
