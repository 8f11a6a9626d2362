from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import S3, Vpc

app = App()
stack = CloudStack(app, "prod")
bucket = S3(stack)
Vpc(stack, depends_on=[bucket])
