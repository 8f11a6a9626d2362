import sys

from anyscale_constructs import App, CloudStack, Resource
from anyscale_constructs.cli import main

for out, version in (("before", "TLS1_2"), ("after", "TLS1_0")):
    app = App(out)
    stack = CloudStack(app, "prod")
    stack.add_provider("azurerm", features={})
    Resource(stack, "azurerm_storage_account", "this", {"name": "acme", "min_tls_version": version})
    app.synth()
sys.stdout = sys.stderr
main("review", "before", "after", "--plan", "none")
