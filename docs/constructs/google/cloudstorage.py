"""A stack with the bucket of a cloud."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.google import CloudStorage, ExistingProject, OperatorAccount

app = App()
stack = CloudStack(app, "example")
stack.add_provider("google", region="us-central1")

project = ExistingProject(project_id="acme-ml")
account = OperatorAccount(stack, project=project, account_id="acme-operator")
bucket = CloudStorage(stack, project=project, region="us-central1", iam=account, anyscale_bucket_name="acme-anyscale")

stack.add_output("bucket", bucket.cloudstorage_bucket_name)
app.synth()
