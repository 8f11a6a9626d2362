"""A cloud on Google Cloud in Python: the same configuration as in YAML, typed.

Run it: python examples/gce_cloud.py
"""

from anyscale_constructs import App
from anyscale_constructs.clouds import GceConfig, GceStack
from anyscale_constructs.google import ExistingProject, FilestoreConfig, FirewallConfig, VpcConfig

app = App()
GceStack(
    app,
    "gce-prod",
    GceConfig(
        region="us-central1",
        org_id="org_1234abcd",
        networking_mode="PRIVATE",
        project=ExistingProject(project_id="acme-ml"),
        vpc=VpcConfig(subnet_cidr="10.0.0.0/16", proxy_subnet_cidr="10.1.0.0/23"),
        firewall=FirewallConfig(ingress_cidr_blocks=["10.0.0.0/8"]),
        filestore=FilestoreConfig(tier="REGIONAL", capacity_gb=1024),
    ),
)
app.synth()
