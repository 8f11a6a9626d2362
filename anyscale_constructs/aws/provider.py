"""The settings of Terraform's provider aws: the identity, the allowed accounts and the default tags."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.aws.types import RoleArn, TagKey
from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import Checked, OrExpr, TagValue, empty_list, empty_map
from anyscale_constructs.expressions import is_unresolved, unless

_SHORTEST, _LONGEST = 15 * 60, 12 * 60 * 60
# The AWS CLI's get-token does not pass on an external ID, and only its newest releases a session name.
_AWS_EKS_AS_ROLE = (
    "cluster=$0 region=$1; shift; "
    'credentials=$(aws sts assume-role --region "$region" "$@" --output text '
    '--query "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]") || exit; '
    "set -- $credentials; "
    'export AWS_ACCESS_KEY_ID="$1" AWS_SECRET_ACCESS_KEY="$2" AWS_SESSION_TOKEN="$3"; '
    'exec aws eks get-token --cluster-name "$cluster" --region "$region" --output json'
)
_SESSION = "terraform"


def _is_duration_of_a_session(text: str) -> bool:
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text, re.ASCII)
    seconds = [int(part or 0) * unit for part, unit in zip(parts.groups(), (3600, 60, 1), strict=True)] if parts else []
    return _SHORTEST <= sum(seconds) <= _LONGEST


AccountId = Annotated[str, Checked("an AWS account ID, which has 12 digits", r"[0-9]{12}", "111122223333")]
AssumeRoleExternalId = Annotated[
    str, Checked(r"2 to 1224 letters, digits and _+=,.@:\/-", r"[\w+=,.@:\\/-]{2,1224}", "acme-4711")
]
SessionName = Annotated[str, Checked("2 to 64 letters, digits and _+=,.@-", r"[\w+=,.@-]{2,64}", "anyscale-production")]
SessionDuration = Annotated[
    str, Checked("a duration from 15m to 12h, in hours, minutes and seconds", _is_duration_of_a_session, "1h30m")
]


class AssumeRoleConfig(Model):
    """The IAM role that Terraform assumes."""

    role_arn: RoleArn
    external_id: AssumeRoleExternalId | None = Field(
        default=None, description="The external ID that the role's trust policy requires. Default: none is sent."
    )
    session_name: SessionName | None = Field(
        default=None, description="The session's name in CloudTrail. Default: the provider generates one."
    )
    duration: SessionDuration | None = Field(
        default=None, description="The duration of the session, from 15m to 12h. Default: 1h, AWS's default."
    )


class IgnoreTagsConfig(Model):
    """Tags that other tools set and Terraform ignores."""

    keys: OrExpr[list[TagKey] | None] = Field(default=None, description="The tags' keys. Default: none.")
    key_prefixes: OrExpr[list[TagKey] | None] = Field(
        default=None, description="Prefixes of the tags' keys. Default: none."
    )


class AwsProviderConfig(Model):
    """The settings of the provider aws, in both stacks of a Kubernetes cloud; the backend has its own settings."""

    assume_role: AssumeRoleConfig | None = Field(
        default=None,
        description="The role that Terraform assumes. The backend has its own role_arn. Default: Terraform uses the "
        "credentials of its environment.",
    )
    profile: str | None = Field(
        default=None,
        description="A profile of the AWS configuration; with assume_role, the profile that assumes the role. The "
        "backend has its own profile. Default: the environment's credentials, such as AWS_PROFILE.",
    )
    allowed_account_ids: OrExpr[list[AccountId]] = Field(
        default_factory=empty_list,
        description="The accounts that Terraform may use: plans fail in any other. Default: Terraform uses whichever "
        "account the credentials belong to.",
    )
    default_tags: OrExpr[dict[TagKey, TagValue]] = Field(
        default_factory=empty_map,
        description="Tags for everything that the provider creates, including resources for which a module sets no "
        "tags. A resource's own tag with the same key overrides these. Default: none.",
    )
    ignore_tags: IgnoreTagsConfig | None = Field(
        default=None,
        description="Tags that other tools set on the cloud's resources and Terraform ignores. Default: Terraform "
        "removes such tags.",
    )

    @model_validator(mode="after")
    def _the_role_is_in_an_allowed_account(self) -> Self:
        if self.assume_role is None or is_unresolved([self.assume_role.role_arn, self.allowed_account_ids]):
            return self
        account = self.assume_role.role_arn.split(":")[4]
        if self.allowed_account_ids and account not in self.allowed_account_ids:
            raise refuse(
                "the role's account is not one of allowed_account_ids",
                f"use a role in one of these accounts, or add {account}",
                key="assume_role.role_arn",
                value=account,
                allowed=", ".join(self.allowed_account_ids),
            )
        return self

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of the provider block, except the region; those that are None are omitted."""
        tags = unless(self.default_tags, {})
        return {
            "assume_role": _block(self.assume_role),
            "profile": self.profile,
            "allowed_account_ids": unless(self.allowed_account_ids, []),
            "default_tags": None if tags is None else {"tags": tags},
            "ignore_tags": _block(self.ignore_tags),
        }

    def token_command(self, cluster_name: str, region: str) -> list[str]:
        """Returns the command that prints a token for an EKS cluster, with the provider's identity.

        Args:
            cluster_name: The cluster's name.
            region: The cluster's region.
        """
        role = self.assume_role
        profile = [] if self.profile is None else ["--profile", self.profile]
        command = ["aws", "eks", "get-token", "--cluster-name", cluster_name, "--region", region, "--output", "json"]
        if role is None:
            return [*command, *profile]
        assumed = ["--role-arn", role.role_arn]
        if role.external_id is None and role.session_name is None:
            return [*command, *assumed, *profile]
        assumed += ["--role-session-name", _SESSION if role.session_name is None else role.session_name]
        assumed += [] if role.external_id is None else ["--external-id", role.external_id]
        return ["sh", "-c", _AWS_EKS_AS_ROLE, cluster_name, region, *assumed, *profile]

    def ignored(self, keys: set[str]) -> Iterator[str]:
        """Yields the keys that Terraform ignores according to the known part of ignore_tags."""
        ignore = self.ignore_tags or IgnoreTagsConfig()
        whole, prefixes = (
            () if each is None or is_unresolved(each) else tuple(each) for each in (ignore.keys, ignore.key_prefixes)
        )
        return (key for key in sorted(keys) if key in whole or key.startswith(prefixes))


def _block(section: Model | None) -> dict[str, Any] | None:
    return None if section is None else section.model_dump(exclude_none=True)
