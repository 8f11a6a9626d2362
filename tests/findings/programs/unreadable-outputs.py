"""Registers a stack that was not synthesized in this directory."""

import subprocess
import sys

subprocess.run([sys.executable, "-m", "anyscale_constructs", "register", "prod"], check=False)
