from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, OperatorAccount

app = App()
stack = CloudStack(app, "prod")
project = ExistingProject(project_id="acme-ml")
OperatorAccount(stack, project=project, account_id="ray")
app.synth()
