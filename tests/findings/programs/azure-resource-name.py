"""A cloud whose name, the default of the cluster's name, AKS rejects."""

from anyscale_constructs import App
from anyscale_constructs.clouds import AksConfig, AksStack

app = App("out")
config = AksConfig(org_id="org_1234abcd", region="eastus2", subscription_id="11111111-2222-3333-4444-555555555555")
AksStack.build(app, "prod-", config)
app.synth()
