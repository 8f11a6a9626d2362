"""A stack with the service accounts of a cloud, and the identity pool that lets Anyscale in."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import ExistingProject, Iam

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
accounts = Iam(stack, project=project, region="us-central1", anyscale_org_id="org_1234abcd")

stack.add_output("control_plane_account", accounts.iam_anyscale_access_service_acct_email)
app.synth()
