from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc

app = App()
stack = CloudStack(app, "prod")
stack.add_output("network", Vpc(stack).vpc_id)
stack.add_override("output.network.description", Vpc(stack, "other").vpc_id)
app.synth()
