"""A stack with a release of the load balancer controller."""

from anyscale_constructs import App, CloudStack
from anyscale_constructs.kubernetes import LOAD_BALANCER_CONTROLLER, Release, ReleaseConfig

app = App()
stack = CloudStack(app, "example")
stack.add_provider("helm", kubernetes={"config_path": "~/.kube/config"})

values = {"clusterName": "acme", "region": "us-east-2", "vpcId": "vpc-0123456789abcdef0"}
Release(stack, LOAD_BALANCER_CONTROLLER, ReleaseConfig(values={"replicaCount": 1}), values)
app.synth()
