"""A KMS key that the cloud makes, and its policy."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.aws.policies import Statement, allow, policy
from anyscale_constructs.aws.types import RoleArn, Tags
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, OrExpr
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
# Their own keys have the same statement; EBS is reached through EC2.
_SERVICES = ("ec2", "elasticfilesystem", "memorydb")

AliasName = Annotated[
    str,
    Checked(
        "alias/ and 1 to 250 letters, digits, slashes, hyphens and underscores, not beginning with aws/",
        r"alias/(?!aws/)[A-Za-z0-9/_-]{1,250}",
        "alias/acme-anyscale",
    ),
]


class KmsKeyConfig(Model):
    """A new KMS key. Destroying the cloud schedules its deletion."""

    alias: AliasName | None = Field(
        default=None, description="Default: alias/, name_prefix and the stack's name, such as alias/anyscale-prod."
    )
    administrator_arns: OrExpr[list[RoleArn]] = Field(
        default_factory=list,
        description="Roles that may administer the key, whatever IAM allows them. Default: whoever IAM allows to.",
    )
    deletion_window_in_days: OrExpr[int] = Field(
        default=30,
        ge=7,
        le=30,
        description="How many days AWS keeps the key once its deletion is scheduled, so that it can be cancelled.",
    )
    enable_key_rotation: OrExpr[bool] = Field(
        default=True, description="Whether AWS makes new key material each year. What is encrypted stays readable."
    )
    tags: OrExpr[Tags] = Field(default_factory=dict, description="Tags of the key, beside the cloud's. Default: none.")


def add_kms_key(
    scope: Construct, id: str, key: KmsKeyConfig, *, alias: str, description: str, tags: Mapping[str, str] | Expr
) -> Resource:
    """Adds a KMS key and its alias.

    Args:
        scope: The stack.
        id: The name of its resources.
        key: What it is like.
        alias: Its alias, unless the configuration names one.
        description: What it is for.
        tags: All of its tags.
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
    """Adds the policy of a key: for its account, for AWS's services, for administrators and for roles.

    Args:
        scope: The stack.
        key: The key.
        region: The key's.
        administrator_arns: Who may administer it beside those whom IAM allows to.
        users: What roles may do with it, by their ARNs.
    """
    name = str(key.friendly_unique_id)
    account = Data(scope, "aws_caller_identity", name, {}).attribute("account_id")
    services = {
        "StringEquals": {
            "kms:CallerAccount": account,
            "kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in _SERVICES],
        }
    }
    # Without the first, nobody could change the policy once those whom it names are gone.
    statements = [_for(f"arn:aws:iam::{account}:root", allow(["kms:*"])), _for("*", allow(_USES, condition=services))]
    if isinstance(administrator_arns, Expr) or administrator_arns:
        statements.append(_for(administrator_arns, allow(_ADMINISTERS)))
    statements += [_for(arn, statement) for arn, each in users.items() for statement in each]
    Resource(scope, "aws_kms_key_policy", name, {"key_id": key.attribute("key_id"), "policy": policy(statements)})


def _for(principal: Any, statement: Statement) -> Statement:
    return {**statement, "Principal": {"AWS": principal}}
