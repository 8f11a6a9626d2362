import os
import sys

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc
from anyscale_constructs.cli import main

for out, size in (("before", 16), ("after", 17)):
    app = App(out)
    Vpc(CloudStack(app, "prod"), cidr_block=f"10.0.0.0/{size}")
    app.synth()
os.environ["PATH"] = ""
sys.stdout = sys.stderr
main("review", "before", "after")
