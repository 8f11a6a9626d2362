"""Passes a variable file that Terraform would read as HCL because of its name."""

import subprocess
import sys

subprocess.run(
    [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--tfvars", "prod.tfvars"], check=False
)
