"""A revision that requires another version of the library."""

import pathlib
import subprocess
import sys

from anyscale_constructs.rendering import tell
from anyscale_constructs.review import sides

files = {
    "cdktf.json": "{}",
    "requirements.txt": "anyscale-constructs==0.0.1\n",
    "clouds/prod.yaml": """stack: ec2
region: us-east-2
org_id: org_1234abcd
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
""",
}
for name, text in files.items():
    file = pathlib.Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
for command in (["init", "-qb", "main"], ["add", "."], [*who, "commit", "-qm", "Add a cloud"]):
    subprocess.run(["git", *command], check=True)
tell(sides.from_revision("main").notes, sys.stderr)
