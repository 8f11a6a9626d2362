"""A machine without Terraform, git and the anyscale program."""

import os
import pathlib
import subprocess
import sys

cloud = "stack: ec2\nregion: us-east-2\norg_id: org_1234abcd\n"
pathlib.Path("clouds").mkdir()
pathlib.Path("clouds/prod.yaml").write_text(cloud)
environment = {"PATH": "/no/such/folder", "PYTHONPATH": os.environ["PYTHONPATH"]}
subprocess.run([sys.executable, "-m", "anyscale_constructs", "doctor"], check=False, env=environment)
