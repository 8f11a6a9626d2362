"""A stack with a data source and a resource that refers to it."""

from anyscale_constructs import App, CloudStack, Data, Resource

app = App()
stack = CloudStack(app, "example")
stack.add_provider("aws", region="us-east-2")

role = Data(stack, "aws_iam_role", "nodes", {"name": "acme-nodes"})
policy = Resource(
    stack,
    "aws_iam_role_policy_attachment",
    "logs",
    {"role": role.attribute("name"), "policy_arn": "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"},
)
app.synth()
