import pathlib
import sys

from anyscale_constructs.cli import main

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
cloud_id: cld_1234abcd
security_group: {ingress_cidr_blocks: [203.0.113.0/24]}
"""

pathlib.Path("clouds").mkdir()
for out, name in (("before", "prod"), ("after", "production")):
    file = pathlib.Path(f"clouds/{name}.yaml")
    file.write_text(CLOUD)
    try:
        main("synth", "--out", out)
    except SystemExit:
        file.unlink()
sys.stdout = sys.stderr
main("review", "before", "after", "--plan", "none")
