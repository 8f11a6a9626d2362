from anyscale_constructs import App, CloudStack

app = App()
stack = CloudStack(app, "prod")
stack.add_provider("aws", region="us-east-2")
stack.add_override("provider.aws", [{"region": "us-east-2"}, {"region": "us-west-2"}])
app.synth()
