from anyscale_constructs import App
from anyscale_constructs.aws import SecurityGroupConfig
from anyscale_constructs.clouds import Ec2Config, Ec2Stack

app = App()
Ec2Stack(
    app,
    "prod",
    Ec2Config(
        region="us-east-2",
        org_id="org_1234abcd",
        security_group=SecurityGroupConfig(ingress_cidr_blocks=["203.0.113.0/24"]),
        tags={"team": "ml\x1b[31m", "owner": "\ud83d"},
    ),
)
app.synth()
