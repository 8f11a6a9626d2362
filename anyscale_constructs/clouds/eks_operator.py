"""The second stack of a cloud on EKS: what runs in the cluster."""

from typing import Any, Literal

from anyscale_constructs.aws import ExistingCluster
from anyscale_constructs.clouds.eks_config import MODULES, EksConfig, cluster_name, pods_of, role_prefix
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.config.node_groups import gpu_groups
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr
from anyscale_constructs.kubernetes import (
    AUTOSCALER,
    LOAD_BALANCER_CONTROLLER,
    OPERATOR,
    Chart,
    Global,
    ReleaseConfig,
    operator_values,
)
from anyscale_constructs.kubernetes.operator import Gateway, OperatorValues
from anyscale_constructs.terraform.resource import Data

_BALANCER = "service.beta.kubernetes.io/aws-load-balancer"


class EksOperatorStack(OperatorStack[EksConfig]):
    """What runs in the cluster of an Anyscale cloud on EKS.

    Args:
        scope: The app.
        name: The cloud's name; the stack's ends with -operator.
        config: The cloud's configuration.
    """

    def add_providers(self) -> None:
        """Finds the cluster and configures the providers for it."""
        region, cluster = self.config.region, self.cluster_name
        self.require_as("aws", MODULES, self.config.sources)
        self.add_provider("aws", region=region, **self.config.provider.arguments())
        self.cluster = Data(self, "aws_eks_cluster", "this", {"name": cluster})
        self.connect(
            self.cluster.attribute("endpoint"),
            self.cluster.attribute("certificate_authority[0].data"),
            self.config.provider.token_command(cluster, region),
        )

    @property
    def cluster_name(self) -> str:
        """The cluster's name."""
        return cluster_name(self.cloud_name, self.config)

    def add_controllers(self) -> list[Construct]:
        """Adds the AWS load balancer controller and the cluster autoscaler, which EKS lacks."""
        releases, region = self.config.releases, self.config.region
        controller = releases.load_balancer_controller
        balancers = self.release(
            LOAD_BALANCER_CONTROLLER,
            controller,
            {
                "clusterName": self.cluster_name,
                "region": region,
                # Pods can't ask the instance for it, which is more than one hop away.
                "vpcId": self.cluster.attribute("vpc_config[0].vpc_id"),
                "serviceAccount": self._account(LOAD_BALANCER_CONTROLLER, controller, "load_balancer"),
            },
        )
        self.release(
            AUTOSCALER,
            releases.autoscaler,
            {
                "awsRegion": region,
                "autoDiscovery": {"clusterName": self.cluster_name},
                "rbac": {"serviceAccount": self._account(AUTOSCALER, releases.autoscaler, "autoscaler")},
            },
            # Its webhook sees every service, so others wait until it runs.
            balancers,
        )
        return balancers

    def add_device_plugin(self) -> None:
        """Adds NVIDIA's device plugin, where the cluster has GPUs or may have them."""
        cluster = self.config.cluster
        groups = gpu_groups(cluster.groups)
        if cluster.gpus or groups or isinstance(cluster, ExistingCluster):
            self.device_plugin(self.config.releases.device_plugin, groups=groups)

    @property
    def load_balancer_address(self) -> Literal["hostname"]:
        """AWS's load balancers have host names."""
        return "hostname"

    def load_balancer_annotations(self) -> dict[str, str]:
        """The annotations for the AWS load balancer controller, or for Kubernetes' own without it."""
        private = self.config.networking_mode == "PRIVATE"
        annotations = {"scheme": "internal" if private else "internet-facing"}
        if self.config.releases.load_balancer_controller.enabled:
            annotations |= {"type": "external", "nlb-target-type": "ip"}
        else:  # Kubernetes' own words work with or without a controller; for `external` alone it would wait in vain
            annotations |= {"type": "nlb"} | ({"internal": "true"} if private else {})
        return {f"{_BALANCER}-{key}": value for key, value in annotations.items()}

    def operator_values(self, gateway: Gateway | None) -> OperatorValues:
        """The values of the operator's chart."""
        cloud: Global = {
            "cloudDeploymentId": self.cloud_resource_id,
            "cloudProvider": "aws",
            "aws": {"region": self.config.region},
        }
        if (role := self._role_arn(OPERATOR, "operator")) is not None:
            cloud["auth"] = {"iamIdentity": role}
        return operator_values(cloud, self.config.cluster.gpus, gateway, groups=self.config.cluster.groups)

    def _account(self, chart: Chart, release: ReleaseConfig, id: str) -> dict[str, Any]:
        """The chart's values for its service account."""
        role = self._role_arn(chart, id) if release.enabled else None
        annotations = {} if role is None else {"annotations": {"eks.amazonaws.com/role-arn": role}}
        return {"name": chart.service_account, **annotations}

    def _role_arn(self, chart: Chart, id: str) -> Expr | None:
        """The role that the service account has to name; None where EKS Pod Identity knows it."""
        pods = pods_of(chart, self.cloud_name, self.config)
        if pods.oidc_provider_arn is None:
            return None
        return Data(self, "aws_iam_role", id, {"name": pods.role_name(role_prefix(id, self.config))}).attribute("arn")
