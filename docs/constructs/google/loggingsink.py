"""A stack with the project's sink, without the nodes' syslog."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, LoggingSink

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
LoggingSink(stack, project=project)
app.synth()
