"""A stack with a project in a folder."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import Project

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = Project(
    stack,
    billing_account_id="01ABCD-234567-89EF01",
    anyscale_project_name="acme-ml",
    folder_id="123456789012",
)

stack.add_output("project_id", project.project_id)
app.synth()
