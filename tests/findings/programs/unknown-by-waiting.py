import pathlib

from anyscale_constructs.cli import main

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
cloud_id: cld_1234abcd
security_group: {ingress_cidr_blocks: [203.0.113.0/24]}
"""

pathlib.Path("clouds").mkdir()
pathlib.Path("clouds/prod.yaml").write_text(CLOUD.replace("ec2", "own"))
pathlib.Path("stacks").mkdir()
pathlib.Path("stacks/__init__.py").touch()
pathlib.Path("stacks/own.py").write_text("""\
from anyscale_constructs.aws import Iam
from anyscale_constructs.clouds import Ec2Stack


class OwnStack(Ec2Stack):
    def add_iam(self):
        return Iam(self, bucket=self.bucket, anyscale_external_id=self.external_id, depends_on=[self.vpc])
""")
main("synth", "--notes")
