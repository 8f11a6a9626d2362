from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, Vpc

app = App()
stack = CloudStack(app, "prod")
project = ExistingProject(project_id="acme-ml")
Vpc(stack, project=project, region="us-central1", networking_mode="PRIVATE", public_subnet_cidr="10.0.0.0/16")
app.synth()
