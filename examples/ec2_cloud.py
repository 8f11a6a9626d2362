"""A cloud in Python: the same configuration as in YAML, typed.

Run it: python examples/ec2_cloud.py
"""

from anyscale_constructs import App
from anyscale_constructs.aws.securitygroups import SecurityGroupConfig
from anyscale_constructs.aws.vpc import VpcConfig
from anyscale_constructs.clouds import Ec2Config, Ec2Stack

app = App()
Ec2Stack(
    app,
    "ec2-prod",
    Ec2Config(
        region="us-east-2",
        org_id="org_1234abcd",
        networking_mode="PRIVATE",
        vpc=VpcConfig(cidr_block="10.0.0.0/16", availability_zone_count=3),
        security_group=SecurityGroupConfig(ingress_cidr_blocks=["10.0.0.0/8"]),
    ),
)
app.synth()
