"""A stack with the roles of a cloud."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import ExistingBucket, Iam

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

bucket = ExistingBucket(bucket_name="acme-anyscale")
roles = Iam(stack, bucket=bucket, anyscale_external_id="org_1234abcd-acme")

stack.add_output("control_plane_role_arn", roles.control_plane_role_arn)
stack.add_output("node_role_arn", roles.cluster_node_role_arn)
app.synth()
