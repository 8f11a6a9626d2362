"""A stack with a sensitive output."""

from anyscale_constructs import App, CloudStack, Data

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

account = Data(stack, "aws_caller_identity", "account", {})
stack.add_output("account_id", account.attribute("account_id"), description="The ID of the account.", sensitive=True)
app.synth()
