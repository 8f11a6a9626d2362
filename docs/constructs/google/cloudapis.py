"""A stack with the services that a cloud needs, in a project that exists."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import CloudApis, ExistingProject

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
CloudApis(stack, project=project)
app.synth()
