from cdktf import TerraformOutput, TerraformStack

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3

app = App()
bucket = S3(CloudStack(app, "prod"))
TerraformOutput(TerraformStack(app, "plain"), "bucket", value=bucket.s3_bucket_id)
app.synth()
