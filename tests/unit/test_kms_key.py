"""A KMS key that the cloud creates: what it encrypts, and who may use it."""

import json
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.aws.iam import KMS_ACCESS
from anyscale_constructs.clouds import Ec2Config, Ec2Stack, EksConfig, EksStack
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.terraform.app import App
from tests.folder import read

KINDS: dict[str, tuple[Any, Any]] = {"ec2": (Ec2Stack, Ec2Config), "eks": (EksStack, EksConfig)}
KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
MADE = "${aws_kms_key.this.arn}"
ROLE = "arn:aws:iam::111122223333:role/acme"
SUBNETS = {"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"}
EXISTING: dict[str, Any] = {
    "vpc": {"vpc_id": "vpc-12345678", "subnet_ids_to_az": SUBNETS},
    "bucket": {"bucket_name": "acme"},
}
CLUSTER = {"cluster": {"cluster_name": "acme"}}
ROLES = {"control_plane_role_arn": ROLE, "cluster_node_role_arn": f"{ROLE}-node"}
ACCOUNT = "${data.aws_caller_identity.this.account_id}"


def made(kind: str, out: Path, **keys: Any) -> dict[str, Any]:
    """The JSON of a cloud's first stack."""
    stack, config = KINDS[kind]
    app = App(out)
    stack.build(app, "ml", config(**{"region": "us-east-2", "org_id": "org_1", "kms_key": {}} | keys))
    app.synth()
    return read(out / "stacks" / "ml")


def key_policy(stack: dict[str, Any]) -> dict[Any, set[str]]:
    """Returns the permissions in the key's policy, by principal."""
    allowed: dict[Any, set[str]] = {}
    for each in json.loads(stack["resource"]["aws_kms_key_policy"]["this"]["policy"])["Statement"]:
        assert (each["Effect"], each["Resource"]) == ("Allow", ["*"])
        names = each["Principal"]["AWS"]
        allowed.setdefault(names if isinstance(names, str) else tuple(names), set()).update(each["Action"])
    return allowed


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_encrypts_everything_that_the_cloud_creates(kind: str, tmp_path: Path) -> None:
    modules = made(kind, tmp_path, efs={}, memorydb={})["module"]
    assert modules["s3"]["server_side_encryption"] == {"sse_algorithm": "aws:kms", "kms_master_key_id": MADE}
    assert modules["efs"]["kms_key_arn"] == MADE
    assert modules["memorydb"]["memorydb_kms_key_arn"] == MADE
    if kind == "eks":
        assert modules["eks"]["encryption_config"] == {"provider_key_arn": MADE, "resources": ["secrets"]}
        groups = modules["eks"]["eks_managed_node_groups"].values()
        assert {group["block_device_mappings"]["root"]["ebs"]["kms_key_id"] for group in groups} == {MADE}


def test_an_existing_key_does_not_encrypt_the_volumes_of_nodes(tmp_path: Path) -> None:
    """Its policy may not let EC2 Auto Scaling use it, and existing nodes would be replaced."""
    stack = made("eks", tmp_path, kms_key=None, kms_key_arn=KEY)
    assert "kms_key_id" not in json.dumps(stack["module"]["eks"])
    assert not [kind for kind in stack["resource"] if "kms" in kind]


@pytest.mark.parametrize("kind", KINDS)
def test_its_account_may_administer_it_and_services_may_use_it(kind: str, tmp_path: Path) -> None:
    stack = made(kind, tmp_path, kms_key={"administrator_arns": [ROLE]})
    allowed = key_policy(stack)
    assert allowed[f"arn:aws:iam::{ACCOUNT}:root"] == {"kms:*"}
    assert {"kms:Put*", "kms:ScheduleKeyDeletion"} <= allowed[(ROLE,)]
    assert not {"kms:Decrypt", "kms:*"} & allowed[(ROLE,)]
    assert {"kms:CreateGrant", "kms:Decrypt"} <= allowed["*"]
    statements = json.loads(stack["resource"]["aws_kms_key_policy"]["this"]["policy"])["Statement"]
    assert [each["Condition"] for each in statements if each["Principal"] == {"AWS": "*"}] == [
        {
            "StringEquals": {
                "kms:CallerAccount": ACCOUNT,
                "kms:ViaService": [
                    f"{service}.us-east-2.amazonaws.com" for service in ("ec2", "elasticfilesystem", "memorydb")
                ],
            }
        }
    ]


@pytest.mark.parametrize(
    "roles", [{}, {"cluster_node_role_arn": f"{ROLE}-node"}, ROLES], ids=["new", "one", "existing"]
)
def test_both_roles_of_ec2_may_use_it(roles: dict[str, str], tmp_path: Path) -> None:
    stack = made("ec2", tmp_path, iam=roles)
    allowed = key_policy(stack)
    control_plane = roles.get("control_plane_role_arn", "${module.iam.iam_anyscale_access_role_arn}")
    node = roles.get("cluster_node_role_arn", "${module.iam.iam_cluster_node_role_arn}")
    assert allowed[node] == {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"}
    assert allowed[control_plane] == allowed[node] | {"kms:CreateGrant", "kms:ReEncrypt*"}
    assert "kms:" not in json.dumps(stack["resource"].get("aws_iam_role_policy", {}))


def test_the_operators_role_may_use_it(tmp_path: Path) -> None:
    stack = made("eks", tmp_path)
    assert key_policy(stack)["${aws_iam_role.operator.arn}"] == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert "kms:" not in stack["resource"]["aws_iam_role_policy"]["operator"]["policy"]


@pytest.mark.parametrize("roles", [{"cluster_node_role_arn": f"{ROLE}-node"}, ROLES])
@pytest.mark.parametrize(
    ("keys", "warned"),
    [({}, False), ({"bucket": EXISTING["bucket"] | {"kms_key_arn": KEY}, "efs": {}}, True)],
    ids=["new bucket", "existing bucket"],
)
def test_existing_roles_cause_warnings_for_other_keys_only(
    keys: dict[str, Any], warned: bool, roles: dict[str, str], tmp_path: Path
) -> None:
    config = Ec2Config(**{"region": "us-east-2", "org_id": "org_1", "kms_key": {}, "iam": roles} | keys)
    stack = Ec2Stack(App(tmp_path), "ml", config)
    assert any(finding.rule == KMS_ACCESS for finding in stack.findings) == warned


@pytest.mark.parametrize("kind", KINDS)
def test_its_settings_are_from_the_configuration(kind: str, tmp_path: Path) -> None:
    resources = made(kind, tmp_path / "default", name_prefix="acme-")["resource"]
    key = resources["aws_kms_key"]["this"]
    assert (key["deletion_window_in_days"], key["enable_key_rotation"]) == (30, True)
    assert resources["aws_kms_alias"]["this"]["name"] == "alias/acme-ml"
    own = {"alias": "alias/ray", "deletion_window_in_days": 7, "enable_key_rotation": False, "tags": {"a": "b"}}
    resources = made(kind, tmp_path, kms_key=own)["resource"]
    key = resources["aws_kms_key"]["this"]
    assert (key["deletion_window_in_days"], key["enable_key_rotation"], key["tags"]["a"]) == (7, False, "b")
    assert resources["aws_kms_alias"]["this"]["name"] == "alias/ray"


@pytest.mark.parametrize(
    ("kind", "keys", "says"),
    [
        *(
            (kind, {"kms_key_arn": KEY}, "kms_key: creates a key, but kms_key_arn names an existing one")
            for kind in KINDS
        ),
        ("ec2", EXISTING, "kms_key: has no effect, because"),
        ("ec2", EXISTING | {"efs": {"efs_id": "fs-12345678"}}, "kms_key: has no effect, because"),
        ("eks", EXISTING | CLUSTER, "kms_key: has no effect, because"),
        (
            "ec2",
            {"kms_key": {"deletion_window_in_days": 3}},
            "kms_key.deletion_window_in_days: must be greater than or",
        ),
        ("ec2", {"kms_key": {"alias": "alias/aws/ray"}}, "kms_key.alias: must be alias/"),
        ("ec2", {"kms_key": {"administrator_arns": ["security"]}}, "an IAM role's ARN"),
    ],
)
def test_wrong_values_are_errors(kind: str, keys: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        made(kind, tmp_path, **keys)


@pytest.mark.parametrize("keys", [EXISTING | {"efs": {}}, EXISTING | {"memorydb": {}}])
def test_one_new_store_is_sufficient_for_a_key(keys: dict[str, Any], tmp_path: Path) -> None:
    assert MADE in json.dumps(made("ec2", tmp_path, **keys)["module"])
