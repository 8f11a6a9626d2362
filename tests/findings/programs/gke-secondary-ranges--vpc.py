from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, Gke, Vpc

app = App()
stack = CloudStack(app, "prod")
project = ExistingProject(project_id="acme-ml")
vpc = Vpc(stack, project=project, region="us-central1")
Gke(
    stack,
    project=project,
    region="us-central1",
    vpc=vpc,
    name="acme-ray",
    service_account="nodes@acme-ml.iam.gserviceaccount.com",
)
app.synth()
