"""IAM policies that upstream does not have."""

from collections.abc import Mapping, Sequence
from typing import Any

from anyscale_constructs.expressions import Expr
from anyscale_constructs.terraform.values import json_text

Statement = Mapping[str, Any]
_MAPPINGS = ("map(", "object(")


def allow(
    actions: Sequence[str], resources: Sequence[str] = ("*",), condition: Mapping[str, Any] | None = None
) -> Statement:
    """Returns a statement that allows actions on resources."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
    return statement | ({"Condition": condition} if condition else {})


def deny_plain_http(bucket_arn: str) -> Statement:
    """Returns the statement of a bucket policy that denies requests without TLS, as in upstream's `s3_policy`."""
    return {
        "Sid": "AllowSSLRequestsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, bucket_arn + "/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def each_once(*arns: str | None, but: str | None = None) -> list[str]:
    """Returns the ARNs without None, without duplicates, and without `but`."""
    each = dict.fromkeys(arns)
    for left_out in (None, but):
        each.pop(left_out, None)
    return [arn for arn in each if arn is not None]


def policy(statements: Sequence[Statement]) -> Expr:
    """Returns the JSON text of a policy."""
    return json_text({"Version": "2012-10-17", "Statement": list(statements)}, "the policy")


def document_text(document: Any) -> Any:
    """Returns a policy document as JSON text; strings, and expressions that may be strings, are unchanged."""
    is_mapping = isinstance(document, Mapping) or (isinstance(document, Expr) and document.type.startswith(_MAPPINGS))
    return json_text(document, "the policy document") if is_mapping else document


PolicyDocument = dict[str, Any]
