"""The roles, new or existing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.aws import S3, ExistingBucket, ExistingRoles, Iam, iam, iam_names
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.aws.parts import BUCKET, ROLE
from tests.unit.guards import Case, Table
from tests.unit.terraform.parts import warnings

PROFILE = "arn:aws:iam::111122223333:instance-profile/acme"
NO_NODE_ROLE = {"create_cluster_node_instance_profile": False}
NO_CONTROL_PLANE_ROLE = {"create_anyscale_access_role": False}
POLICY = '{"Version": "2012-10-17", "Statement": []}'
MANAGED = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
ANYSCALE = "arn:aws:iam::525325868955:root"

TABLE = Table(
    Iam,
    {"bucket": BUCKET, "anyscale_external_id": "org_1-acme"},
    [
        Case(
            iam.permissions_are_narrowed_to_the_cloud,
            "anyscale_cloud_id is not set, so the control plane",
            [{}],
            [{"anyscale_cloud_id": "cld_1234"}, {"create_anyscale_access_role": False}],
            trap="17",
        ),
        Case(
            iam.external_id_missing,
            "anyscale_external_id is not set, so the trust policy would have no condition",
            [
                {"anyscale_external_id": None},
                {"anyscale_external_id": None, "anyscale_trusted_role_sts_externalid": []},
            ],
            [
                {"anyscale_external_id": None, "anyscale_cloud_id": "cld_1"},
                {"anyscale_external_id": None, "anyscale_trusted_role_sts_externalid": ["org_1-acme"]},
                {"anyscale_external_id": None} | NO_CONTROL_PLANE_ROLE,
                {"anyscale_external_id": expr("var.external_id")},
            ],
            trap="17",
        ),
        Case(
            iam.external_id_organization,
            "anyscale_external_id must begin with the organization ID; got ",
            [
                {"anyscale_external_id": "acme"},
                {"anyscale_external_id": "org_2-acme", "anyscale_org_id": "org_1"},
                {"anyscale_external_id": "org_1", "anyscale_org_id": "org_1"},
            ],
            [
                {"anyscale_external_id": "org_1-acme", "anyscale_org_id": "org_1"},
                {"anyscale_external_id": "org_1-acme", "anyscale_org_id": expr("var.org")},
                {"anyscale_external_id": expr("var.id"), "anyscale_org_id": "org_1"},
            ],
            trap="4",
        ),
        Case(
            iam.the_s3_policy_names_a_bucket,
            "create_iam_s3_policy is on, but no bucket is set",
            [{"bucket": None, "create_iam_s3_policy": True}, {"bucket": None, "anyscale_s3_bucket_arn": ""}],
            [
                {"bucket": None},
                {"bucket": None, "anyscale_s3_bucket_arn": "arn:aws:s3:::b"},
                {"bucket": None, "anyscale_s3_bucket_arn": expr("aws_s3_bucket.b.arn")},
            ],
            trap="5",
        ),
        Case(
            iam.node_policies_need_the_node_role,
            "applies to a new node role, but none is created",
            [
                NO_NODE_ROLE | {"create_cluster_node_cloudwatch_policy": True},
                NO_NODE_ROLE | {"anyscale_cluster_node_custom_policy": POLICY},
                NO_NODE_ROLE | {"anyscale_cluster_node_byod_secret_arns": ["arn:aws:secretsmanager:x"]},
                NO_NODE_ROLE | {"anyscale_cluster_node_byod_custom_secrets_policy": POLICY},
                NO_NODE_ROLE | {"anyscale_cluster_node_managed_policy_arns": [MANAGED]},
                {"existing": ExistingRoles(cluster_node_role_arn=ROLE), "create_cluster_node_cloudwatch_policy": True},
            ],
            [
                NO_NODE_ROLE | {"create_cluster_node_cloudwatch_policy": False},
                NO_NODE_ROLE | {"anyscale_cluster_node_byod_secret_arns": []},
                {"create_cluster_node_cloudwatch_policy": True},
            ],
            trap="6",
        ),
        Case(
            iam.control_plane_policies_need_the_control_plane_role,
            " applies to a new control plane role, but none is created",
            [
                NO_CONTROL_PLANE_ROLE | {"anyscale_custom_policy": POLICY},
                NO_CONTROL_PLANE_ROLE | {"anyscale_access_managed_policy_arns": [MANAGED]},
                {
                    "existing": ExistingRoles(control_plane_role_arn=ROLE),
                    "anyscale_access_managed_policy_arns": [expr("var.policy")],
                },
            ],
            [
                NO_CONTROL_PLANE_ROLE,
                NO_CONTROL_PLANE_ROLE | {"anyscale_access_managed_policy_arns": []},
                {"anyscale_custom_policy": POLICY, "anyscale_access_managed_policy_arns": [MANAGED]},
            ],
            trap="6",
        ),
        Case(
            iam.anyscale_is_trusted,
            "anyscale_trusted_role_arns lacks the account of Anyscale's control plane",
            [{"anyscale_trusted_role_arns": ["arn:aws:iam::111122223333:root"]}],
            [
                {"anyscale_trusted_role_arns": ["arn:aws:iam::111122223333:root", ANYSCALE]},
                {"anyscale_trusted_role_arns": []},
                {"anyscale_trusted_role_arns": expr("var.trusted", "list(string)")},
                {"anyscale_trusted_role_arns": [expr("var.trusted")]},
            ],
            trap="sizing: control plane account",
        ),
        Case(
            iam_names.names_have_characters_of_iam,
            "has characters that IAM does not accept; got ",
            [
                {"anyscale_access_role_name": "größe"},
                {"anyscale_cluster_node_role_name_prefix": "nodes of acme-"},
                {"anyscale_iam_s3_policy_name_prefix": "a/b"},
            ],
            [{"anyscale_access_role_name": "a-Z_0+=,.@"}, {"anyscale_access_role_name": expr("var.name")}],
        ),
        Case(
            iam_names.names_fit_iam,
            "is too long; got ",
            [
                {"anyscale_access_role_name": "n" * 65},
                {"anyscale_access_role_name_prefix": "n" * 39},
                {"anyscale_cluster_node_role_name_prefix": "n" * 39},
                {"anyscale_iam_s3_policy_name_prefix": "n" * 103},
            ],
            [
                {"anyscale_access_role_name": "n" * 64, "anyscale_access_role_name_prefix": "n" * 38},
                {"anyscale_cluster_node_role_name": expr("var.a_name_that_is_longer_than_its_code_would_ever_be_x")},
            ],
        ),
    ],
)


def test_the_bucket_is_named(stack: CloudStack) -> None:
    assert Iam(stack, bucket=BUCKET, anyscale_external_id="org_1-a").rendered == {
        "anyscale_s3_bucket_arn": "arn:aws:s3:::acme-anyscale",
        "anyscale_external_id": "org_1-a",
    }


def test_there_is_no_bucket_policy_without_a_bucket(stack: CloudStack) -> None:
    """Upstream would write a policy for the resource "empty"."""
    assert Iam(stack, anyscale_external_id="org_1-a").rendered["create_iam_s3_policy"] is False


def test_the_whole_external_id_is_required(stack: CloudStack) -> None:
    """The root module prepends the organization ID, this module does not."""
    module = Iam(stack, anyscale_org_id="org_1", anyscale_external_id="org_1-acme")
    assert module.rendered["anyscale_external_id"] == "org_1-acme"


def test_new_roles_are_outputs(stack: CloudStack) -> None:
    """The output for the profile's ARN says role, and the node role's name is the profile's."""
    module = Iam(stack, anyscale_external_id="org_1-a")
    assert [
        spelled(value)
        for value in (
            module.control_plane_role_arn,
            module.cluster_node_role_arn,
            module.cluster_node_instance_profile_arn,
            module.cluster_node_role_name,
        )
    ] == [
        "${module.iam.iam_anyscale_access_role_arn}",
        "${module.iam.iam_cluster_node_role_arn}",
        "${module.iam.iam_cluster_node_instance_profile_role_arn}",
        "${module.iam.iam_cluster_node_instance_profile_name}",
    ]


EXISTING: dict[str, tuple[ExistingRoles, dict[str, Any], tuple[str, str, str | None]]] = {
    "control plane": (
        ExistingRoles(control_plane_role_arn=ROLE),
        NO_CONTROL_PLANE_ROLE,
        (ROLE, "${module.iam.iam_cluster_node_role_arn}", "${module.iam.iam_cluster_node_instance_profile_role_arn}"),
    ),
    "node": (
        ExistingRoles(cluster_node_role_arn=ROLE),
        NO_NODE_ROLE,
        ("${module.iam.iam_anyscale_access_role_arn}", ROLE, None),
    ),
    "node and profile": (
        ExistingRoles(cluster_node_role_arn=ROLE, cluster_node_instance_profile_arn=PROFILE),
        NO_NODE_ROLE,
        ("${module.iam.iam_anyscale_access_role_arn}", ROLE, PROFILE),
    ),
}


@pytest.mark.parametrize(("existing", "switch", "outputs"), EXISTING.values(), ids=EXISTING)
def test_existing_roles_are_used_and_not_created(
    existing: ExistingRoles, switch: dict[str, Any], outputs: tuple[str, str, str | None], stack: CloudStack
) -> None:
    """Outputs for registration then come from the input."""
    module = Iam(stack, existing=existing, anyscale_external_id="org_1-a")
    assert switch.items() <= module.rendered.items()
    made = (
        module.control_plane_role_arn,
        module.cluster_node_role_arn,
        module.cluster_node_instance_profile_arn,
    )
    assert spelled(made) == outputs


def test_the_name_of_a_role_that_is_not_created_is_an_error(stack: CloudStack) -> None:
    module = Iam(stack, existing=ExistingRoles(cluster_node_role_arn=ROLE), anyscale_external_id="org_1-a")
    with pytest.raises(InputError, match=r"module.iam creates no node role, so the role's name is not known"):
        _ = module.cluster_node_role_name


@pytest.mark.parametrize(
    "roles",
    [
        {"control_plane_role_arn": PROFILE},
        {"cluster_node_role_arn": "acme"},
        {"cluster_node_instance_profile_arn": ROLE},
        {"control_plane_role_arn": ROLE.replace("arn:aws:", "arn:aws-us-gov:")},
    ],
)
def test_fails_on_an_invalid_arn(roles: dict[str, str]) -> None:
    """A profile is not a role, and GovCloud is another partition."""
    with pytest.raises(ConfigError, match="must be an IAM"):
        ExistingRoles(**roles)


KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
OTHER_KEY = "arn:aws:kms:us-east-2:111122223333:key/0000abcd-00ab"
LATER = expr("aws_kms_key.this.arn", "string")
RESERVATIONS = {"Effect": "Allow", "Action": ["ec2:DescribeCapacityReservations"], "Resource": ["*"]}
USES = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"]


def control_plane(*keys: str) -> list[dict[str, Any]]:
    return [
        {"Effect": "Allow", "Action": [*USES, "kms:ReEncrypt*"], "Resource": list(keys)},
        {
            "Effect": "Allow",
            "Action": ["kms:CreateGrant"],
            "Resource": list(keys),
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]


def cluster_node(*keys: str) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Action": USES, "Resource": list(keys)}]


def added(stack: CloudStack) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Returns the inline policies in addition to upstream's, by address: the role's name and the statements."""
    policies = stack.to_terraform().get("resource", {}).get("aws_iam_role_policy", {})
    return {name: (body["role"], json.loads(body["policy"])["Statement"]) for name, body in policies.items()}


def test_the_control_plane_may_look_at_capacity_reservations(stack: CloudStack) -> None:
    """`anyscale cloud verify` warns without it, for every role that upstream creates."""
    Iam(stack, bucket=BUCKET, anyscale_external_id="org_1-a")
    assert added(stack) == {"iam_control_plane": ("${module.iam.iam_anyscale_access_role_name}", [RESERVATIONS])}


def keyed(key: str) -> ExistingBucket:
    return ExistingBucket(bucket_name="acme", kms_key_arn=key)


@pytest.mark.parametrize(
    ("inputs", "keys"),
    [
        ({"bucket": keyed(KEY)}, [KEY]),
        ({"kms_key_arn": KEY}, [KEY]),
        ({"kms_key_arn": KEY, "bucket": keyed(KEY)}, [KEY]),
        ({"kms_key_arn": KEY, "bucket": keyed(OTHER_KEY)}, [KEY, OTHER_KEY]),
        ({"kms_key_arn": KEY, "bucket": BUCKET}, [KEY]),
        ({"kms_key_arn": LATER}, [spelled(LATER)]),
    ],
)
def test_both_roles_may_use_the_keys_and_no_other(inputs: dict[str, Any], keys: list[str], stack: CloudStack) -> None:
    Iam(stack, anyscale_external_id="org_1-a", **inputs)
    assert added(stack) == {
        "iam_control_plane": (
            "${module.iam.iam_anyscale_access_role_name}",
            [RESERVATIONS, *control_plane(*keys)],
        ),
        "iam_cluster_node": ("${module.iam.iam_cluster_node_instance_profile_name}", cluster_node(*keys)),
    }


@pytest.mark.parametrize("key", [KEY, LATER])
def test_the_key_of_a_new_bucket_is_known_from_the_bucket(key: str, stack: CloudStack) -> None:
    encryption: dict[str, Any] = {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
    Iam(stack, bucket=S3(stack, server_side_encryption=encryption), anyscale_external_id="org_1-a")
    assert added(stack)["iam_cluster_node"][1] == cluster_node(spelled(key))


def test_custom_policies_are_unchanged(stack: CloudStack) -> None:
    policies: dict[str, Any] = dict.fromkeys(("anyscale_custom_policy", "anyscale_cluster_node_custom_policy"), POLICY)
    module = Iam(stack, bucket=keyed(KEY), anyscale_external_id="org_1-a", **policies)
    assert policies.items() <= module.rendered.items()
    assert len(added(stack)) == 2


@pytest.mark.parametrize(
    ("inputs", "made"),
    [
        (NO_CONTROL_PLANE_ROLE, ["iam_cluster_node"]),
        (NO_NODE_ROLE, ["iam_control_plane"]),
        (NO_CONTROL_PLANE_ROLE | NO_NODE_ROLE, []),
        ({"module_enabled": False}, []),
        ({"existing": ExistingRoles(control_plane_role_arn=ROLE)}, ["iam_cluster_node"]),
        ({"existing": ExistingRoles(cluster_node_role_arn=ROLE)}, ["iam_control_plane"]),
    ],
)
def test_roles_that_are_not_created_get_no_policy(inputs: dict[str, Any], made: list[str], stack: CloudStack) -> None:
    Iam(stack, bucket=keyed(KEY), anyscale_external_id="org_1-a", **inputs)
    assert list(added(stack)) == made


def test_two_in_one_stack_have_separate_policies(stack: CloudStack) -> None:
    for name in ("red", "blue"):
        Iam(stack, name, bucket=keyed(KEY), anyscale_external_id=f"org_1-{name}")
    Iam(Construct(stack, "net"), bucket=keyed(KEY), anyscale_external_id="org_1-net")
    assert len(added(stack)) == 6


@pytest.mark.parametrize(
    ("role", "statements"), [("control_plane_role_arn", control_plane), ("cluster_node_role_arn", cluster_node)]
)
@pytest.mark.parametrize("key", [KEY, LATER])
def test_warns_of_permissions_that_an_existing_role_needs(
    role: str, statements: Callable[..., Any], key: str, stack: CloudStack
) -> None:
    module = Iam(
        stack, bucket=keyed(key), existing=ExistingRoles.model_validate({role: ROLE}), anyscale_external_id="org_1-a"
    )
    (warning,) = [text for text in warnings(module) if "KMS key" in text]
    assert warning.startswith(f"{role} names an existing role, which needs permission to use the KMS key")
    document = json.loads(warning.partition("unless it has the permissions: ")[2])
    assert document == {"Version": "2012-10-17", "Statement": statements(spelled(key))}


def test_there_is_no_warning_on_existing_roles_without_a_key(stack: CloudStack) -> None:
    existing = ExistingRoles(control_plane_role_arn=ROLE)
    module = Iam(stack, bucket=BUCKET, existing=existing, anyscale_external_id="org_1-a")
    assert not [text for text in warnings(module) if "KMS key" in text]
