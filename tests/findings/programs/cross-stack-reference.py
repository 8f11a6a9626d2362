from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3

app = App()
bucket = S3(CloudStack(app, "storage"))
CloudStack(app, "prod").add_output("bucket", bucket.s3_bucket_id)
app.synth()
