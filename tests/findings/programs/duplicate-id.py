from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc

app = App()
stack = CloudStack(app, "prod")
Vpc(stack)
Vpc(stack)
