"""An Anyscale cloud on EKS.

The cloud has two stacks. The first creates the cluster and its AWS resources. After the cloud is registered, the second
stack, `<name>-operator`, installs Anyscale's operator in the cluster; it needs the ID that registration returns.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from anyscale_constructs.aws import S3, Eks, ExistingCluster, ExistingSecurityGroup, Iam
from anyscale_constructs.aws.eks import CLUSTER_ADMIN_POLICY, ClusterConfig
from anyscale_constructs.aws.nodes import NodesConfig, node_groups
from anyscale_constructs.aws.permissions import Permissions, attach_policies
from anyscale_constructs.aws.pod_roles import (
    Pods,
    add_pod_role,
    autoscaler_statements,
    bucket_statements,
    key_statements,
    load_balancer_statements,
)
from anyscale_constructs.aws.policies import Statement, deny_plain_http, document_text, each_once, policy
from anyscale_constructs.aws.types import Tags
from anyscale_constructs.aws.vpc import VpcConfig
from anyscale_constructs.clouds.aws import AwsCloud
from anyscale_constructs.clouds.eks_config import (
    MODULES,
    PRIVATE_SUBNET,
    PUBLIC_SUBNET,
    EksConfig,
    cluster_name,
    pods_of,
    role_prefix,
    workload_pods,
)
from anyscale_constructs.clouds.eks_operator import EksOperatorStack
from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.config.types import NetworkingMode
from anyscale_constructs.expressions import Expr, is_one_of
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.kubernetes import AUTOSCALER, LOAD_BALANCER_CONTROLLER, OPERATOR, Chart
from anyscale_constructs.kubernetes.service_accounts import accounts_of, resource_id
from anyscale_constructs.modules.aws.eks import EksEksManagedNodeGroups, EksSecurityGroupAdditionalRules
from anyscale_constructs.registration.resource import AwsConfig, CloudResource, FileStorage
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.resource import Data, Resource

_EFS_POLICY = "arn:aws:iam::aws:policy/AmazonElasticFileSystemClientReadWriteAccess"

UNREACHABLE = Rule(
    "unreachable-cluster",
    "warning",
    "Terraform installs the operator through the cluster's API, so it must run where it can reach the API.",
)


class EksStack(AwsCloud[EksConfig]):
    """An Anyscale cloud on EKS: Ray runs in pods of a Kubernetes cluster in your AWS account.

    The cloud has two stacks. The first creates a VPC, an EKS cluster with node groups, an S3 bucket, and the IAM roles
    of the operator and of pods; optionally also an EFS file system, a MemoryDB cluster and a KMS key. The second,
    `NAME-operator`, installs Anyscale's operator, a gateway and what they need in the cluster, once the cloud is
    registered. The cluster, the VPC and the bucket can be existing ones. Choose it if Ray must run alongside other
    workloads on Kubernetes, or under its policies; otherwise EC2 is easier to operate.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = EksConfig
    operator_type: ClassVar[type[OperatorStack[Any]] | None] = EksOperatorStack

    cluster: Eks | ExistingCluster
    operator_role: Resource
    workload_roles: dict[str, Resource]
    """The roles of users' pods, by service account."""

    def add_providers(self) -> None:
        """Configures the provider aws, and declares which versions of it the stack needs."""
        super().add_providers()
        self.require_as("aws", MODULES)

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.kms_key = self.add_kms_key()
        self.vpc = self.add_vpc()
        self.bucket = self.add_bucket()
        self.add_bucket_policy()
        self.cluster = self.add_cluster()
        group = self.cluster.node_security_group_id
        self.security_group = None if group is None else ExistingSecurityGroup(security_group_id=group)
        self.efs = self.add_efs()
        self.memorydb = self.add_memorydb()
        self.operator_role = self.add_operator_role()
        self.workload_roles = self.add_workload_roles()
        users = [self.operator_role, *self.workload_roles.values()]
        self.add_kms_key_policy({role.attribute("arn"): key_statements("*") for role in users})
        self.add_controller_roles()

    @property
    def cluster_name(self) -> str:
        """The cluster's name."""
        return cluster_name(self.name, self.config)

    def node_networking_mode(self) -> NetworkingMode:
        """Returns PRIVATE: nodes are in private subnets in either networking mode."""
        return "PRIVATE"

    def subnet_tags(self) -> tuple[Tags, Tags]:
        """Returns the tags that tell the load balancer controller which subnets are for public and internal ones."""
        return PUBLIC_SUBNET, PRIVATE_SUBNET

    def add_bucket_policy(self) -> None:
        """Adds the policy of a new bucket, which denies requests without TLS."""
        if isinstance(self.bucket, S3):
            tls_only = policy([deny_plain_http(self.bucket.s3_bucket_arn)])
            arguments = {"bucket": self.bucket.s3_bucket_id, "policy": tls_only}
            Resource(self, "aws_s3_bucket_policy", "bucket", arguments)

    def add_operator_role(self) -> Resource:
        """Adds the operator's role, which has access to the bucket and its key."""
        return self.add_pod_role(OPERATOR, "operator", self.bucket_statements())

    def bucket_statements(self) -> list[Statement]:
        """Returns the statements that give the operator and users' pods access to the bucket and its key."""
        bucket = self.bucket
        keys = each_once(self.config.kms_key_arn, bucket.kms_key_arn, but=self.own_kms_key_arn)
        return bucket_statements(bucket.s3_bucket_arn, *keys)

    def add_workload_roles(self) -> dict[str, Resource]:
        """Adds the roles of users' pods, by service account; none if they share the operator's."""
        roles = {}
        accounts: dict[str, Permissions] = accounts_of(self.config.workloads)
        for account, permissions in accounts.items():
            name = resource_id(account)
            pods = workload_pods(account, self.name, self.config, self.cluster.oidc_provider_arn)
            with self.configured_by(name_prefix=("name_prefix", f"workloads.service_accounts.{account}")):
                role = self._add_role(name, pods, [*self.bucket_statements(), *permissions.statements()])
            if permissions.policy is not None:
                own = {"name": "policy", "role": role.attribute("id"), "policy": document_text(permissions.policy)}
                Resource(self, "aws_iam_role_policy", f"{name}_own_policy", own)
            attach_policies(self, name, role, permissions.managed_policy_arns)
            roles[account] = role
        return roles

    def add_controller_roles(self) -> None:
        """Adds the roles of the controllers that the second stack installs."""
        releases = self.config.releases
        if releases.autoscaler.enabled:
            self.add_pod_role(AUTOSCALER, "autoscaler", autoscaler_statements(self.cluster_name))
        if releases.load_balancer_controller.enabled:
            self.add_pod_role(LOAD_BALANCER_CONTROLLER, "load_balancer", load_balancer_statements())

    def add_cluster(self) -> Eks | ExistingCluster:
        """Adds the cluster and its nodes; for an existing cluster, adds the permissions of its nodes."""
        cluster = self.config.cluster
        if not isinstance(cluster, ExistingCluster):
            return self._new_cluster(cluster)
        if cluster.node_role_name is not None:
            for name, policy in self.node_policies().items():
                attachment = {"role": cluster.node_role_name, "policy_arn": policy}
                Resource(self, "aws_iam_role_policy_attachment", f"nodes_{name}", attachment)
        return cluster

    def node_groups(self, nodes: NodesConfig) -> dict[str, EksEksManagedNodeGroups]:
        """Returns the managed node groups of a new cluster, by name."""
        config = self.config
        return node_groups(
            nodes,
            self.node_policies(),
            config.permissions_boundary_arn,
            self.own_kms_key_arn,
            name_prefix=config.name_prefix if config.prefix_all_names else "",
            subnet_ids=self.subnet_ids,
            network_cards=self.network_cards,
        )

    def subnet_ids(self, zones: Sequence[str]) -> list[str]:
        """Returns the nodes' subnets in these zones; `EksConfig` has checked that the VPC has subnets there."""
        subnets = self.vpc.node_subnet_ids
        return [subnets[index] for index, zone in enumerate(self.config.node_zones) if zone in zones]

    def network_cards(self, name: str, instance_type: str) -> Expr:
        """Returns the number of an instance type's network cards.

        Args:
            name: The node group's name.
            instance_type: The instance type.
        """
        found = Data(self, "aws_ec2_instance_type", name, {"instance_type": instance_type})
        return found.attribute("maximum_network_cards", "number")

    def node_policies(self) -> dict[str, str]:
        """Adds the nodes' policies in addition to those that a cluster needs; returns their ARNs, by name."""
        efs = {"efs": _EFS_POLICY} if self.config.efs else {}
        # With workloads, users' pods get access by their own roles, and nothing else on a new cluster's nodes needs it.
        if self.config.workloads is not None and isinstance(self.config.cluster, ClusterConfig):
            return efs
        iam = Iam(
            self,
            bucket=self.bucket,
            anyscale_cloud_id=self.cloud_id,
            anyscale_org_id=self.config.org_id,
            create_anyscale_access_role=False,
            create_cluster_node_instance_profile=False,
            policy_name_prefix=self.config.name_prefix if self.config.prefix_all_names else None,
            tags=self.tags(),
        )
        return {"bucket": iam.anyscale_iam_s3_policy_arn, **efs}

    def _new_cluster(self, cluster: ClusterConfig) -> Eks:
        groups = self.node_groups(cluster.nodes)
        if self.config.prefix_all_names:
            groups = {key: _named(group, self.config.name_prefix + key) for key, group in groups.items()}
            if self.kms_key_arn is None:
                self.report_fixed_name(
                    f"the alias of the KMS key for Kubernetes secrets, alias/eks/{self.cluster_name},",
                    "set kms_key to {}",
                    "prefix_all_names",
                )
        with self.configured_by(
            "cluster",
            endpoint_public_access="cluster.public_access_cidrs",
            endpoint_public_access_cidrs="cluster.public_access_cidrs",
            access_entries="cluster.administrator_arns",
            enable_cluster_creator_admin_permissions="cluster.administrator_arns",
            iam_role_permissions_boundary="permissions_boundary_arn",
            eks_managed_node_groups=("cluster.nodes.max_size", "cluster.nodes", "name_prefix"),
            security_group_additional_rules="cluster.private_access_cidrs",
            encryption_config=("kms_key_arn", "kms_key"),
        ):
            return Eks(
                self,
                vpc=self.vpc,
                kms_key_arn=self.kms_key_arn,
                name=self.cluster_name,
                kubernetes_version=cluster.kubernetes_version,
                endpoint_public_access=True if cluster.public_access_cidrs else None,
                endpoint_public_access_cidrs=cluster.public_access_cidrs or None,
                security_group_additional_rules=self._access_rules(cluster),
                access_entries=_administrators(cluster.administrator_arns) or None,
                # An administrator who applies the stack would get a second access entry, and AWS allows one per role.
                enable_cluster_creator_admin_permissions=False if cluster.administrator_arns else None,
                iam_role_permissions_boundary=self.config.permissions_boundary_arn,
                eks_managed_node_groups=groups,
                tags=self.tags(cluster.tags),
            )

    def _access_rules(self, cluster: ClusterConfig) -> dict[str, EksSecurityGroupAdditionalRules] | None:
        """Returns the rules for access to the API from inside the VPC: upstream's allow only the nodes."""
        ranges = cluster.private_access_cidrs
        if ranges is None:
            ranges = [self.config.vpc.cidr_block] if isinstance(self.config.vpc, VpcConfig) else []
        nobody = is_one_of(ranges, [])
        if nobody and not cluster.public_access_cidrs:
            self.report(
                Finding(
                    "only the nodes can reach the cluster API, so the operator stack cannot be applied",
                    "set cluster.private_access_cidrs or cluster.public_access_cidrs",
                    rule=UNREACHABLE,
                    key=("cluster", "private_access_cidrs"),
                )
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
            id: The role's ID in the stack.
            statements: The statements of its policy.
        """
        return self._add_role(id, pods_of(chart, self.name, self.config), statements)

    def _add_role(self, id: str, pods: Pods, statements: list[Statement]) -> Resource:
        return add_pod_role(
            self,
            id,
            pods,
            statements=statements,
            name_prefix=role_prefix(id, self.config),
            permissions_boundary_arn=self.config.permissions_boundary_arn,
            tags=self.tags(),
            depends_on=[self.cluster] if isinstance(self.cluster, Eks) else [],
        )

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the names of upstream's root module; configured values for what exists already."""
        outputs = super().cloud_outputs() | {
            "anyscale_eks_cluster_name": self.cluster_name,
            "anyscale_operator_iam_role_arn": self.operator_role.attribute("arn"),
            "anyscale_workload_iam_role_arns": {
                account: role.attribute("arn") for account, role in self.workload_roles.items()
            }
            or None,
        }
        if isinstance(self.cluster, Eks):
            outputs |= {
                "anyscale_eks_cluster_endpoint": self.cluster.cluster_endpoint,
                "anyscale_eks_oidc_provider_arn": self.cluster.oidc_provider_arn,
                "anyscale_eks_node_security_group_id": self.cluster.node_security_group_id,
            }
        return outputs

    def registered_once(self) -> list[str]:
        """Returns the mount targets, since an additional one would replace the registered cloud."""
        # A new EFS has a new ID, which replaces the registered cloud anyway.
        return ["file_storage.mount_targets"] if self.efs else []

    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
        config = self.config
        return CloudResource(
            name=f"k8s-aws-{config.region}",
            provider="AWS",
            compute_stack="K8S",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=self.object_storage(),
            file_storage=self._file_storage(),
            aws_config=self._aws_config(),
            kubernetes_config=config.kubernetes_config(
                self.operator_role.attribute("arn"), self.vpc.availability_zones
            ),
        )

    # On other clouds the control plane looks this up. Here it has no role for that.
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


def _named(group: EksEksManagedNodeGroups, name: str) -> EksEksManagedNodeGroups:
    """Returns the node group with names for its resources, unless it sets them."""
    return {"name": name, "launch_template_name": name, "iam_role_name": name, **group}


def _administrators(arns: list[str]) -> dict[str, Any]:
    everywhere = {"admin": {"policy_arn": CLUSTER_ADMIN_POLICY, "access_scope": {"type": "cluster"}}}
    return {arn: {"principal_arn": arn, "policy_associations": everywhere} for arn in arns}
