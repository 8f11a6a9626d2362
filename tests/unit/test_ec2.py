"""The EC2 cloud: its parts, and its use of existing resources."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import Ec2Config, Ec2Stack
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.app import App
from tests import spelled

Make = Callable[..., Ec2Stack]

ROLE = "arn:aws:iam::111122223333:role/acme"
PROFILE = "arn:aws:iam::111122223333:instance-profile/acme"
KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
SUBNETS = {"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"}
EXISTING: dict[str, Any] = {
    "vpc": {"vpc_id": "vpc-12345678", "subnet_ids_to_az": SUBNETS},
    "security_group": {"security_group_id": "sg-12345678"},
    "bucket": {"bucket_name": "acme-shared"},
    "iam": {
        "control_plane_role_arn": ROLE,
        "cluster_node_role_arn": f"{ROLE}-node",
        "cluster_node_instance_profile_arn": PROFILE,
    },
}
POLICY = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Creates a cloud and checks it as synthesis does."""

    def make(**config: Any) -> Ec2Stack:
        required = {"region": "us-east-2", "org_id": "org_1"}
        stack = Ec2Stack(App(tmp_path), "prod", Ec2Config.model_validate(required | config))
        stack.prepare()
        return stack

    return make


# Upstream's own examples, by number, and what shows that they are expressed.
SCENARIOS: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {
    "1: public subnets only, EFS": (
        {"efs": {}},
        {"vpc": {"public_subnets": ["10.0.0.0/19", "10.0.32.0/19"]}, "efs": {"mount_targets_subnet_count": 2}},
    ),
    "2: a common prefix, an external ID, policies of the nodes": (
        {
            "name_prefix": "acme-",
            "external_id": "org_1-acme",
            "iam": {
                "cluster_node_cloudwatch_policy": True,
                "cluster_node_managed_policy_arns": ["arn:aws:iam::aws:policy/A"],
                "cluster_node_custom_policy": POLICY,
            },
        },
        {
            "s3": {"anyscale_bucket_prefix": "acme-"},
            "iam": {
                "anyscale_external_id": "org_1-acme",
                "create_cluster_node_cloudwatch_policy": True,
                "anyscale_cluster_node_managed_policy_arns": ["arn:aws:iam::aws:policy/A"],
                "anyscale_cluster_node_custom_policy": '{"Statement": [], "Version": "2012-10-17"}',
            },
        },
    ),
    "3: an existing bucket": (
        {"bucket": EXISTING["bucket"]},
        {"iam": {"anyscale_s3_bucket_arn": "arn:aws:s3:::acme-shared"}},
    ),
    "4: an existing VPC and subnets": ({"vpc": EXISTING["vpc"]}, {"securitygroups": {"vpc_id": "vpc-12345678"}}),
    "5: a key of one's own": (
        {"kms_key_arn": KEY, "efs": {}, "memorydb": {}},
        {
            "s3": {"server_side_encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY}},
            "efs": {"kms_key_arn": KEY},
            "memorydb": {"memorydb_kms_key_arn": KEY},
        },
    ),
    "6: private subnets, MemoryDB": (
        {"networking_mode": "PRIVATE", "vpc": {"availability_zone_count": 3}, "memorydb": {}},
        {"memorydb": {"memorydb_subnet_ids": "${module.vpc.private_subnet_ids}"}},
    ),
    "7: ingress of one's own, a machine pool, secrets, lifecycle rules, a bucket policy": (
        {
            "security_group": {
                "ingress_rules": [
                    {"from_port": 8443, "to_port": 8443, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8", "11.0.0.0/8"]}
                ],
                "machine_pool_cidr_ranges": ["10.1.0.0/24", "10.2.0.0/24"],
            },
            "iam": {"cluster_node_secret_arns": ["arn:aws:secretsmanager:us-east-2:111122223333:secret:a"]},
            "bucket": {"lifecycle_rules": [{"id": "logs"}], "custom_policy": POLICY},
        },
        {
            "securitygroups": {
                "ingress_from_cidr_map": [
                    {
                        "from_port": "8443",
                        "to_port": "8443",
                        "protocol": "tcp",
                        "cidr_blocks": "10.0.0.0/8,11.0.0.0/8",
                    }
                ],
                "machine_pool_cidr_ranges": ["10.1.0.0/24", "10.2.0.0/24"],
            },
            "s3": {"lifecycle_rule": [{"id": "logs"}]},
            "s3_policy": {"custom_s3_policy": '{"Statement": [], "Version": "2012-10-17"}'},
        },
    ),
    "8: MemoryDB's users": (
        {"memorydb": {"users": {"ray": {}}}},
        {"memorydb": {"create_memorydb_users": True, "create_memorydb_acl": True}},
    ),
    "9: the cloud's ID is known first": (
        {"cloud_id": "cld_1"},
        {"iam": {"anyscale_cloud_id": "cld_1", "anyscale_external_id": "org_1-prod"}},
    ),
}


@pytest.mark.parametrize(("config", "shows"), SCENARIOS.values(), ids=SCENARIOS)
def test_a_configuration_has_the_expected_modules(
    config: dict[str, Any], shows: dict[str, dict[str, Any]], make: Make
) -> None:
    modules = make(**config).modules
    for name, inputs in shows.items():
        assert {key: modules[name].rendered[key] for key in inputs} == inputs


def test_clouds_that_share_resources_have_separate_roles(tmp_path: Path) -> None:
    """Scenario 10: an external ID is unique in an organization."""
    app = App(tmp_path)
    shared = {key: EXISTING[key] for key in ("vpc", "bucket")}
    config = Ec2Config.model_validate({"region": "us-east-2", "org_id": "org_1", **shared})
    clouds = [Ec2Stack(app, name, config) for name in ("red", "blue")]
    ids = [cloud.modules["iam"].rendered["anyscale_external_id"] for cloud in clouds]
    assert ids == ["org_1-red", "org_1-blue"]
    assert "s3_policy" not in clouds[0].modules


def test_inputs_are_used_for_existing_resources(make: Make) -> None:
    """Pitfall 12: upstream's outputs are empty then."""
    stack = make(**EXISTING)
    assert stack.modules == {}
    outputs = {key: value for key, value in stack.outputs.items() if key != "anyscale_cloud_resource"}
    assert outputs == {
        "anyscale_org_id": "org_1",
        "anyscale_vpc_id": "vpc-12345678",
        "anyscale_s3_bucket_id": "acme-shared",
        "anyscale_security_group_id": "sg-12345678",
        "anyscale_iam_role_arn": ROLE,
        "anyscale_iam_role_external_id": "org_1-prod",
        "anyscale_iam_role_cluster_node_arn": f"{ROLE}-node",
        "anyscale_iam_instance_profile_role_arn": PROFILE,
        "anyscale_cloud_name": "prod",
    }


def test_the_node_profile_of_an_existing_role_may_have_its_name(make: Make) -> None:
    """Pitfall 13."""
    iam = {key: EXISTING["iam"][key] for key in ("control_plane_role_arn", "cluster_node_role_arn")}
    assert "anyscale_iam_instance_profile_role_arn" not in make(**{**EXISTING, "iam": iam}).outputs


def test_later_tags_take_precedence(make: Make) -> None:
    modules = make(
        cloud_id="cld_1",
        deploy_environment="staging",
        tags={"team": "ml", "tf_module": "mine"},
        vpc={"tags": {"team": "network"}},
    ).modules
    base = {
        "anyscale-cloud-id": "cld_1",
        "anyscale-org-id": "org_1",
        "anyscale-deploy-environment": "staging",
        "tf_module": "mine",
        "team": "ml",
    }
    assert modules["s3"].rendered["tags"] == base
    assert modules["vpc"].rendered["tags"] == base | {"team": "network"}
    assert "anyscale-cloud-id" not in make().modules["s3"].rendered["tags"]


def test_passwords_come_from_a_sensitive_variable(make: Make) -> None:
    stack = make(memorydb={"users": {"ray": {"access_string": "on ~* +@all"}}})
    assert stack.modules["memorydb"].rendered["memorydb_users"] == {
        "ray": {"user_name": "ray", "access_string": "on ~* +@all", "passwords": '${var.memorydb_passwords["ray"]}'}
    }
    variable = stack.to_terraform()["variable"]["memorydb_passwords"]
    assert (variable["sensitive"], variable["type"]) == (True, "map(list(string))")


def test_open_access_is_a_note_without_users(make: Make) -> None:
    """Pitfall 18: MemoryDB's own default is used intentionally, since the security group limits access."""
    assert make(memorydb={}).modules["memorydb"].rendered["existing_memorydb_acl_name"] == "open-access"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {"external_id": "org_2-prod"},
            r"external_id: must begin with the organization ID; got 'org_2-prod'; expected org_1-<suffix>",
        ),
        ({"external_id": "org_10-prod"}, "must begin with the organization ID"),
        (
            {"vpc": {"private_subnets": ["10.0.0.0/20"]}},
            "the nodes would be in private subnets, but networking_mode is PUBLIC",
        ),
        ({"region": "us-gov-west-1"}, "a region of the commercial AWS partition"),
        ({"vpc": {"availability_zone_count": 1}}, "greater than or equal to 2"),
        ({"bucket": EXISTING["bucket"], "kms_key_arn": KEY}, "applies only to a new bucket, EFS or MemoryDB"),
        ({"iam": {"permissions_boundary_arn": ROLE}}, "an IAM policy's ARN"),
        ({"iam": {"cluster_node_managed_policy_arns": [ROLE]}}, "an IAM policy's ARN"),
        ({"iam": {"cluster_node_secret_arns": [ROLE]}}, "the ARN of a secret in Secrets Manager"),
        ({"security_group": {"machine_pool_cidr_ranges": ["10.0.0.0/8"] * 3}}, "at most 2 items"),
    ],
)
def test_fails_on_conflicting_keys(config: dict[str, Any], says: str, make: Make) -> None:
    with pytest.raises(ValidationError, match=says):
        make(**config)


@pytest.mark.parametrize("user", [{"efs": {}}, {"memorydb": {}}])
def test_a_key_with_an_existing_bucket_must_encrypt_something_else(user: dict[str, Any], make: Make) -> None:
    (module,) = [make(bucket=EXISTING["bucket"], kms_key_arn=KEY, **user).modules[name] for name in user]
    assert KEY in module.rendered.values()


def test_inputs_of_the_configuration_are_merged(make: Make) -> None:
    key = {"kms_key_arn": KEY}
    inputs = {"server_side_encryption": {"bucket_key_enabled": "true"}, "tags": {"a": "b"}}
    before, after = make(**key), make(**key, modules={"s3": {"inputs": inputs}})
    assert after.modules["s3"].rendered == before.modules["s3"].rendered | {
        "server_side_encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY, "bucket_key_enabled": "true"},
        "tags": before.modules["s3"].rendered["tags"] | {"a": "b"},
    }


OTHER_KEY = "arn:aws:kms:us-east-2:111122223333:key/0000abcd-00ab"
LATER = expr("aws_kms_key.this.arn", "string")


def allowed_keys(stack: Ec2Stack, role: str) -> set[str]:
    """Returns the keys that a new role may use to decrypt."""
    policies = stack.to_terraform().get("resource", {}).get("aws_iam_role_policy", {})
    statements = json.loads(policies[f"iam_{role}"]["policy"])["Statement"] if f"iam_{role}" in policies else []
    return {key for each in statements if "kms:Decrypt" in each["Action"] for key in each["Resource"]}


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ({"kms_key_arn": KEY}, {KEY}),
        ({"kms_key_arn": LATER}, {spelled(LATER)}),
        ({"kms_key_arn": KEY, "bucket": EXISTING["bucket"], "efs": {}}, {KEY}),
        ({"bucket": {**EXISTING["bucket"], "kms_key_arn": KEY}}, {KEY}),
        ({"kms_key_arn": KEY, "bucket": {**EXISTING["bucket"], "kms_key_arn": OTHER_KEY}, "efs": {}}, {KEY, OTHER_KEY}),
        ({"modules": {"s3": {"inputs": {"server_side_encryption": {"kms_master_key_id": KEY}}}}}, {KEY}),
        ({}, set()),
    ],
)
def test_new_roles_may_use_the_keys(config: dict[str, Any], keys: set[str], make: Make) -> None:
    stack = make(**config)
    assert [allowed_keys(stack, role) for role in ("control_plane", "cluster_node")] == [keys, keys]


@pytest.mark.parametrize("roles", [["control_plane_role_arn"], ["cluster_node_role_arn"], list(EXISTING["iam"])])
@pytest.mark.parametrize(
    "config", [{"kms_key_arn": KEY}, {"bucket": {**EXISTING["bucket"], "kms_key_arn": KEY}}], ids=["new", "existing"]
)
def test_existing_roles_that_must_use_the_key_are_warnings(
    config: dict[str, Any], roles: list[str], make: Make
) -> None:
    stack = make(iam={role: EXISTING["iam"][role] for role in roles}, **config)
    told = [finding.text for finding in stack.findings]
    warned = [text.partition(" ")[0] for text in told if "needs permission to use the KMS key" in text]
    assert warned == [role for role in roles if role.endswith("role_arn")]


@pytest.mark.parametrize("sid", ["AllowSSLRequestsOnly", "AllowAnyscaleResources"])
@pytest.mark.parametrize("way", ["bucket", "modules"])
def test_fails_on_a_statement_that_would_replace_upstreams(way: str, sid: str, make: Make) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow"}]}
    ways: dict[str, dict[str, Any]] = {
        "bucket": {"bucket": {"custom_policy": document}},
        "modules": {"modules": {"s3_policy": {"inputs": {"custom_s3_policy": json.dumps(document)}}}},
    }
    with pytest.raises(InputError, match=f"which it would replace; got '{sid}'"):
        make(**ways[way])


def test_places_for_eight_zones_are_planned_from_the_start(make: Make) -> None:
    def subnets(zones: int, **vpc: int) -> list[str]:
        rendered = make(vpc={"availability_zone_count": zones, **vpc}).modules["vpc"].rendered
        found: list[str] = rendered["public_subnets"]
        return found

    assert subnets(5, subnet_places=8)[:4] == subnets(4, subnet_places=8)
    assert not {*subnets(5)} & {*subnets(4)}


def test_memorydb_gets_subnets_in_zones_that_have_it(make: Make) -> None:
    subnets = make(region="us-east-1", memorydb={}).modules["memorydb"].rendered["memorydb_subnet_ids"]
    assert "if contains(data.aws_availability_zones.memorydb.names, zone)" in subnets


def test_policies_keep_code_and_dates(make: Make) -> None:
    """`Version: 2012-10-17` without quotes is a date."""
    arn = expr("data.aws_iam_role.reader.arn", "string")
    document = {"Version": datetime.date(2012, 10, 17), "Statement": [{"Effect": "Allow", "Resource": arn}]}
    stack = make(bucket={"custom_policy": document}, iam={"cluster_node_custom_policy": document})
    stack.add_override("data.aws_iam_role.reader.name", "reader")
    modules = stack.to_terraform()["module"]
    text = (
        '{"Statement": [{"Effect": "Allow", "Resource": "${data.aws_iam_role.reader.arn}"}], "Version": "2012-10-17"}'
    )
    assert modules["s3_policy"]["custom_s3_policy"] == text
    assert modules["iam"]["anyscale_cluster_node_custom_policy"] == text
