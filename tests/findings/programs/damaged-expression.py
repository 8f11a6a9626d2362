from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc

app = App()
stack = CloudStack(app, "prod")
vpc = Vpc(stack)
stack.add_output("short", f"{vpc.vpc_id}"[:20])
app.synth()
