import sys

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc
from anyscale_constructs.cli import main

for out, names in (("before", ["prod", "staging"]), ("after", ["prod"])):
    app = App(out)
    for name in names:
        Vpc(CloudStack(app, name), cidr_block="10.0.0.0/16")
    app.synth()
sys.stdout = sys.stderr
main("review", "before", "after", "--plan", "none")
