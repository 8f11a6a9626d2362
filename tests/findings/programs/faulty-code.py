import pathlib

from anyscale_constructs.cli import main

CLOUD = """\
stack: own
region: us-east-2
org_id: org_1234abcd
cloud_id: cld_1234abcd
security_group: {ingress_cidr_blocks: [203.0.113.0/24]}
"""

pathlib.Path("clouds").mkdir()
pathlib.Path("clouds/prod.yaml").write_text(CLOUD)
pathlib.Path("stacks").mkdir()
pathlib.Path("stacks/__init__.py").touch()
pathlib.Path("stacks/own.py").write_text("""\
from anyscale_constructs.clouds import Ec2Stack


class OwnStack(Ec2Stack):
    def compose(self):
        super().compose()
        self.add_output("owner", {}["team"])
""")
main("synth")
