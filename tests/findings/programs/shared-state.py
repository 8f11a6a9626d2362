from anyscale_constructs import App, CloudStack
from anyscale_constructs.terraform.backend import S3

app = App()
for name in ("blue", "green"):
    CloudStack(app, name, backend=S3(type="s3", bucket="acme-state", region="us-east-2", key="prod.tfstate"))
app.synth()
