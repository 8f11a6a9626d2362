"""The permissions of users' workloads on AWS, in addition to the cloud's bucket."""

from typing import Self

from pydantic import Field, model_validator

from anyscale_constructs.aws.policies import PolicyDocument, Statement, allow
from anyscale_constructs.aws.types import ExistingBucketName, KmsKeyArn, PolicyArn, SecretArn
from anyscale_constructs.config import permissions
from anyscale_constructs.config.model import IDLE_KEY, Model, refuse
from anyscale_constructs.config.permissions import EachOnce, grant_name
from anyscale_constructs.config.types import OrExpr, empty_list
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.terraform.resource import Resource

_READS = ["s3:GetObject"]
_WRITES = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]


class DataAccess(permissions.DataAccess):
    """Access of workloads to an existing S3 bucket other than the cloud's."""

    bucket: ExistingBucketName = Field(
        description="The bucket's name. If it is in another account, its bucket policy must allow the access, too."
    )
    kms_key_arn: KmsKeyArn | None = Field(
        default=None,
        description="The KMS key that encrypts the bucket; workloads get permission to use it. Default: no permission "
        "for a key, which is right for a bucket with S3's default encryption.",
    )

    def statements(self) -> list[Statement]:
        """Returns the statements that allow the access."""
        arn, writes = f"arn:aws:s3:::{self.bucket}", self.mode == "read-write"
        # Multipart uploads in progress cannot be listed by a prefix.
        lists = ["s3:ListBucketMultipartUploads"] if writes and self.prefix is None else []
        condition = None if self.prefix is None else {"StringLike": {"s3:prefix": f"{self.prefix}*"}}
        found = [
            allow(["s3:GetBucketLocation", *lists], [arn]),
            allow(["s3:ListBucket"], [arn], condition),
            allow([*_READS, *(_WRITES if writes else [])], [f"{arn}/{'' if self.prefix is None else self.prefix}*"]),
        ]
        if self.kms_key_arn is not None:
            uses = ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else [])]
            found.append(allow(uses, [self.kms_key_arn]))
        return found


class Permissions(Model):
    """The permissions of workloads on AWS, in addition to the cloud's bucket."""

    managed_policy_arns: list[PolicyArn] = Field(
        default_factory=empty_list, description="ARNs of existing IAM policies, AWS managed or yours. Default: none."
    )
    policy: OrExpr[PolicyDocument | None] = Field(
        default=None, description="An IAM policy document. Default: none; the other keys do not need one."
    )
    secrets: list[SecretArn] = Field(
        default_factory=empty_list,
        description="Secrets in Secrets Manager whose values workloads may read. Default: none.",
    )
    secrets_kms_key_arn: KmsKeyArn | None = Field(
        default=None,
        description="The KMS key that encrypts these secrets; workloads get permission to decrypt with it. Default: no "
        "permission for a key, which is right for secrets with the AWS managed key.",
    )
    data_access: EachOnce[DataAccess] = Field(
        default_factory=empty_list,
        description="Existing S3 buckets that workloads may read or write. Default: none.",
    )

    @model_validator(mode="after")
    def _a_key_is_for_secrets(self) -> Self:
        if self.secrets_kms_key_arn is not None and not self.secrets:
            raise refuse(
                "has no effect, because secrets is empty",
                "set secrets, or remove it",
                key="secrets_kms_key_arn",
                rule=IDLE_KEY,
            )
        return self

    def data_statements(self) -> list[Statement]:
        """Returns the statements that let workloads use the buckets of data_access."""
        return [statement for each in self.data_access for statement in each.statements()]

    def statements(self) -> list[Statement]:
        """Returns the statements that let workloads use these buckets and secrets, without the configured policies."""
        found = self.data_statements()
        if self.secrets:
            found.append(allow(["secretsmanager:GetSecretValue"], self.secrets))
        if self.secrets_kms_key_arn is not None:
            found.append(allow(["kms:Decrypt"], [self.secrets_kms_key_arn]))
        return found


def attach_policies(scope: Construct, id: str, role: Resource, arns: list[str]) -> None:
    """Attaches managed policies to a role.

    Args:
        scope: The stack.
        id: The prefix of the attachments' IDs in the stack.
        role: The role.
        arns: The policies' ARNs.
    """
    for index, arn in enumerate(arns):
        name = grant_name(id, arn if is_unresolved(arn) else arn.removeprefix("arn:aws:iam::"), index)
        arguments = {"role": role.attribute("name"), "policy_arn": arn}
        Resource(scope, "aws_iam_role_policy_attachment", name, arguments)
