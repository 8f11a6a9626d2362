from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3

app = App()
stack = CloudStack(app, "prod")
bucket = S3(stack, tags={"network": "${module.vpc.vpc_id}"})
S3(stack, "other", depends_on=[bucket], tags={})
stack.modules["s3"].depends_on_modules.append(stack.modules["other"])
app.synth()
