import sys

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc
from anyscale_constructs.cli import main

for out, name in (("before", "vpc"), ("after", "network")):
    app = App(out)
    Vpc(CloudStack(app, "prod"), name, cidr_block="10.0.0.0/16")
    app.synth()
sys.stdout = sys.stderr
main("review", "before", "after", "--plan", "none")
