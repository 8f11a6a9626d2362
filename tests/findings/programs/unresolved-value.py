from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3

app = App()
stack = CloudStack(app, "prod")
bucket = S3(stack)
print(bucket.s3_bucket_id.upper())
