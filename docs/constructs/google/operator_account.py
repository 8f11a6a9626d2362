"""A stack with the service account of Anyscale's operator."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, OperatorAccount

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
account = OperatorAccount(stack, project=project, account_id="acme-operator")

stack.add_output("email", account.email)
app.synth()
