"""The bucket policy, which requires TLS and lets both roles use the bucket."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from anyscale_constructs.aws.iam import IRoles
from anyscale_constructs.aws.policies import document_text
from anyscale_constructs.aws.s3 import IBucket
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.modules.aws.s3_policy import S3PolicyInputs, S3PolicyModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard

_UPSTREAMS_SIDS = ("AllowSSLRequestsOnly", "AllowAnyscaleResources")


@guard("s3-policy-document", "custom_s3_policy")
def the_custom_policy_is_json(i: Inputs) -> Finding | None:
    """Upstream merges the JSON text with its own policy, but its variable accepts any type."""
    policy = i["custom_s3_policy"]
    if policy is None or is_unresolved(policy):
        return None
    try:
        is_document = isinstance(policy, str) and isinstance(json.loads(policy), dict)
    except ValueError:
        is_document = False
    if is_document:
        return None
    return Finding("custom_s3_policy must be a policy document", "set a mapping, or its JSON text", policy)


@guard("s3-policy-sid", "custom_s3_policy")
def s3_policy_sid(i: Inputs) -> Finding | None:
    """Upstream merges statements by Sid: one with an upstream Sid replaces upstream's, such as the TLS rule."""
    policy = i["custom_s3_policy"]
    try:
        document = json.loads(str.__str__(policy)) if isinstance(policy, str) else None
    except ValueError:  # only Terraform can evaluate it, or it is refused as not a document
        return None
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and statement.get("Sid") in _UPSTREAMS_SIDS:
            return Finding(
                "custom_s3_policy has a statement with the Sid of an upstream statement, which it would replace",
                "use another Sid",
                statement["Sid"],
            )
    return None


class S3Policy(S3PolicyModule):
    """The bucket policy. A bucket has only one, so clouds that share a bucket must manage it elsewhere.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `s3_policy`.
        bucket: The bucket.
        iam: The roles of the control plane and of the nodes.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names; `custom_s3_policy` may be a mapping too.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (the_custom_policy_is_json, s3_policy_sid)

    def __init__(
        self,
        scope: Construct,
        id: str = "s3_policy",
        *,
        bucket: IBucket,
        iam: IRoles,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[S3PolicyInputs],
    ) -> None:
        if iam.control_plane_role_arn is None or iam.cluster_node_role_arn is None:
            raise InputError(
                [Finding("iam lacks one of the roles", "set both ARNs", on=["iam"], construct=f"module.{id}")]
            )
        super().__init__(
            scope,
            id,
            anyscale_bucket_name=bucket.s3_bucket_id,
            anyscale_controlplane_role_arn=iam.control_plane_role_arn,
            anyscale_dataplane_role_arn=iam.cluster_node_role_arn,
            depends_on=depends_on,
            **inputs,
        )

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Converts a policy that is a mapping to the JSON text that upstream merges."""
        policy = given.get("custom_s3_policy")
        return given if policy is None else given | {"custom_s3_policy": document_text(policy)}
