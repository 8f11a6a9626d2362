"""An Anyscale cloud on EKS.

It is two stacks. The first makes the cluster and what belongs to it in AWS; then the cloud is registered; the second,
`<name>-operator`, installs Anyscale's operator in the cluster, for which it needs the id that registering gave.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws import (
    S3,
    Eks,
    ExistingBucket,
    ExistingCluster,
    ExistingSecurityGroup,
    ExistingVpc,
    Iam,
)
from anyscale_constructs.aws.config import AwsCloudConfig, ClusterConfig, Tags, VpcConfig
from anyscale_constructs.aws.eks import CLUSTER_ADMIN_POLICY
from anyscale_constructs.aws.nodes import NodesConfig, node_groups
from anyscale_constructs.aws.pod_roles import (
    Pods,
    add_pod_role,
    autoscaler_statements,
    bucket_statements,
    load_balancer_statements,
)
from anyscale_constructs.aws.policies import deny_plain_http, policy
from anyscale_constructs.clouds.aws import AwsCloud
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.core.config import CloudConfig
from anyscale_constructs.core.interface import Provider as RequiredProvider
from anyscale_constructs.core.model import ExistingIf, refuse
from anyscale_constructs.core.resource import Data, Resource
from anyscale_constructs.core.types import Known, NetworkingMode, PolicyArn
from anyscale_constructs.engine import Annotations, Construct
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved
from anyscale_constructs.kubernetes import (
    AUTOSCALER,
    LOAD_BALANCER_CONTROLLER,
    OPERATOR,
    Chart,
    EksReleasesConfig,
    Global,
    ReleaseConfig,
    operator_values,
)
from anyscale_constructs.kubernetes.operator import Gateway, OperatorValues
from anyscale_constructs.modules.aws.eks import EksEksManagedNodeGroups, EksSecurityGroupAdditionalRules
from anyscale_constructs.registration.kubernetes import KubernetesCloudConfig
from anyscale_constructs.registration.resource import (
    AwsConfig,
    CloudResource,
    FileStorage,
    ObjectStorage,
)

# What the modules ask for, for what stands beside them or without them.
_AWS = ("resources without a module", {"aws": RequiredProvider("hashicorp/aws", ">= 6.37, < 7")})
_EFS_POLICY = "arn:aws:iam::aws:policy/AmazonElasticFileSystemClientReadWriteAccess"
_BALANCER = "service.beta.kubernetes.io/aws-load-balancer"


class EksConfig(AwsCloudConfig, KubernetesCloudConfig):
    """An Anyscale cloud on EKS."""

    cloud_provider = "AWS"
    own_stores: ClassVar = {"file_storage": "efs", "redis_endpoint": "memorydb"}

    stack: Known[Literal["eks"]] = "eks"
    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC",
        description="PUBLIC: users reach the clusters from the internet. PRIVATE: from inside the VPC. Nodes are in "
        "private subnets behind NAT either way.",
    )
    cluster: Annotated[ClusterConfig | ExistingCluster, ExistingIf("cluster_name")] = Field(
        default_factory=ClusterConfig
    )
    permissions_boundary_arn: PolicyArn | None = Field(
        default=None, description="For the roles of the cluster, of its nodes and of pods."
    )
    releases: EksReleasesConfig = Field(default_factory=EksReleasesConfig)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self.refuse_input("eks", "name", "cluster.name")
        if isinstance(self.cluster, ExistingCluster):
            oidc = self.cluster.oidc_provider_arn
            known = not is_unresolved([oidc, self.region])
            if oidc is not None and known and f"oidc.eks.{self.region}." not in oidc:
                raise refuse("cluster.oidc_provider_arn is not in the cloud's region", f"take one in {self.region}")
            if not isinstance(self.vpc, ExistingVpc):
                raise refuse(
                    f"cluster.cluster_name is {self.cluster.cluster_name}, which is in a VPC, but vpc would be new",
                    "name the cluster's VPC and its nodes' subnets: vpc: {vpc_id: ..., subnet_ids_to_az: ...}",
                )
            if (self.efs or self.memorydb) and self.cluster.node_security_group_id is None:
                raise refuse(
                    "efs and memorydb are for the nodes of an existing cluster, whose security group is not known",
                    "give cluster.node_security_group_id",
                )
        return self


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
        self.require(*_AWS)
        self.add_provider("aws", region=region)
        self.cluster = Data(self, "aws_eks_cluster", "this", {"name": cluster})
        self.connect(
            self.cluster.attribute("endpoint"),
            self.cluster.attribute("certificate_authority[0].data"),
            ["aws", "eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"],
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
        if self.config.cluster.gpus or isinstance(self.config.cluster, ExistingCluster):
            self.device_plugin(self.config.releases.device_plugin)

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
        return operator_values(cloud, self.config.cluster.gpus, gateway)

    def _account(self, chart: Chart, release: ReleaseConfig, id: str) -> dict[str, Any]:
        """The chart's values for its service account."""
        role = self._role_arn(chart, id) if release.enabled else None
        annotations = {} if role is None else {"annotations": {"eks.amazonaws.com/role-arn": role}}
        return {"name": chart.service_account, **annotations}

    def _role_arn(self, chart: Chart, id: str) -> Expr | None:
        """The role that the service account has to name; None where EKS Pod Identity knows it."""
        pods = _pods(chart, self.cloud_name, self.config)
        if pods.oidc_provider_arn is None:
            return None
        return Data(self, "aws_iam_role", id, {"name": pods.role_name(_role_prefix(id, self.config))}).attribute("arn")


class EksStack(AwsCloud[EksConfig]):
    """The cluster of an Anyscale cloud, and what belongs to it in AWS, with the outputs that registration needs.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = EksConfig
    operator_type = EksOperatorStack

    cluster: Eks | ExistingCluster
    operator_role: Resource

    def add_providers(self) -> None:
        """Configures the provider aws, and says which versions of it the stack needs."""
        super().add_providers()
        self.require(*_AWS)

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.vpc = self.add_vpc()
        self.bucket = self.add_bucket()
        self.add_bucket_policy()
        self.cluster = self.add_cluster()
        group = self.cluster.node_security_group_id
        self.security_group = None if group is None else ExistingSecurityGroup(security_group_id=group)
        self.efs = self.add_efs()
        self.memorydb = self.add_memorydb()
        self.operator_role = self.add_operator_role()
        self.add_controller_roles()

    @property
    def cluster_name(self) -> str:
        """The cluster's name."""
        return cluster_name(self.name, self.config)

    def node_networking_mode(self) -> NetworkingMode:
        """Nodes are in private subnets, whatever the cloud's networking mode."""
        return "PRIVATE"

    def subnet_tags(self) -> tuple[Tags, Tags]:
        """Where the load balancer controller puts load balancers, of the internet and of the VPC."""
        return {"kubernetes.io/role/elb": "1"}, {"kubernetes.io/role/internal-elb": "1"}

    def add_bucket_policy(self) -> None:
        """Refuses requests without TLS to a new bucket."""
        if isinstance(self.bucket, S3):
            tls_only = policy([deny_plain_http(self.bucket.s3_bucket_arn)])
            arguments = {"bucket": self.bucket.s3_bucket_id, "policy": tls_only}
            Resource(self, "aws_s3_bucket_policy", "bucket", arguments)

    def add_operator_role(self) -> Resource:
        """Adds the operator's role, which may use the bucket and its key."""
        bucket = self.bucket
        statements = bucket_statements(bucket.s3_bucket_arn, self.config.kms_key_arn, bucket.kms_key_arn)
        return self.add_pod_role(OPERATOR, "operator", statements)

    def add_controller_roles(self) -> None:
        """Adds the roles of the controllers that the second stack installs."""
        releases = self.config.releases
        if releases.autoscaler.enabled:
            self.add_pod_role(AUTOSCALER, "autoscaler", autoscaler_statements(self.cluster_name))
        if releases.load_balancer_controller.enabled:
            self.add_pod_role(LOAD_BALANCER_CONTROLLER, "load_balancer", load_balancer_statements())

    def add_cluster(self) -> Eks | ExistingCluster:
        """Adds the cluster and its nodes; to the nodes of an existing one, what they may do."""
        cluster = self.config.cluster
        if not isinstance(cluster, ExistingCluster):
            return self._new_cluster(cluster)
        if cluster.node_role_name is not None:
            for name, policy in self.node_policies().items():
                attachment = {"role": cluster.node_role_name, "policy_arn": policy}
                Resource(self, "aws_iam_role_policy_attachment", f"nodes_{name}", attachment)
        return cluster

    def node_groups(self, nodes: NodesConfig) -> dict[str, EksEksManagedNodeGroups]:
        """The managed node groups of a new cluster, by name."""
        return node_groups(nodes, self.node_policies(), self.config.permissions_boundary_arn)

    def node_policies(self) -> dict[str, str]:
        """Adds the policies of what nodes may do beside what a cluster needs; gives their ARNs, by name."""
        iam = Iam(
            self,
            bucket=self.bucket,
            anyscale_cloud_id=self.cloud_id,
            anyscale_org_id=self.config.org_id,
            create_anyscale_access_role=False,
            create_cluster_node_instance_profile=False,
            tags=self.tags(),
        )
        efs = {"efs": _EFS_POLICY} if self.config.efs else {}
        return {"bucket": iam.anyscale_iam_s3_policy_arn, **efs}

    def _new_cluster(self, cluster: ClusterConfig) -> Eks:
        return Eks(
            self,
            vpc=self.vpc,
            kms_key_arn=self.config.kms_key_arn,
            name=self.cluster_name,
            kubernetes_version=cluster.kubernetes_version,
            endpoint_public_access=True if cluster.public_access_cidrs else None,
            endpoint_public_access_cidrs=cluster.public_access_cidrs or None,
            security_group_additional_rules=self._access_rules(cluster),
            access_entries=_administrators(cluster.administrator_arns) or None,
            # Whoever applies it would have a second entry otherwise, which AWS refuses for one role.
            enable_cluster_creator_admin_permissions=False if cluster.administrator_arns else None,
            iam_role_permissions_boundary=self.config.permissions_boundary_arn,
            eks_managed_node_groups=self.node_groups(cluster.nodes),
            tags=self.tags(cluster.tags),
        )

    def _access_rules(self, cluster: ClusterConfig) -> dict[str, EksSecurityGroupAdditionalRules] | None:
        """Upstream lets the nodes reach the API from inside the VPC, and nobody else."""
        ranges = cluster.private_access_cidrs
        if ranges is None:
            ranges = [self.config.vpc.cidr_block] if isinstance(self.config.vpc, VpcConfig) else []
        nobody = is_one_of(ranges, [])
        if nobody and not cluster.public_access_cidrs:
            Annotations.of(self).add_warning(
                "nobody but the nodes reaches the cluster's API, so the operator's stack can't be applied. To mend it: "
                "give cluster.private_access_cidrs or cluster.public_access_cidrs"
            )
        rule: EksSecurityGroupAdditionalRules = {
            "description": "The API, from inside",
            "protocol": "tcp",
            "from_port": 443,
            "to_port": 443,
            "type": "ingress",
            "cidr_blocks": ranges,
        }
        return None if nobody else {"private_access": rule}

    def add_pod_role(self, chart: Chart, id: str, statements: list[Any]) -> Resource:
        """Adds the role of a chart's service account.

        Args:
            chart: The chart.
            id: The role's name beside others, in Terraform.
            statements: What it may do.
        """
        return add_pod_role(
            self,
            id,
            _pods(chart, self.name, self.config),
            statements=statements,
            name_prefix=_role_prefix(id, self.config),
            permissions_boundary_arn=self.config.permissions_boundary_arn,
            tags=self.tags(),
            depends_on=[self.cluster] if isinstance(self.cluster, Eks) else [],
        )

    def cloud_outputs(self) -> dict[str, Any]:
        """Upstream's own root output names; inputs stand in where something existed."""
        outputs = super().cloud_outputs() | {
            "anyscale_eks_cluster_name": self.cluster_name,
            "anyscale_operator_iam_role_arn": self.operator_role.attribute("arn"),
        }
        if isinstance(self.cluster, Eks):
            outputs |= {
                "anyscale_eks_cluster_endpoint": self.cluster.cluster_endpoint,
                "anyscale_eks_oidc_provider_arn": self.cluster.oidc_provider_arn,
                "anyscale_eks_node_security_group_id": self.cluster.node_security_group_id,
            }
        return outputs

    def registered_once(self) -> list[str]:
        """The mount targets: one more would replace the registered cloud."""
        # Another EFS has another id, and replaces it anyway.
        return ["file_storage.mount_targets"] if self.efs else []

    def cloud_resource(self) -> CloudResource:
        """The infrastructure to register."""
        config = self.config
        bucket_region = config.bucket.region if isinstance(config.bucket, ExistingBucket) else None
        return CloudResource(
            name=f"k8s-aws-{config.region}",
            provider="AWS",
            compute_stack="K8S",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=ObjectStorage(
                bucket_name="s3://" + self.bucket.s3_bucket_id,
                region=config.region if bucket_region is None else bucket_region,
            ),
            file_storage=self._file_storage(),
            aws_config=self._aws_config(),
            kubernetes_config=config.kubernetes_config(
                self.operator_role.attribute("arn"), self.vpc.availability_zones
            ),
        )

    # What the control plane finds by itself for other clouds: here it has no role to look with.
    def _file_storage(self) -> FileStorage | None:
        if (efs := self.efs) is None:
            return self.config.file_storage
        return FileStorage.model_validate({"file_storage_id": efs.efs_id, "mount_targets": efs.mount_targets})

    def _aws_config(self) -> AwsConfig | None:
        if self.memorydb is None:
            return None
        return AwsConfig(
            memorydb_cluster_name=self.memorydb.name,
            memorydb_cluster_arn=self.memorydb.memorydb_cluster_arn,
            memorydb_cluster_endpoint=self.memorydb.url,
        )


def cluster_name(name: str, config: EksConfig) -> str:
    """The cluster's name, by which the second stack finds it."""
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        return cluster.cluster_name
    return name if cluster.name is None else cluster.name


def _pods(chart: Chart, name: str, config: EksConfig) -> Pods:
    oidc = config.cluster.oidc_provider_arn if isinstance(config.cluster, ExistingCluster) else None
    return Pods(name, cluster_name(name, config), chart.namespace, chart.service_account, oidc)


def _role_prefix(id: str, config: EksConfig) -> str:
    return f"{config.name_prefix}{id.replace('_', '-')}-"


def _administrators(arns: list[str]) -> dict[str, Any]:
    everywhere = {"admin": {"policy_arn": CLUSTER_ADMIN_POLICY, "access_scope": {"type": "cluster"}}}
    return {arn: {"principal_arn": arn, "policy_associations": everywhere} for arn in arns}
