from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, Gke, Vpc

app = App()
stack = CloudStack(app, "prod")
project = ExistingProject(project_id="acme-ml")
vpc = Vpc(
    stack,
    project=project,
    region="us-central1",
    networking_mode="PRIVATE",
    gke_pod_range_cidr="10.4.0.0/14",
    gke_services_range_cidr="10.8.0.0/20",
)
Gke(
    stack,
    project=project,
    region="us-central1",
    vpc=vpc,
    name="Acme_Ray",
    service_account="nodes@acme-ml.iam.gserviceaccount.com",
)
app.synth()
