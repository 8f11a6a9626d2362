"""The bucket's policy."""

import json

import pytest

from anyscale_constructs.aws import S3, ExistingRoles, Iam, S3Policy, s3_policy
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.terraform.values import json_text
from tests.unit.aws.parts import BUCKET, ROLE, ROLES
from tests.unit.guards import Case, Table

STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [STATEMENT]}

TABLE = Table(
    S3Policy,
    {"bucket": BUCKET, "iam": ROLES},
    [
        Case(
            s3_policy.the_custom_policy_is_json,
            "custom_s3_policy must be a policy document",
            [{"custom_s3_policy": "{"}, {"custom_s3_policy": "[]"}, {"custom_s3_policy": [STATEMENT]}],
            [
                {"custom_s3_policy": DOCUMENT},
                {"custom_s3_policy": json.dumps(DOCUMENT)},
                {"custom_s3_policy": expr("data.aws_iam_policy_document.this.json")},
                {},
            ],
        ),
        Case(
            s3_policy.s3_policy_sid,
            "custom_s3_policy has a statement with the Sid of an upstream statement, which it would replace; got ",
            [
                {"custom_s3_policy": form(DOCUMENT | {"Statement": statements})}
                for sid in ("AllowSSLRequestsOnly", "AllowAnyscaleResources")
                for statements in ([STATEMENT, STATEMENT | {"Sid": sid}], STATEMENT | {"Sid": sid})
                for form in (dict, json.dumps, json_text)
            ],
            [
                {"custom_s3_policy": DOCUMENT | {"Statement": [STATEMENT | {"Sid": "AllowSSLRequestsOnlyToo"}]}},
                {"custom_s3_policy": DOCUMENT | {"Statement": [STATEMENT | {"Sid": expr("var.sid")}]}},
                {"custom_s3_policy": DOCUMENT},
                {"custom_s3_policy": {"Statement": None}},
                {"custom_s3_policy": expr("data.aws_iam_policy_document.this.json")},
                {},
            ],
        ),
    ],
)


def test_the_policy_is_for_the_bucket_and_both_roles(stack: CloudStack) -> None:
    bucket = S3(stack)
    iam = Iam(stack, bucket=bucket, anyscale_external_id="org_1-a")
    assert S3Policy(stack, bucket=bucket, iam=iam).rendered == {
        "anyscale_bucket_name": "${module.s3.s3_bucket_id}",
        "anyscale_controlplane_role_arn": "${module.iam.iam_anyscale_access_role_arn}",
        "anyscale_dataplane_role_arn": "${module.iam.iam_cluster_node_role_arn}",
    }


def test_existing_resources_are_used(stack: CloudStack) -> None:
    assert S3Policy(stack, bucket=BUCKET, iam=ROLES).rendered == {
        "anyscale_bucket_name": "acme-anyscale",
        "anyscale_controlplane_role_arn": ROLE,
        "anyscale_dataplane_role_arn": f"{ROLE}-node",
    }


def test_a_mapping_becomes_a_json_string_and_keeps_awss_variables(stack: CloudStack) -> None:
    text = S3Policy(stack, bucket=BUCKET, iam=ROLES, custom_s3_policy=DOCUMENT).rendered["custom_s3_policy"]
    assert "$${aws:username}" in text
    assert json.loads(text.replace("$${", "${")) == DOCUMENT


@pytest.mark.parametrize("roles", [{}, {"control_plane_role_arn": ROLE}, {"cluster_node_role_arn": ROLE}])
def test_fails_without_both_roles(roles: dict[str, str], stack: CloudStack) -> None:
    with pytest.raises(InputError, match=r"module.s3_policy: iam lacks one of the roles. Fix: set both"):
        S3Policy(stack, bucket=BUCKET, iam=ExistingRoles(**roles))
