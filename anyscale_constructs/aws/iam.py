"""The roles of Anyscale's control plane and of its nodes: new, or existing ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self, Unpack

from pydantic import Field, model_validator

from anyscale_constructs.anyscale import CONTROL_PLANE_ACCOUNT
from anyscale_constructs.aws.policies import PolicyDocument, Statement, allow, each_once, policy
from anyscale_constructs.aws.s3 import IBucket
from anyscale_constructs.aws.types import InstanceProfileArn, KmsKeyArn, PolicyArn, RoleArn, SecretArn, Tags
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import OrExpr
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, is_one_of, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.modules.aws.iam import IamInputs, IamModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.values import json_text

_POLICY_PREFIXES = {
    "anyscale_access_steadystate_policy_prefix": "steady-state-",
    "anyscale_access_servicesv2_policy_prefix": "services-",
    "anyscale_custom_policy_name_prefix": "control-plane-custom-",
    "anyscale_cluster_node_custom_policy_prefix": "node-custom-",
    "anyscale_cluster_node_cloudwatch_policy_prefix": "node-cloudwatch-",
    "anyscale_cluster_node_byod_secrets_policy_prefix": "node-secrets-",
    "anyscale_iam_s3_policy_name_prefix": "bucket-",
}
"""What the names of IAM policies begin with behind a prefix of one's own, by upstream's inputs for them."""

# name or prefix -> AWS's limit; a prefix leaves room for Terraform's 26 characters
_LIMITS = {
    "anyscale_access_role_name": 64,
    "anyscale_access_role_name_prefix": 38,
    "anyscale_cluster_node_role_name": 64,
    "anyscale_cluster_node_role_name_prefix": 38,
    **dict.fromkeys(_POLICY_PREFIXES, 102),
}
_NODE_POLICIES = (
    "anyscale_cluster_node_custom_policy",
    "create_cluster_node_cloudwatch_policy",
    "anyscale_cluster_node_byod_secret_arns",
    "anyscale_cluster_node_byod_custom_secrets_policy",
    "anyscale_cluster_node_managed_policy_arns",
)
_CONTROL_PLANE_POLICIES = ("anyscale_custom_policy", "anyscale_access_managed_policy_arns")

# The switch that makes a role and the output with its name, by the key that names an existing one.
_NEW_ROLES = {
    "control_plane_role_arn": ("create_anyscale_access_role", "iam_anyscale_access_role_name"),
    "cluster_node_role_arn": ("create_cluster_node_instance_profile", "iam_cluster_node_instance_profile_name"),
}
_MAPPINGS = ("map(", "object(")

KMS_ACCESS = Rule(
    "role-kms-access",
    "warning",
    "A role without permission for a KMS key cannot use what the key encrypts, and existing roles are not changed.",
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
    """Roles that exist already; those that are left out are created."""

    control_plane_role_arn: RoleArn | None = Field(
        default=None,
        description="The control plane's role, if it exists. It must trust Anyscale with the external id. "
        "Default: a new role.",
    )
    cluster_node_role_arn: RoleArn | None = Field(
        default=None,
        description="The nodes' role, if it exists. It must be allowed to use the bucket and the bucket's KMS"
        " key. Default: a new role.",
    )
    cluster_node_instance_profile_arn: InstanceProfileArn | None = Field(
        default=None, description="Default: the profile with the role's name."
    )

    def must_use_keys(self, *kms_key_arns: str | None) -> Iterator[Finding]:
        """Warnings about the existing roles, with the policy that each needs to use the KMS keys.

        Args:
            kms_key_arns: The keys; None stands for no key.
        """
        for role, statements in key_statements(each_once(*kms_key_arns)).items():
            if getattr(self, role) is not None and statements:
                yield Finding(
                    f"{role} names an existing role, which must be allowed to use the KMS key",
                    f"attach this policy to it, unless it has one like it: {str.__str__(policy(statements))}",
                    rule=KMS_ACCESS,
                    on=[role],
                )


# What only a new role can take, by the key that names an existing one.
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

_OLDER_NAME = "An older name of workloads.{}; set one of them. Default: none."


class IamConfig(ExistingRoles):
    """The roles: new ones, unless their ARNs are given."""

    control_plane_role_name: str | None = Field(default=None, description="Default: a unique one.")
    cluster_node_role_name: str | None = Field(default=None, description="Default: a unique one.")
    permissions_boundary_arn: PolicyArn | None = Field(
        default=None, description="The permissions boundary of new roles. Default: none."
    )
    cluster_node_cloudwatch_policy: OrExpr[bool] = Field(
        default=False, description="Whether nodes may write logs and metrics."
    )
    cluster_node_managed_policy_arns: OrExpr[list[PolicyArn]] = Field(
        default_factory=list, description=_OLDER_NAME.format("managed_policy_arns")
    )
    cluster_node_custom_policy: OrExpr[PolicyDocument | None] = Field(
        default=None, description=_OLDER_NAME.format("policy")
    )
    cluster_node_secret_arns: OrExpr[list[SecretArn]] = Field(
        default_factory=list, description=_OLDER_NAME.format("secrets, for images of your own")
    )
    cluster_node_secret_kms_key_arn: KmsKeyArn | None = Field(
        default=None, description=_OLDER_NAME.format("secrets_kms_key_arn")
    )
    tags: OrExpr[Tags] = Field(
        default_factory=dict, description="Tags of new roles and policies, beside the cloud's. Default: none."
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
                raise refuse(f"is for a new role, but {role} names an existing one", "remove one of them", key=name)
        if self.cluster_node_instance_profile_arn is not None and self.cluster_node_role_arn is None:
            raise refuse(
                "is set without the role of the instance profile",
                "set cluster_node_role_arn as well",
                key="cluster_node_instance_profile_arn",
            )
        return self


def key_statements(kms_key_arns: Sequence[str]) -> dict[str, list[Statement]]:
    """What each role needs to use KMS keys, by the key that names an existing role.

    S3 asks for the caller's permission to encrypt and decrypt, EBS for that and for a grant by whoever launches an
    instance; EFS and MemoryDB ask whoever makes them, and nobody who uses them.

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


def document_text(document: Any) -> Any:
    """A policy document as JSON text; a string, or an expression that may be one, stays as it is."""
    is_mapping = isinstance(document, Mapping) or (isinstance(document, Expr) and document.type.startswith(_MAPPINGS))
    return json_text(document, "the policy document") if is_mapping else document


@guard("external-id-missing", "anyscale_external_id")
def the_control_plane_says_its_external_id(i: Inputs) -> Finding | None:
    """Without an external id the trust policy has no condition, so any customer of Anyscale could use your role."""
    ids = ("anyscale_external_id", "anyscale_trusted_role_sts_externalid", "anyscale_cloud_id")
    if i["create_anyscale_access_role"] is True and not any(not is_one_of(i[name], None, []) for name in ids):
        return Finding(
            "anyscale_external_id is not set, so the trust policy would have no condition",
            'set it to "<organization id>-<suffix>", and register the cloud with the same one',
        )
    return None


@guard("external-id-organization", "anyscale_external_id", "anyscale_org_id")
def the_external_id_begins_with_the_organization(i: Inputs) -> Finding | None:
    """Anyscale accepts no other external id. Upstream's root module completes a suffix, but this module does not."""
    external, org = i["anyscale_external_id"], i["anyscale_org_id"]
    if external is None or is_unresolved(external):
        return None
    begins = external.startswith("org_") if org is None or is_unresolved(org) else external.startswith(f"{org}-")
    if not begins:
        return Finding(
            "anyscale_external_id must begin with the organization id",
            "write the whole external id, not only a suffix",
            external,
            f"{org or 'org_...'}-<suffix>",
        )
    return None


@guard("s3-policy-bucket", "create_iam_s3_policy", "anyscale_s3_bucket_arn")
def the_s3_policy_names_a_bucket(i: Inputs) -> Finding | None:
    """Without a bucket upstream writes a policy for the resource "empty", which AWS refuses when Terraform applies."""
    if i["create_iam_s3_policy"] is True and is_one_of(i["anyscale_s3_bucket_arn"], None, ""):
        return Finding(
            "create_iam_s3_policy is on without a bucket", "set a bucket, or set create_iam_s3_policy to false"
        )
    return None


@guard("node-role-missing", *_NODE_POLICIES, "create_cluster_node_instance_profile")
def node_policies_need_the_node_role(i: Inputs) -> Finding | None:
    """Upstream attaches these policies to the role that it creates; without one, planning fails or they are ignored."""
    wanted = [name for name in _NODE_POLICIES if i[name] not in (None, False, [])]
    if i["create_cluster_node_instance_profile"] is False and wanted:
        return Finding(
            f"{wanted[0]} is for a node role that is not created",
            "remove it, and attach the policy to the existing role yourself",
            on=wanted,
        )
    return None


@guard("control-plane-role-missing", *_CONTROL_PLANE_POLICIES, "create_anyscale_access_role")
def control_plane_policies_need_the_control_plane_role(i: Inputs) -> Finding | None:
    """Upstream would create a policy that nothing uses, or ignore it."""
    wanted = [name for name in _CONTROL_PLANE_POLICIES if i[name] not in (None, [])]
    if i["create_anyscale_access_role"] is False and wanted:
        return Finding(f"{wanted[0]} is for a control plane role that is not created", "remove it", on=wanted)
    return None


@guard("unrestricted-permissions", "anyscale_cloud_id", severity="warning")
def permissions_are_narrowed_to_the_cloud(i: Inputs) -> Finding | None:
    """Without the cloud's id the control plane may start and terminate every EC2 instance of the account."""
    if i["create_anyscale_access_role"] is True and i["anyscale_cloud_id"] is None:
        return Finding(
            "anyscale_cloud_id is not set, so the control plane may act on every EC2 instance of the account",
            "set cloud_id once the cloud is registered, or register with registration: terraform",
        )
    return None


@guard("control-plane-trust", "anyscale_trusted_role_arns", severity="warning")
def anyscale_is_trusted(i: Inputs) -> Finding | None:
    """These ARNs replace Anyscale's account in the trust policy, so Anyscale could not use the role."""
    trusted = i["anyscale_trusted_role_arns"]
    if i.known("anyscale_trusted_role_arns") and trusted and not any(CONTROL_PLANE_ACCOUNT in arn for arn in trusted):
        return Finding(
            "anyscale_trusted_role_arns lacks the account of Anyscale's control plane, which could not use the role",
            f"add arn:aws:iam::{CONTROL_PLANE_ACCOUNT}:root",
            trusted,
        )
    return None


@guard("iam-name-length", *_LIMITS)
def names_fit_iam(i: Inputs) -> Finding | None:
    """IAM accepts names of 64 characters, of which Terraform needs 26 behind a prefix, and policies of 128."""
    for name, longest in _LIMITS.items():
        value = i[name]
        if value is not None and not is_unresolved(value) and len(value) > longest:
            return Finding(f"{name} is too long", "shorten it", value, f"at most {longest} characters", on=[name])
    return None


class Iam(IamModule):
    """The control plane's role, the nodes' role and instance profile, and their policies for bucket and KMS keys.

    Beside upstream's policies, new roles have an inline policy each of what upstream lacks: the control plane may
    describe capacity reservations, as `anyscale cloud verify` wants for machine pools, and both roles may use the
    KMS keys. For existing roles a warning says what to add.

    Args:
        scope: The stack.
        id: Default: `iam`.
        bucket: The bucket both roles may use. Default: none, and then no policy for it.
        existing: Roles that exist already and are not created.
        kms_key_arn: A customer's KMS key that both roles may use beside the bucket's. Default: only the bucket's.
        permitting_kms_key_arn: A KMS key whose own policy lets the roles use it: they get no permission for it here,
            and no warning says that existing roles need one. Default: none.
        policy_name_prefix: What the names of the IAM policies begin with. Default: as upstream has it.
        depends_on: Constructs that must be there first.
        **inputs: Upstream's inputs by their own names; `anyscale_external_id` is the whole id,
            `org_...-suffix`.

    Raises:
        InputError: An input is wrong or would spring one of upstream's traps.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_control_plane_says_its_external_id,
        the_external_id_begins_with_the_organization,
        the_s3_policy_names_a_bucket,
        node_policies_need_the_node_role,
        control_plane_policies_need_the_control_plane_role,
        permissions_are_narrowed_to_the_cloud,
        anyscale_is_trusted,
        names_fit_iam,
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
        """Adds what upstream's policies lack, in resources of their own: upstream's inputs for it are the user's."""
        statements = key_statements(self._keys)
        statements["control_plane_role_arn"].insert(0, allow(["ec2:DescribeCapacityReservations"]))
        for role, (switch, role_name) in _NEW_ROLES.items():
            made = self.inputs["module_enabled"] is True and self.inputs[switch] is True
            if made and statements[role]:
                name = role.removesuffix("_role_arn")
                arguments = {"name": name, "role": self.output(role_name), "policy": policy(statements[role])}
                Resource(scope, "aws_iam_role_policy", f"{self.module_id}_{name}", arguments)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Names the bucket and the policies, and makes only the roles that don't exist."""
        if (prefix := self._policy_name_prefix) is not None:
            given = {name: f"{prefix}{own}" for name, own in _POLICY_PREFIXES.items()} | given
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
        """Says what existing roles must be allowed."""
        return self._existing.must_use_keys(*self._keys)

    @property
    def control_plane_role_arn(self) -> str:
        """The role that Anyscale's control plane takes."""
        existing = self._existing.control_plane_role_arn
        return self.iam_anyscale_access_role_arn if existing is None else existing

    @property
    def cluster_node_role_arn(self) -> str:
        """The role of Anyscale's nodes."""
        existing = self._existing.cluster_node_role_arn
        return self.iam_cluster_node_role_arn if existing is None else existing

    @property
    def cluster_node_instance_profile_arn(self) -> str | None:
        """The nodes' instance profile; None for an existing role whose profile has its name."""
        if self._existing.cluster_node_role_arn is not None:
            return self._existing.cluster_node_instance_profile_arn
        # Upstream's name for the profile's ARN says role.
        return self.iam_cluster_node_instance_profile_role_arn

    @property
    def cluster_node_role_name(self) -> Expr:
        """The name of the new node role; upstream has no output for it, but the profile has the same name."""
        if self._existing.cluster_node_role_arn is not None:
            raise InputError(
                f"{self.address} creates no node role, so it has no name for one",
                fix="use the name in the existing role's ARN",
            )
        return self.iam_cluster_node_instance_profile_name
