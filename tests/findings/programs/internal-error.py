import pathlib

from anyscale_constructs.aws import Vpc
from anyscale_constructs.cli import main

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
cloud_id: cld_1234abcd
security_group: {ingress_cidr_blocks: [203.0.113.0/24]}
"""

pathlib.Path("clouds").mkdir()
pathlib.Path("clouds/prod.yaml").write_text(CLOUD)
Vpc.complete = None  # a bug in the library
main("synth")
