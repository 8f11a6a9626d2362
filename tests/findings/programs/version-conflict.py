from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3

app = App()
stack = CloudStack(app, "prod")
S3(stack)
stack.add_override("terraform.required_providers.aws.version", "< 5.0")
app.synth()
