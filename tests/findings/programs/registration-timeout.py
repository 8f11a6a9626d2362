"""A control plane that does not answer within the time limit."""

import os
import pathlib
import time

from anyscale_constructs.registration.program import Program

program = pathlib.Path("anyscale")
program.write_text("#!/bin/sh\nexec sleep 60\n")
program.chmod(0o755)
os.environ |= {"ANYSCALE_BIN": "./anyscale", "ANYSCALE_CLI_TOKEN": "sss_1234"}
Program(2, time.monotonic()).run("cloud", "list", "--name", "prod")
