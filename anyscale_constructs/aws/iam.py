"""The roles of Anyscale's control plane and of its nodes: new, or existing ones."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Protocol, Self, Unpack

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import CONTROL_PLANE_ACCOUNT
from anyscale_constructs.aws.iam_names import POLICY_PREFIXES, names_fit_iam, names_have_characters_of_iam
from anyscale_constructs.aws.policies import PolicyDocument, Statement, allow, each_once, policy
from anyscale_constructs.aws.s3 import IBucket
from anyscale_constructs.aws.types import InstanceProfileArn, KmsKeyArn, PolicyArn, RoleArn, SecretArn, Tags
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.iam import IamInputs, IamModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.resource import Resource

_NODE_POLICIES = (
    "anyscale_cluster_node_custom_policy",
    "create_cluster_node_cloudwatch_policy",
    "anyscale_cluster_node_byod_secret_arns",
    "anyscale_cluster_node_byod_custom_secrets_policy",
    "anyscale_cluster_node_managed_policy_arns",
)
_CONTROL_PLANE_POLICIES = ("anyscale_custom_policy", "anyscale_access_managed_policy_arns")

# For each key that names an existing role: the switch that creates one, and the output with its name.
_NEW_ROLES = {
    "control_plane_role_arn": ("create_anyscale_access_role", "iam_anyscale_access_role_name"),
    "cluster_node_role_arn": ("create_cluster_node_instance_profile", "iam_cluster_node_instance_profile_name"),
}

KMS_ACCESS = Rule(
    "role-kms-access",
    "warning",
    "A role without permission for a KMS key cannot read what the key encrypts, and existing roles are not changed.",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)


class IRoles(Protocol):
    """The roles of the control plane and of the nodes: `Iam`, `ExistingRoles`, or a class with these properties."""

    @property
    def control_plane_role_arn(self) -> str | None:
        """The control plane's role; None if there is none."""
        ...

    @property
    def cluster_node_role_arn(self) -> str | None:
        """The nodes' role; None if there is none."""
        ...


class ExistingRoles(Model):
    """Existing roles; those that are not set are created."""

    control_plane_role_arn: RoleArn | None = Field(
        default=None,
        description="An existing role of the control plane. It must trust Anyscale with the external ID. "
        "Default: a new role.",
    )
    cluster_node_role_arn: RoleArn | None = Field(
        default=None,
        description="An existing role of the nodes. It must have access to the bucket and the bucket's KMS key. "
        "Default: a new role.",
    )
    cluster_node_instance_profile_arn: InstanceProfileArn | None = Field(
        default=None, description="The nodes' instance profile. Default: the one with the role's name."
    )

    def must_use_keys(self, *kms_key_arns: str | None) -> Iterator[Finding]:
        """Yields warnings about the existing roles, with the policy that each needs for the KMS keys.

        Args:
            kms_key_arns: The keys; None values are skipped.
        """
        for role, statements in key_statements(each_once(*kms_key_arns)).items():
            if getattr(self, role) is not None and statements:
                yield Finding(
                    f"{role} names an existing role, which needs permission to use the KMS key",
                    f"attach this policy to it, unless it has the permissions: {str.__str__(policy(statements))}",
                    rule=KMS_ACCESS,
                    on=[role],
                )


# The keys that apply only to a new role, by the key that names an existing one.
_FOR_NEW_ROLES = {
    "control_plane_role_arn": ("control_plane_role_name",),
    "cluster_node_role_arn": (
        "cluster_node_role_name",
        "cluster_node_cloudwatch_policy",
        "cluster_node_managed_policy_arns",
        "cluster_node_custom_policy",
        "cluster_node_secret_arns",
        "cluster_node_secret_kms_key_arn",
    ),
}

_OLDER_NAME = "The older name of workloads.{}; set only one of them. Default: none."


class IamConfig(ExistingRoles):
    """The roles: new ones, unless their ARNs are set."""

    control_plane_role_name: str | None = Field(default=None, description="The role's name. Default: a unique name.")
    cluster_node_role_name: str | None = Field(default=None, description="The role's name. Default: a unique name.")
    permissions_boundary_arn: PolicyArn | None = Field(
        default=None, description="The permissions boundary of new roles. Default: none."
    )
    cluster_node_cloudwatch_policy: OrExpr[bool] = Field(
        default=False, description="Whether nodes may write logs and metrics to CloudWatch."
    )
    cluster_node_managed_policy_arns: OrExpr[list[PolicyArn]] = Field(
        default_factory=empty_list, description=_OLDER_NAME.format("managed_policy_arns")
    )
    cluster_node_custom_policy: OrExpr[PolicyDocument | None] = Field(
        default=None, description=_OLDER_NAME.format("policy")
    )
    cluster_node_secret_arns: OrExpr[list[SecretArn]] = Field(
        default_factory=empty_list, description=_OLDER_NAME.format("secrets, for your own images")
    )
    cluster_node_secret_kms_key_arn: KmsKeyArn | None = Field(
        default=None, description=_OLDER_NAME.format("secrets_kms_key_arn")
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map,
        description="Tags of new roles and policies, in addition to the cloud's. Default: none.",
    )

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        roles = set(_FOR_NEW_ROLES)
        existing = {role for role in roles if getattr(self, role) is not None}
        idle = {name: role for role in existing for name in _FOR_NEW_ROLES[role]}
        if existing == roles:
            idle |= dict.fromkeys(("permissions_boundary_arn", "tags"), "cluster_node_role_arn")
        for name, role in idle.items():
            if not is_one_of(getattr(self, name), None, False, [], {}):
                raise refuse(f"applies to a new role, but {role} names an existing one", "remove one of them", key=name)
        if self.cluster_node_instance_profile_arn is not None and self.cluster_node_role_arn is None:
            raise refuse(
                "is set without the instance profile's role",
                "set cluster_node_role_arn, too",
                key="cluster_node_instance_profile_arn",
            )
        return self


def key_statements(kms_key_arns: Sequence[str]) -> dict[str, list[Statement]]:
    """Returns the statements that each role needs to use KMS keys, by the key that names an existing role.

    S3 requires that the caller may encrypt and decrypt. EBS requires that too, and a grant by the principal that
    launches an instance. EFS and MemoryDB check only the principal that creates them, not clients.

    Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html and
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html.
    """
    if not kms_key_arns:
        return {"control_plane_role_arn": [], "cluster_node_role_arn": []}
    uses = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"]
    grants = allow(["kms:CreateGrant"], kms_key_arns, {"Bool": {"kms:GrantIsForAWSResource": "true"}})
    return {
        "control_plane_role_arn": [allow([*uses, "kms:ReEncrypt*"], kms_key_arns), grants],
        "cluster_node_role_arn": [allow(uses, kms_key_arns)],
    }


@guard("external-id-missing", "anyscale_external_id")
def external_id_missing(i: Inputs) -> Finding | None:
    """Without an external ID, the trust policy has no condition, so any customer of Anyscale could use your role."""
    ids = ("anyscale_external_id", "anyscale_trusted_role_sts_externalid", "anyscale_cloud_id")
    if i["create_anyscale_access_role"] is True and not any(not is_one_of(i[name], None, []) for name in ids):
        return Finding(
            "anyscale_external_id is not set, so the trust policy would have no condition",
            'set it to "<organization id>-<suffix>", and register the cloud with the same value',
        )
    return None


@guard("external-id-organization", "anyscale_external_id", "anyscale_org_id")
def external_id_organization(i: Inputs) -> Finding | None:
    """Anyscale accepts no other external ID. Upstream's root module adds the organization ID, this module does not."""
    external, org = i["anyscale_external_id"], i["anyscale_org_id"]
    if external is None or is_unresolved(external):
        return None
    begins = external.startswith("org_") if org is None or is_unresolved(org) else external.startswith(f"{org}-")
    if not begins:
        return Finding(
            "anyscale_external_id must begin with the organization ID",
            "set the whole external ID, not only a suffix",
            external,
            f"{org or 'org_...'}-<suffix>",
        )
    return None


@guard("s3-policy-bucket", "create_iam_s3_policy", "anyscale_s3_bucket_arn")
def the_s3_policy_names_a_bucket(i: Inputs) -> Finding | None:
    """Without a bucket, upstream writes a policy for the resource "empty", which AWS rejects at apply."""
    if i["create_iam_s3_policy"] is True and is_one_of(i["anyscale_s3_bucket_arn"], None, ""):
        return Finding(
            "create_iam_s3_policy is on, but no bucket is set", "set a bucket, or set create_iam_s3_policy to false"
        )
    return None


@guard("node-role-missing", *_NODE_POLICIES, "create_cluster_node_instance_profile")
def node_policies_need_the_node_role(i: Inputs) -> Finding | None:
    """Upstream attaches these policies only to a new role; without one, planning fails or they are ignored."""
    wanted = [name for name in _NODE_POLICIES if i[name] not in (None, False, [])]
    if i["create_cluster_node_instance_profile"] is False and wanted:
        return Finding(
            f"{wanted[0]} applies to a new node role, but none is created",
            "remove it, and attach the policy to the existing role yourself",
            on=wanted,
        )
    return None


@guard("control-plane-role-missing", *_CONTROL_PLANE_POLICIES, "create_anyscale_access_role")
def control_plane_policies_need_the_control_plane_role(i: Inputs) -> Finding | None:
    """Upstream would create an unused policy, or ignore the input."""
    wanted = [name for name in _CONTROL_PLANE_POLICIES if i[name] not in (None, [])]
    if i["create_anyscale_access_role"] is False and wanted:
        return Finding(f"{wanted[0]} applies to a new control plane role, but none is created", "remove it", on=wanted)
    return None


@guard("unrestricted-permissions", "anyscale_cloud_id", severity="warning")
def permissions_are_narrowed_to_the_cloud(i: Inputs) -> Finding | None:
    """Without the cloud ID, the control plane may start and terminate any EC2 instance of the account."""
    if i["create_anyscale_access_role"] is True and i["anyscale_cloud_id"] is None:
        return Finding(
            "anyscale_cloud_id is not set, so the control plane may act on every EC2 instance of the account",
            "set cloud_id once the cloud is registered, or register with registration: terraform",
        )
    return None


@guard("control-plane-trust", "anyscale_trusted_role_arns", severity="warning")
def anyscale_is_trusted(i: Inputs) -> Finding | None:
    """These ARNs replace Anyscale's account in the trust policy, so Anyscale could not assume the role."""
    trusted = i["anyscale_trusted_role_arns"]
    if i.known("anyscale_trusted_role_arns") and trusted and not any(CONTROL_PLANE_ACCOUNT in arn for arn in trusted):
        return Finding(
            "anyscale_trusted_role_arns lacks the account of Anyscale's control plane, which could not assume the role",
            f"add arn:aws:iam::{CONTROL_PLANE_ACCOUNT}:root",
            trusted,
        )
    return None


class Iam(IamModule):
    """The control plane's role, the nodes' role and instance profile, and their policies for bucket and KMS keys.

    In addition to upstream's policies, each new role has an inline policy: the control plane may describe capacity
    reservations, which `anyscale cloud verify` requires for machine pools, and both roles may use the KMS keys. For
    existing roles, a warning says what to add.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `iam`.
        bucket: The bucket that both roles may use. Default: none, and no policy for a bucket.
        existing: Existing roles, which are not created. Default: both roles are new.
        kms_key_arn: The ARN of your KMS key that both roles may use, in addition to the bucket's key. Default: none.
        permitting_kms_key_arn: A KMS key whose key policy lets the roles use it: they get no permission for it here,
            and no warning about existing roles mentions it. Default: none.
        policy_name_prefix: The prefix of the names of IAM policies. Default: upstream's names.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; `anyscale_external_id` is the whole ID,
            `org_...-suffix`.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        external_id_missing,
        external_id_organization,
        the_s3_policy_names_a_bucket,
        node_policies_need_the_node_role,
        control_plane_policies_need_the_control_plane_role,
        permissions_are_narrowed_to_the_cloud,
        anyscale_is_trusted,
        names_fit_iam,
        names_have_characters_of_iam,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "iam",
        *,
        bucket: IBucket | None = None,
        existing: ExistingRoles | None = None,
        kms_key_arn: str | None = None,
        permitting_kms_key_arn: str | None = None,
        policy_name_prefix: str | None = None,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[IamInputs],
    ) -> None:
        self._existing = existing or ExistingRoles()
        self._bucket = bucket
        self._policy_name_prefix = policy_name_prefix
        self._keys = each_once(kms_key_arn, bucket.kms_key_arn if bucket else None, but=permitting_kms_key_arn)
        super().__init__(scope, id, depends_on=depends_on, **inputs)
        self._add_policies(scope)

    def _add_policies(self, scope: Construct) -> None:
        """Adds separate policies for what upstream's lack: upstream's inputs for policies are left to the user."""
        statements = key_statements(self._keys)
        statements["control_plane_role_arn"].insert(0, allow(["ec2:DescribeCapacityReservations"]))
        for role, (switch, role_name) in _NEW_ROLES.items():
            made = self.inputs["module_enabled"] is True and self.inputs[switch] is True
            if made and statements[role]:
                name = role.removesuffix("_role_arn")
                arguments = {"name": name, "role": self.output(role_name), "policy": policy(statements[role])}
                Resource(scope, "aws_iam_role_policy", f"{self.module_id}_{name}", arguments)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the bucket and the policies' names, and creates only the roles that do not exist."""
        if (prefix := self._policy_name_prefix) is not None:
            given = {name: f"{prefix}{own}" for name, own in POLICY_PREFIXES.items()} | given
        if self._bucket:
            given = {"anyscale_s3_bucket_arn": self._bucket.s3_bucket_arn} | given
        elif "anyscale_s3_bucket_arn" not in given:
            given = {"create_iam_s3_policy": False} | given
        if self._existing.control_plane_role_arn is not None:
            given = {"create_anyscale_access_role": False} | given
        if self._existing.cluster_node_role_arn is not None:
            given = {"create_cluster_node_instance_profile": False} | given
        return given

    def findings(self) -> Iterable[Finding]:
        """Warns about permissions that existing roles need."""
        return self._existing.must_use_keys(*self._keys)

    @property
    def control_plane_role_arn(self) -> str:
        """The ARN of the role that Anyscale's control plane assumes."""
        existing = self._existing.control_plane_role_arn
        return self.iam_anyscale_access_role_arn if existing is None else existing

    @property
    def cluster_node_role_arn(self) -> str:
        """The ARN of the nodes' role."""
        existing = self._existing.cluster_node_role_arn
        return self.iam_cluster_node_role_arn if existing is None else existing

    @property
    def cluster_node_instance_profile_arn(self) -> str | None:
        """The ARN of the nodes' instance profile; None for an existing role whose profile has the role's name."""
        if self._existing.cluster_node_role_arn is not None:
            return self._existing.cluster_node_instance_profile_arn
        # Upstream's output of the profile's ARN has role in its name.
        return self.iam_cluster_node_instance_profile_role_arn

    @property
    def cluster_node_role_name(self) -> Expr:
        """The name of the new node role. Upstream has no output for it, but the instance profile has the same name."""
        if self._existing.cluster_node_role_arn is not None:
            raise InputError(
                f"{self.address} creates no node role, so the role's name is not known",
                fix="use the name in the existing role's ARN",
            )
        return self.iam_cluster_node_instance_profile_name
