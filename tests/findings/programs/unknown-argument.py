from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc

app = App()
stack = CloudStack(app, "prod")
Vpc(stack)
stack.add_override("module.vpc.cidr", "10.0.0.0/16")
app.synth()
