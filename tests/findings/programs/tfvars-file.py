"""Asks for a variable file whose name Terraform would read as HCL."""

import subprocess
import sys

subprocess.run(
    [sys.executable, "-m", "anyscale_constructs", "register", "prod", "--tfvars", "prod.tfvars"], check=False
)
