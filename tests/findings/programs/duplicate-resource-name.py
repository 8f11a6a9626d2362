"""Two stacks of one cloud in the same region, without names for their resources."""

from anyscale_constructs.clouds import Ec2Config, Ec2Stack
from anyscale_constructs.terraform.app import App

app = App()
required = {"region": "us-east-2", "org_id": "org_1234abcd"}
Ec2Stack(app, "research", Ec2Config.model_validate(required | {"cloud": "prod"}))
Ec2Stack(app, "serving", Ec2Config.model_validate(required | {"cloud": "prod"}))
app.synth()
