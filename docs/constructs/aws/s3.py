"""A stack with the bucket of a cloud."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

bucket = S3(stack, anyscale_bucket_name="acme-anyscale")

stack.add_output("bucket", bucket.s3_bucket_id)
app.synth()
