"""A plan in Terraform's own format, which is not JSON."""

import pathlib
import subprocess
import sys

pathlib.Path("plan.tfplan").write_bytes(b"PK\x03\x04")
subprocess.run([sys.executable, "-m", "anyscale_constructs", "check-plan", "plan.tfplan"], check=False)
