"""The bucket's policy: TLS only, and both roles may use it."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

from anyscale_constructs.aws.iam import IRoles, document_text
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
    """Upstream merges it with its own policy as JSON text, but its variable accepts any type."""
    policy = i["custom_s3_policy"]
    if policy is None or is_unresolved(policy):
        return None
    try:
        is_document = isinstance(policy, str) and isinstance(json.loads(policy), dict)
    except ValueError:
        is_document = False
    if is_document:
        return None
    return Finding("custom_s3_policy must be a policy document", "write a mapping, or its JSON text", policy)


@guard("s3-policy-sid", "custom_s3_policy")
def statements_have_sids_of_their_own(i: Inputs) -> Finding | None:
    """Upstream merges statements by Sid: one with the Sid of upstream's own replaces it, and with it the TLS rule."""
    policy = i["custom_s3_policy"]
    try:
        document = json.loads(str.__str__(policy)) if isinstance(policy, str) else None
    except ValueError:  # code that only Terraform can read, or what is refused as no document
        return None
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and statement.get("Sid") in _UPSTREAMS_SIDS:
            return Finding(
                "custom_s3_policy has a statement with the Sid of one of upstream's, which it would replace",
                "use another Sid",
                statement["Sid"],
            )
    return None


class S3Policy(S3PolicyModule):
    """The policy of the bucket; a bucket has one, so clouds that share a bucket keep it elsewhere.

    Args:
        scope: The stack.
        id: Default: `s3_policy`.
        bucket: The bucket.
        iam: The two roles.
        depends_on: Constructs that must be there first.
        **inputs: Upstream's inputs by their own names; `custom_s3_policy` may be a mapping too.

    Raises:
        InputError: An input is wrong or would spring one of upstream's traps.
    """

    guards: ClassVar[Sequence[Guard]] = (the_custom_policy_is_json, statements_have_sids_of_their_own)

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
                [Finding("one of the existing roles is missing", "set both ARNs", on=["iam"], construct=f"module.{id}")]
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
        """Writes a policy that is a mapping as the JSON text that upstream merges."""
        policy = given.get("custom_s3_policy")
        return given if policy is None else given | {"custom_s3_policy": document_text(policy)}
