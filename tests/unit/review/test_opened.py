import json
import pathlib
from collections.abc import Iterable

from anyscale_constructs.findings import Finding
from anyscale_constructs.review.interfaces import Interfaces
from anyscale_constructs.review.opened import opened, opened_by_plan
from anyscale_constructs.review.plans import Change
from tests.unit.review.parts import CLOUD, pair

RULE = {"type": "ingress", "from_port": 443, "to_port": 443, "protocol": "tcp"}
ADDRESS = "module.securitygroups.aws_security_group_rule.ingress[0]"


def ids(found: Iterable[Finding]) -> list[str]:
    return [finding.rule.id for finding in found if finding.rule]


def test_a_change_from_private_to_public_is_reported(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD + "networking_mode: PRIVATE\n", CLOUD)
    assert ids(opened(base, head, Interfaces(), None)) == ["public-address", "public-networking"]
    assert opened(head, base, Interfaces(), None) == []


def test_a_pin_can_open_by_its_defaults(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD + "modules: {s3: {ref: v0.38.0}}\n", CLOUD)
    assert opened(base, head, Interfaces(), None) == []


def test_an_opening_in_input_and_plan_is_reported_once(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD.replace("203.0.113.0/24", "203.0.112.0/23"))
    before, after = {**RULE, "cidr_blocks": ["203.0.113.0/24"]}, {**RULE, "cidr_blocks": ["203.0.112.0/23"]}
    change = Change(ADDRESS, "aws_security_group_rule", ("delete", "create"), before, after)
    (finding,) = opened(base, head, Interfaces(), [change])
    assert (finding.construct, finding.value) == ("module.securitygroups", "203.0.112.0/23")


def test_a_plan_shows_openings_that_no_input_shows(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD)
    change = Change(ADDRESS, "aws_security_group_rule", ("create",), None, {**RULE, "cidr_blocks": ["0.0.0.0/0"]})
    (finding,) = opened(base, head, Interfaces(), [change])
    assert (finding.construct, finding.value, finding.on) == (ADDRESS, "0.0.0.0/0", ["cidr_blocks"])


def test_a_policy_in_a_plan_is_that_of_the_input(tmp_path: pathlib.Path) -> None:
    principal, managed = "arn:aws:iam::444455556666:root", "arn:aws:iam::aws:policy/AdministratorAccess"
    given = f'anyscale_trusted_role_arns: ["{principal}"], anyscale_cluster_node_managed_policy_arns: ["{managed}"]'
    base, head = pair(tmp_path, CLOUD, CLOUD + f"modules: {{iam: {{inputs: {{{given}}}}}}}\n")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}
    statement |= {"Condition": {"StringEquals": {"sts:ExternalId": "org_1234abcd-prod"}}}
    policy = json.dumps({"Statement": [statement]})
    role, attached = "aws_iam_role", "aws_iam_role_policy_attachment"
    changes = [
        Change(f"module.iam.{role}.a[0]", role, ("update",), {}, {"assume_role_policy": policy}),
        Change(f"module.iam.{attached}.b[0]", attached, ("create",), None, {"role": "nodes", "policy_arn": managed}),
    ]
    found = opened(base, head, Interfaces(), changes)
    assert {finding.construct for finding in found} == {"module.iam"}
    assert sorted(ids(found)) == ["new-trusted-principal", "widened-permissions"]


def test_an_unknown_source_opens_nothing(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD)
    after = {**RULE, "cidr_blocks": None, "source_security_group_id": None}
    change = Change(ADDRESS, "aws_security_group_rule", ("create",), None, after, {"source_security_group_id": True})
    assert opened(base, head, Interfaces(), [change]) == []


def test_an_unknown_value_is_not_off(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD)
    before = {"encrypted": True, "kms_key_id": "arn:aws:kms:us-east-2:111122223333:key/1"}
    unknown = {"kms_key_id": True}
    change = Change("aws_efs_file_system.a", "aws_efs_file_system", ("update",), before, {"encrypted": True}, unknown)
    assert opened(base, head, Interfaces(), [change]) == []


def test_an_unknown_policy_is_unchanged() -> None:
    statements = [{"Effect": effect, "Action": "s3:*", "Resource": "*"} for effect in ("Allow", "Deny")]
    policy, unknown = {"policy": json.dumps({"Statement": statements})}, {"policy": True}
    address, type_ = "aws_iam_role_policy.a", "aws_iam_role_policy"
    assert opened_by_plan([Change(address, type_, ("update",), policy, {}, unknown)]) == []
    assert opened_by_plan([Change(address, type_, ("create",), None, {}, unknown)]) == []
    assert ids(opened_by_plan([Change(address, type_, ("create",), None, policy)])) == ["widened-permissions"]


def test_reordered_rules_open_nothing(tmp_path: pathlib.Path) -> None:
    """Their indexes change when an earlier one is removed."""
    base, head = pair(tmp_path, CLOUD, CLOUD)
    first, second = {**RULE, "cidr_blocks": ["10.0.0.0/8"]}, {**RULE, "cidr_blocks": ["172.16.0.0/12"]}
    changes = [
        Change(ADDRESS, "aws_security_group_rule", ("delete", "create"), first, second),
        Change(ADDRESS.replace("0", "1"), "aws_security_group_rule", ("delete",), second, None),
    ]
    assert opened(base, head, Interfaces(), changes) == []
