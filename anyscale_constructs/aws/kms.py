"""A KMS key that the cloud creates, and its key policy."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.aws.policies import Statement, allow, policy
from anyscale_constructs.aws.types import RoleArn, Tags
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, OrExpr, empty_list, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.resource import Data, Resource

# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
_ADMINISTERS = [
    *(f"kms:{verb}*" for verb in ("Create", "Delete", "Describe", "Disable", "Enable", "Get", "List", "Put")),
    *("kms:CancelKeyDeletion", "kms:Revoke*", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion"),
    *("kms:TagResource", "kms:UntagResource", "kms:Update*"),
]
_USES = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
# The key policies of AWS managed keys have the same statement. EBS calls KMS through EC2.
_SERVICES = ("ec2", "elasticfilesystem", "memorydb")

AliasName = Annotated[
    str,
    Checked(
        "alias/ followed by 1 to 250 letters, digits, slashes, hyphens and underscores, not beginning with aws/",
        r"alias/(?!aws/)[A-Za-z0-9/_-]{1,250}",
        "alias/acme-anyscale",
    ),
]


class KmsKeyConfig(Model):
    """A new KMS key. Destroying the cloud schedules its deletion."""

    alias: AliasName | None = Field(
        default=None,
        description="The key's alias. Default: name_prefix and the stack's name, e.g. alias/anyscale-prod.",
    )
    administrator_arns: OrExpr[list[RoleArn]] = Field(
        default_factory=empty_list,
        description="Roles that may administer the key by its key policy. Default: those that IAM policies allow to.",
    )
    deletion_window_in_days: OrExpr[int] = Field(
        default=30,
        ge=7,
        le=30,
        description="The number of days before a scheduled deletion of the key, in which it can be cancelled.",
    )
    enable_key_rotation: OrExpr[bool] = Field(
        default=True, description="Whether AWS rotates the key material each year. Encrypted data stays readable."
    )
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of the key, in addition to the cloud's. Default: none."
    )


def add_kms_key(
    scope: Construct, id: str, key: KmsKeyConfig, *, alias: str, description: str, tags: Mapping[str, str] | Expr
) -> Resource:
    """Adds a KMS key and its alias.

    Args:
        scope: The stack.
        id: The resources' ID in the stack.
        key: The key's configuration.
        alias: The key's alias, unless the configuration sets one.
        description: The key's description.
        tags: The key's tags.
    """
    made = Resource(
        scope,
        "aws_kms_key",
        id,
        {
            "description": description,
            "deletion_window_in_days": key.deletion_window_in_days,
            "enable_key_rotation": key.enable_key_rotation,
            "tags": tags,
        },
    )
    named = {"name": alias if key.alias is None else key.alias, "target_key_id": made.attribute("key_id")}
    Resource(scope, "aws_kms_alias", id, named)
    return made


def add_kms_key_policy(
    scope: Construct,
    key: Resource,
    *,
    region: str,
    administrator_arns: Sequence[str] | Expr,
    users: Mapping[str, Sequence[Statement]],
) -> None:
    """Adds a key policy for the account, for AWS services, for administrators and for roles.

    Args:
        scope: The stack.
        key: The key.
        region: The key's region.
        administrator_arns: The roles that may administer the key in addition to those that IAM policies allow to.
        users: The statements for each role that uses the key, by the role's ARN.
    """
    name = str(key.friendly_unique_id)
    account = Data(scope, "aws_caller_identity", name, {}).attribute("account_id")
    services = {
        "StringEquals": {
            "kms:CallerAccount": account,
            "kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in _SERVICES],
        }
    }
    # Without the first statement, no one could change the policy once the named roles are deleted.
    statements = [_for(f"arn:aws:iam::{account}:root", allow(["kms:*"])), _for("*", allow(_USES, condition=services))]
    if isinstance(administrator_arns, Expr) or administrator_arns:
        statements.append(_for(administrator_arns, allow(_ADMINISTERS)))
    statements += [_for(arn, statement) for arn, each in users.items() for statement in each]
    Resource(scope, "aws_kms_key_policy", name, {"key_id": key.attribute("key_id"), "policy": policy(statements)})


def _for(principal: Any, statement: Statement) -> Statement:
    return {**statement, "Principal": {"AWS": principal}}
