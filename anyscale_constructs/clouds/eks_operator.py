"""The second stack of a cloud on EKS: the Helm releases in the cluster."""

from typing import Any, Literal

from anyscale_constructs.aws import ExistingCluster
from anyscale_constructs.aws.pod_roles import role_name
from anyscale_constructs.clouds.eks_config import (
    MODULES,
    EksConfig,
    cluster_name,
    pods_of,
    role_prefix,
    workloads_use_irsa,
)
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
from anyscale_constructs.kubernetes.service_accounts import resource_id
from anyscale_constructs.terraform.resource import Data

_ROLE = "eks.amazonaws.com/role-arn"
_BALANCER = "service.beta.kubernetes.io/aws-load-balancer"


class EksOperatorStack(OperatorStack[EksConfig]):
    """What runs in the cluster of an Anyscale cloud on EKS.

    Args:
        scope: The app.
        name: The cloud's name. The stack's name is NAME-operator.
        config: The cloud's configuration.
    """

    def add_providers(self) -> None:
        """Looks up the cluster and configures the providers for it."""
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

    @property
    def kubernetes_version(self) -> str | None:
        """The Kubernetes version of a new cluster."""
        cluster = self.config.cluster
        return None if isinstance(cluster, ExistingCluster) else cluster.kubernetes_version

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
                # Pods cannot read it from the instance metadata, which is more than one hop away.
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
            # The controller's webhook intercepts every Service, so other releases wait until it runs.
            balancers,
        )
        return balancers

    def add_device_plugin(self) -> None:
        """Adds NVIDIA's device plugin if the cluster has GPUs or may have them."""
        cluster = self.config.cluster
        groups = gpu_groups(cluster.groups)
        if cluster.gpus or groups or isinstance(cluster, ExistingCluster):
            self.device_plugin(self.config.releases.device_plugin, groups=groups)

    @property
    def load_balancer_address(self) -> Literal["hostname"]:
        """The attribute that holds a load balancer's address: on AWS, the host name."""
        return "hostname"

    def load_balancer_annotations(self) -> dict[str, str]:
        """Returns the annotations for the AWS load balancer controller, or for Kubernetes' built-in one without it."""
        private = self.config.networking_mode == "PRIVATE"
        annotations = {"scheme": "internal" if private else "internet-facing"}
        if self.config.releases.load_balancer_controller.enabled:
            annotations |= {"type": "external", "nlb-target-type": "ip"}
        else:  # these work with or without a controller; `external` would never work without one
            annotations |= {"type": "nlb"} | ({"internal": "true"} if private else {})
        return {f"{_BALANCER}-{key}": value for key, value in annotations.items()}

    def operator_values(self, gateway: Gateway | None) -> OperatorValues:
        """Returns the values of the operator's chart."""
        cloud: Global = {
            "cloudDeploymentId": self.cloud_resource_id,
            "cloudProvider": "aws",
            "aws": {"region": self.config.region},
        }
        if (role := self._role_arn(OPERATOR, "operator")) is not None:
            cloud["auth"] = {"iamIdentity": role}
        return operator_values(
            cloud, self.config.cluster.gpus, gateway, self.workload_service_account, groups=self.config.cluster.groups
        )

    def service_account_annotations(self, name: str) -> dict[str, str]:
        """Returns the annotation that names a service account's role; EKS Pod Identity needs none."""
        if not workloads_use_irsa(self.config):
            return {}
        return {_ROLE: self._role(resource_id(name))}

    def _account(self, chart: Chart, release: ReleaseConfig, id: str) -> dict[str, Any]:
        """Returns the chart's values for its service account."""
        role = self._role_arn(chart, id) if release.enabled else None
        annotations = {} if role is None else {"annotations": {_ROLE: role}}
        return {"name": chart.service_account, **annotations}

    def _role_arn(self, chart: Chart, id: str) -> Expr | None:
        """Returns the role to annotate the service account with; None with EKS Pod Identity."""
        by_oidc = pods_of(chart, self.cloud_name, self.config).oidc_provider_arn is not None
        return self._role(id) if by_oidc else None

    def _role(self, id: str) -> Expr:
        name = role_name(role_prefix(id, self.config), self.cloud_name)
        return Data(self, "aws_iam_role", id, {"name": name}).attribute("arn")
