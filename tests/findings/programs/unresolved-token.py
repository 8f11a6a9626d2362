from cdktf import Fn

from anyscale_constructs import App, CloudStack

app = App()
CloudStack(app, "prod").add_output("name", Fn.lower("ACME")[:12])
app.synth()
