"""An Anyscale cloud on EC2: one stack."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws import (
    S3,
    ExistingBucket,
    ExistingRoles,
    ExistingSecurityGroup,
    Iam,
    S3Policy,
    SecurityGroups,
)
from anyscale_constructs.aws.efs import EfsConfig
from anyscale_constructs.aws.iam import IamConfig, external_id_organization, key_statements
from anyscale_constructs.aws.memorydb import MemoryDbConfig
from anyscale_constructs.aws.permissions import Permissions
from anyscale_constructs.aws.policies import Statement, document_text, each_once, policy
from anyscale_constructs.aws.s3 import BucketConfig
from anyscale_constructs.aws.securitygroups import SecurityGroupConfig
from anyscale_constructs.aws.types import ExternalId
from anyscale_constructs.aws.vpc import VpcConfig
from anyscale_constructs.clouds.aws import AwsCloud
from anyscale_constructs.clouds.aws_config import AwsCloudConfig
from anyscale_constructs.config.model import CONFLICTING, ExistingIf, refuse, refuse_all
from anyscale_constructs.config.types import Known, NetworkingMode
from anyscale_constructs.expressions import is_one_of, is_unresolved, unless
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.registration.resource import AwsConfig, CloudResource, FileStorage
from anyscale_constructs.terraform.adoption import Adopt, Adoption, load_root
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.values import texts

_SUBNETS = {"public_subnets", "private_subnets"}
# For each key of workloads: the older key of iam with the same meaning, and upstream's input variable.
_PERMISSIONS = {
    "managed_policy_arns": ("cluster_node_managed_policy_arns", "anyscale_cluster_node_managed_policy_arns"),
    "policy": ("cluster_node_custom_policy", "anyscale_cluster_node_custom_policy"),
    "secrets": ("cluster_node_secret_arns", "anyscale_cluster_node_byod_secret_arns"),
    "secrets_kms_key_arn": ("cluster_node_secret_kms_key_arn", "anyscale_cluster_node_byod_secret_kms_arn"),
}
ADOPTED_EXTERNAL_ID = Rule(
    "adopted-external-id",
    "error",
    "Anyscale's control plane keeps using the external ID with which the cloud was registered, and AWS does not let it "
    "assume the role if the trust policy has another one.",
)
ADOPTED_NETWORK = Rule(
    "adopted-network",
    "error",
    "Terraform replaces subnets, and a VPC with everything in it, if their ranges change. The default ranges of a new "
    "cloud differ from those of an existing cloud.",
)


class Ec2Config(AwsCloudConfig):
    """An Anyscale cloud on EC2."""

    external_id: ExternalId | None = Field(
        default=None,
        description="The external ID that Anyscale's control plane must use to assume its role. Default: <org_id>-"
        "<stack name>; required with adopt.",
    )
    adopt: Adopt | None = Field(
        default=None,
        description="Adopts the resources that Anyscale's root module created: their addresses in the state move, and "
        "names are the root module's. Default: everything is new.",
    )
    networking_mode: Known[NetworkingMode] = Field(
        default="PUBLIC", description="PUBLIC: nodes in public subnets. PRIVATE: nodes in private subnets behind NAT."
    )
    security_group: Annotated[SecurityGroupConfig | ExistingSecurityGroup, ExistingIf("security_group_id")] = Field(
        default_factory=SecurityGroupConfig,
        description="The nodes' security group, new or existing. Default: a new one.",
    )
    # A narrower type is safe, since models are frozen.
    bucket: Annotated[  # pyright: ignore[reportIncompatibleVariableOverride]
        BucketConfig | ExistingBucket, ExistingIf("bucket_name")
    ] = Field(default_factory=BucketConfig, description="The bucket, new or existing. Default: a new one.")
    iam: IamConfig = Field(
        default_factory=IamConfig, description="The roles of the control plane and of the nodes. Default: new ones."
    )
    workloads: Permissions = Field(
        default_factory=Permissions,
        description="Permissions of users' workloads in addition to the bucket, by the nodes' role. Default: none.",
    )

    @model_validator(mode="after")
    def _workloads_have_a_new_role(self) -> Self:
        found = []
        for name in sorted(self.workloads.model_fields_set):
            key, (older, _) = ("workloads", name), _PERMISSIONS.get(name, ("", ""))
            if self.iam.cluster_node_role_arn is not None:
                what, fix = (
                    "iam.cluster_node_role_arn names an existing role",
                    "grant the permission to that role yourself",
                )
                found.append(Finding(f"applies only to a new node role, but {what}", fix, rule=CONFLICTING, key=key))
            elif older in self.iam.model_fields_set:
                what = f"has the same meaning as iam.{older}, which is set too"
                found.append(Finding(what, "remove one of them", rule=CONFLICTING, key=key))
        if found:
            raise refuse_all(found)
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = isinstance(self.vpc, VpcConfig) and not is_one_of(self.vpc.private_subnets, None, [])
        if given and self.networking_mode == "PUBLIC":
            raise refuse(
                "the nodes would be in private subnets, but networking_mode is PUBLIC",
                "set networking_mode to PRIVATE, or remove vpc.private_subnets",
                key="vpc.private_subnets",
            )
        external_id = self.external_id
        known = not is_unresolved([external_id, self.org_id])
        begins = not known or external_id is None or external_id.startswith(f"{self.org_id}-")
        if not begins and not (self.adopt and self.has_cloud_id_for_external_id):
            raise refuse(
                "must begin with the organization ID",
                f"set it to {self.org_id}-<suffix>, or remove it",
                key="external_id",
                rule=external_id_organization.rule,
                value=external_id,
                allowed=f"{self.org_id}-<suffix>",
            )
        if self.adopt:
            self._knows_what_it_adopts()
        new = isinstance(self.efs, EfsConfig) or isinstance(self.memorydb, MemoryDbConfig)
        unused = isinstance(self.bucket, ExistingBucket) and not new
        if self.kms_key_arn is not None and unused:
            raise refuse(
                "applies only to a new bucket, EFS or MemoryDB, and the cloud has none of them",
                "remove it, or set bucket.kms_key_arn to the existing bucket's key",
                key="kms_key_arn",
            )
        return self

    @property
    def has_cloud_id_for_external_id(self) -> bool:
        """Whether the external ID is the cloud's ID, as for a cloud that was registered without an external ID."""
        return not is_unresolved([self.external_id, self.cloud_id]) and self.cloud_id in {self.external_id} - {None}

    def _knows_what_it_adopts(self) -> None:
        if self.external_id is None:
            raise refuse(
                "external_id is required with adopt, because a registered cloud keeps its external ID",
                "set external_id to the root module's output anyscale_iam_role_external_id, or to the cloud ID if that "
                "is empty",
                key="adopt",
                rule=ADOPTED_EXTERNAL_ID,
            )
        vpc = self.vpc
        given = vpc.model_fields_set
        if isinstance(vpc, VpcConfig) and not ("cidr_block" in given and given & _SUBNETS):
            raise refuse(
                "vpc must have the ranges of the root module's VPC and subnets, because Terraform would replace others",
                "set vpc.cidr_block, and vpc.public_subnets and vpc.private_subnets as the root module has them, or "
                "the vpc_id of an existing VPC",
                key="vpc" if "vpc" in self.model_fields_set else "adopt",
                rule=ADOPTED_NETWORK,
            )

    @property
    def adoption(self) -> Adoption | None:
        """What the cloud adopts from Anyscale's root module; None if it adopts nothing."""
        name_prefix = self.name_prefix if "name_prefix" in self.model_fields_set else None
        return Adoption(load_root("aws"), self.adopt, name_prefix) if self.adopt else None


class Ec2Stack(AwsCloud[Ec2Config]):
    """An Anyscale cloud on EC2: Ray runs on instances that Anyscale starts in your AWS account.

    The stack creates a VPC with subnets for the nodes, a security group, an S3 bucket, and the IAM roles of Anyscale's
    control plane and of the nodes; optionally also an EFS file system, a MemoryDB cluster and a KMS key. Each of them
    can be an existing one. Choose it on AWS unless your organization runs workloads on Kubernetes: there is no cluster
    to operate, and the cloud is a single stack.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    config_type: ClassVar[type[CloudConfig]] = Ec2Config

    security_group: SecurityGroups | ExistingSecurityGroup
    iam: Iam | ExistingRoles

    def compose(self) -> None:
        """Adds the cloud's parts."""
        self.kms_key = self.add_kms_key()
        self.vpc = self.add_vpc()
        self.security_group = self.add_security_group()  # pyright: ignore[reportIncompatibleVariableOverride]
        self.bucket = self.add_bucket()
        self.iam = self.add_iam()
        self.add_workload_policy()
        self.add_kms_key_policy(self.kms_key_users())
        self.add_bucket_policy()
        self.efs = self.add_efs()
        self.memorydb = self.add_memorydb()

    @property
    def external_id(self) -> str:
        """The external ID that the control plane must use to assume its role."""
        own = self.config.external_id
        return f"{self.config.org_id}-{self.name}" if own is None else own

    def node_networking_mode(self) -> NetworkingMode:
        """Returns the cloud's networking mode."""
        return self.config.networking_mode

    def add_security_group(self) -> SecurityGroups | ExistingSecurityGroup:
        """Adds the nodes' security group, unless it exists."""
        group = self.config.security_group
        if isinstance(group, ExistingSecurityGroup):
            return group
        pool = unless(group.machine_pool_cidr_ranges, [])
        with self.configured_by(
            "security_group",
            ingress_from_cidr_map=("security_group.ingress_cidr_blocks", "security_group.ingress_rules"),
            security_group_name_prefix="name_prefix",
            machine_pool_security_group_name_prefix="name_prefix",
        ):
            return SecurityGroups(
                self,
                vpc=self.vpc,
                ingress_cidr_blocks=group.ingress_cidr_blocks,
                enable_ssh_access=group.enable_ssh_access,
                ingress_from_cidr_map=[texts(rule) for rule in group.ingress_rules] or None,
                anyscale_cloud_id=self.cloud_id,
                security_group_name_prefix=f"{self.config.name_prefix}nodes-",
                machine_pool_cidr_ranges=pool,
                machine_pool_security_group_name_prefix=None
                if pool is None
                else f"{self.config.name_prefix}machine-pool-",
                tags=self.tags(group.tags),
            )

    def add_iam(self) -> Iam | ExistingRoles:
        """Adds the roles of the control plane and of the nodes, unless both exist."""
        iam, prefix = self.config.iam, self.config.name_prefix
        if iam.control_plane_role_arn is not None and iam.cluster_node_role_arn is not None:
            keys = each_once(self.config.kms_key_arn, self.bucket.kms_key_arn, but=self.own_kms_key_arn)
            for warning in iam.must_use_keys(*keys):
                self.report(warning._replace(key=("iam", *warning.on)))
            return iam
        with self.configured_by(
            "iam",
            anyscale_external_id="external_id",
            create_anyscale_access_role="iam.control_plane_role_arn",
            create_cluster_node_instance_profile="iam.cluster_node_role_arn",
            role_permissions_boundary_arn="iam.permissions_boundary_arn",
            anyscale_access_role_name="iam.control_plane_role_name",
            anyscale_access_role_name_prefix="name_prefix",
            anyscale_cluster_node_role_name="iam.cluster_node_role_name",
            anyscale_cluster_node_role_name_prefix="name_prefix",
            create_cluster_node_cloudwatch_policy="iam.cluster_node_cloudwatch_policy",
            **{name: (f"iam.{older}", f"workloads.{key}") for key, (older, name) in _PERMISSIONS.items()},
        ):
            return Iam(
                self,
                bucket=self.bucket,
                existing=iam,
                kms_key_arn=self.config.kms_key_arn,
                permitting_kms_key_arn=self.own_kms_key_arn,
                anyscale_cloud_id=self.cloud_id,
                anyscale_org_id=self.config.org_id,
                # Upstream uses the cloud's ID if it gets no external ID.
                anyscale_external_id=None if self.config.has_cloud_id_for_external_id else self.external_id,
                role_permissions_boundary_arn=iam.permissions_boundary_arn,
                policy_name_prefix=prefix if self.config.prefix_all_names else None,
                anyscale_access_role_name=iam.control_plane_role_name,
                anyscale_access_role_name_prefix=f"{prefix}control-plane-",
                anyscale_cluster_node_role_name=iam.cluster_node_role_name,
                anyscale_cluster_node_role_name_prefix=f"{prefix}node-",
                create_cluster_node_cloudwatch_policy=unless(iam.cluster_node_cloudwatch_policy, False),
                anyscale_cluster_node_managed_policy_arns=unless(self._permission("managed_policy_arns"), []),
                anyscale_cluster_node_custom_policy=document_text(self._permission("policy")),
                anyscale_cluster_node_byod_secret_arns=unless(self._permission("secrets"), []),
                anyscale_cluster_node_byod_secret_kms_arn=self._permission("secrets_kms_key_arn"),
                tags=self.tags(iam.tags),
            )

    def _permission(self, key: str) -> Any:
        """Returns the value of a key of workloads, or of the older key of iam with the same meaning."""
        own = self.config.workloads
        return getattr(own, key) if key in own.model_fields_set else getattr(self.config.iam, _PERMISSIONS[key][0])

    def add_workload_policy(self) -> None:
        """Grants the nodes access to the buckets of workloads.data_access, for which upstream has no input."""
        if isinstance(self.iam, Iam) and (statements := self.config.workloads.data_statements()):
            arguments = {"name": "workloads", "role": self.iam.cluster_node_role_name, "policy": policy(statements)}
            Resource(self, "aws_iam_role_policy", "workloads", arguments)

    def kms_key_users(self) -> dict[str, list[Statement]]:
        """Returns the statements for both roles in the policy of the cloud's own KMS key, by the roles' ARNs."""
        statements = key_statements(["*"])
        return {getattr(self.iam, role): statements[role] for role in statements}

    def add_bucket_policy(self) -> None:
        """Adds the policy of a new bucket, which gives both roles access."""
        bucket = self.config.bucket
        own = bucket.custom_policy if isinstance(bucket, BucketConfig) else None
        if isinstance(self.bucket, S3):
            with self.configured_by("bucket", custom_s3_policy="bucket.custom_policy"):
                S3Policy(self, bucket=self.bucket, iam=self.iam, custom_s3_policy=own)

    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the names of upstream's root module; configured values for what exists already."""
        iam = self.iam
        return super().cloud_outputs() | {
            "anyscale_security_group_id": self.security_group.security_group_id,
            "anyscale_iam_role_arn": iam.control_plane_role_arn,
            "anyscale_iam_role_external_id": self.external_id,
            "anyscale_iam_role_cluster_node_arn": iam.cluster_node_role_arn,
            "anyscale_iam_instance_profile_role_arn": iam.cluster_node_instance_profile_arn,
        }

    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""
        config = self.config
        return CloudResource(
            name=f"vm-aws-{config.region}",
            provider="AWS",
            compute_stack="VM",
            region=config.region,
            networking_mode=config.networking_mode,
            object_storage=self.object_storage(),
            file_storage=FileStorage(file_storage_id=self.efs.efs_id) if self.efs else None,
            aws_config=AwsConfig(
                vpc_id=self.vpc.vpc_id,
                subnet_ids=self.vpc.node_subnet_ids,
                security_group_ids=[self.security_group.security_group_id],
                anyscale_iam_role_id=self.iam.control_plane_role_arn,
                external_id=self.external_id,
                cluster_iam_role_id=self.iam.cluster_node_role_arn,
                cluster_instance_profile_id=self.iam.cluster_node_instance_profile_arn,
                memorydb_cluster_name=self.memorydb.name if self.memorydb else None,
            ),
        )
