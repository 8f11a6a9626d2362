"""A cloud on EKS in Python, the same as clouds/eks.yaml: `build` creates both of its stacks.

Run it: python examples/eks_cloud.py
"""

from anyscale_constructs import App
from anyscale_constructs.aws.eks import ClusterConfig
from anyscale_constructs.aws.nodes import NodesConfig
from anyscale_constructs.aws.permissions import DataAccess
from anyscale_constructs.clouds import EksConfig, EksStack
from anyscale_constructs.clouds.eks_config import WorkloadsConfig
from anyscale_constructs.kubernetes.config import EksReleasesConfig, GatewayConfig

OFFICE = "203.0.113.0/24"

app = App()
EksStack.build(
    app,
    "eks",
    EksConfig(
        region="us-east-2",
        org_id="org_1234abcd",
        cluster=ClusterConfig(public_access_cidrs=[OFFICE], nodes=NodesConfig(gpu_types=["T4", "L4"])),
        workloads=WorkloadsConfig(data_access=[DataAccess(bucket="acme-datasets")]),
        releases=EksReleasesConfig(gateway=GatewayConfig(ingress_cidr_blocks=[OFFICE])),
    ),
)
app.synth()
