from collections.abc import Iterable

import pytest

from anyscale_constructs.findings import Finding
from anyscale_constructs.review import kinds, module_facts, resource_facts
from anyscale_constructs.review.exposure import (
    Exposure,
    Ingress,
    Kind,
    covers_ingress,
    findings,
    widened,
    without_known,
)
from anyscale_constructs.review.facts import UNKNOWN
from anyscale_constructs.terraform.interface import Interface

INSIDE = Ingress("10.0.0.0/8", "tcp", 443, 443)


@pytest.mark.parametrize(
    ("others", "value", "covered"),
    [
        ([INSIDE], Ingress("10.1.0.0/16", "tcp", 443, 443), True),
        ([INSIDE], Ingress("10.0.0.0/7", "tcp", 443, 443), False),
        ([INSIDE], Ingress("10.1.0.0/16", "udp", 443, 443), False),
        ([INSIDE], Ingress("10.1.0.0/16", "tcp", 443, 444), False),
        ([INSIDE], Ingress("10.1.0.0/16"), False),
        ([Ingress("0.0.0.0/0")], Ingress("10.1.0.0/16", "tcp", 22, 22), True),
        ([Ingress("0.0.0.0/0")], Ingress("::/0", "tcp", 22, 22), False),
        ([Ingress("2001:db8::/32")], Ingress("2001:db8:1::/48", "udp", 1, 2), True),
        ([Ingress("10.0.0.0/9"), Ingress("10.128.0.0/9")], Ingress("10.0.0.0/8", "tcp", 1, 1), True),
        ([Ingress("pl-1")], Ingress("pl-1", "tcp", 22, 22), True),
        ([Ingress("pl-1")], Ingress("pl-2", "tcp", 22, 22), False),
        ([], INSIDE, False),
    ],
)
def test_a_range_inside_an_open_one_does_not_widen(others: list[Ingress], value: Ingress, covered: bool) -> None:
    assert covers_ingress(others, value) is covered


def of_module(module: str, **inputs: object) -> list[Exposure]:
    interface = Interface.load(module)
    defaults = {name: variable.default for name, variable in interface.variables.items()}
    return list(module_facts.facts(module, {**defaults, **inputs}, "module.m"))


def of_resource(type: str, **arguments: object) -> list[Exposure]:
    return list(resource_facts.facts(type, arguments, f"{type}.r"))


def rules(before: Iterable[Exposure], after: Iterable[Exposure]) -> set[str]:
    return {each.kind.rule.id for each in widened([*before], [*after], ["module.m", *(e.scope for e in before)])}


KEY = "arn:aws:kms:us-east-2:111122223333:key/1"
EVERYBODY_MAY = '{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]}'
DENIES = '{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}]}'
RULE = {"rule": "https-443-tcp", "cidr_blocks": "10.0.0.0/8"}
GROUP = {"metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1}}
INPUTS = [
    (
        "aws/securitygroups",
        "widened-ingress",
        {"ingress_from_cidr_map": [RULE]},
        {"ingress_from_cidr_map": [{**RULE, "rule": "ssh-tcp"}]},
    ),
    ("aws/securitygroups", "widened-ingress", {}, {"machine_pool_cidr_ranges": ["10.0.0.0/8"]}),
    ("aws/eks", "widened-endpoint", {}, {"endpoint_public_access": True}),
    ("aws/eks", "stopped-logging", {}, {"enabled_log_types": ["api"]}),
    ("aws/eks", "weakened-encryption", {}, {"encryption_config": None}),
    (
        "aws/eks",
        "widened-permissions",
        {},
        {"access_entries": {"a": {"principal_arn": "x", "policy_associations": {"p": {"policy_arn": "y"}}}}},
    ),
    (
        "aws/eks",
        "weakened-node-metadata",
        {"eks_managed_node_groups": {"a": GROUP}},
        {"eks_managed_node_groups": {"a": GROUP, "b": {"metadata_options": {"http_tokens": "optional"}}}},
    ),
    (
        "aws/vpc",
        "public-address",
        {"map_public_ip_on_launch": False, "public_subnets": ["10.0.0.0/24"]},
        {"public_subnets": ["10.0.0.0/24"]},
    ),
    ("aws/vpc", "stopped-logging", {"enable_vpc_flow_logs": True}, {}),
    ("aws/iam", "new-trusted-principal", {}, {"anyscale_trusted_role_arns": ["arn:aws:iam::444455556666:root"]}),
    ("aws/iam", "changed-external-id", {"anyscale_external_id": "a"}, {"anyscale_external_id": "b"}),
    ("aws/iam", "lifted-permissions-limit", {"role_permissions_boundary_arn": "a"}, {}),
    ("aws/iam", "widened-permissions", {}, {"anyscale_cluster_node_custom_policy": EVERYBODY_MAY}),
    (
        "aws/iam",
        "widened-permissions",
        {},
        {"anyscale_access_managed_policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
    ),
    (
        "aws/s3",
        "weakened-encryption",
        {"server_side_encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY}},
        {},
    ),
    ("aws/s3", "lifted-deletion-protection", {}, {"force_destroy": True}),
    ("aws/s3", "widened-cors-origins", {}, {"cors_rule": {"allowed_origins": ["*"]}}),
    ("aws/s3_policy", "lifted-denial", {"custom_s3_policy": DENIES}, {}),
    ("aws/s3_policy", "widened-data-access", {}, {"custom_s3_policy": EVERYBODY_MAY}),
    ("aws/efs", "weakened-encryption", {}, {"efs_encrypted": False}),
    ("aws/memorydb", "weakened-tls", {"module_enabled": True}, {"module_enabled": True, "memorydb_tls_enabled": False}),
    (
        "aws/memorydb",
        "weakened-authentication",
        {"module_enabled": True, "create_memorydb_acl": True},
        {"module_enabled": True},
    ),
    (
        "google/vpc_firewall",
        "widened-ingress",
        {"ingress_from_cidr_map": [RULE]},
        {"ingress_from_cidr_map": [{**RULE, "cidr_blocks": "0.0.0.0/0"}]},
    ),
    ("google/gke", "widened-endpoint", {"enable_private_endpoint": True}, {}),
    ("google/gke", "public-address", {}, {"enable_private_nodes": False}),
    ("google/cloudstorage", "lifted-public-access-block", {}, {"bucket_public_access_prevention": "inherited"}),
    ("google/cloudstorage", "widened-data-access", {}, {"bucket_iam_members": ["allUsers"]}),
    ("google/iam", "widened-permissions", {}, {"anyscale_cluster_node_service_acct_permissions": ["roles/owner"]}),
    (
        "google/memorystore",
        "weakened-tls",
        {"module_enabled": True, "memorystore_encryption_mode": "SERVER_AUTHENTICATION"},
        {"module_enabled": True},
    ),
]


@pytest.mark.parametrize(("module", "rule", "before", "after"), INPUTS)
def test_an_input_that_opens_is_found_and_its_opposite_is_not(
    module: str, rule: str, before: dict[str, object], after: dict[str, object]
) -> None:
    assert rules(of_module(module, **before), of_module(module, **after)) == {rule}
    assert rules(of_module(module, **after), of_module(module, **after)) == set()


BLOCK = {"block_public_acls": True, "block_public_policy": True}
AKS = {"private_cluster_enabled": True, "local_account_disabled": True}
RESOURCES = [
    (
        "aws_security_group_rule",
        "widened-ingress",
        {"from_port": 0, "to_port": 0, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"]},
        {"protocol": "-1", "cidr_blocks": ["10.0.0.0/8"]},
    ),
    ("aws_security_group", "widened-ingress", {}, {"ingress": [{"protocol": "-1", "ipv6_cidr_blocks": ["::/0"]}]}),
    ("aws_lb", "widened-endpoint", {"internal": True}, {"internal": False}),
    (
        "aws_instance",
        "weakened-node-metadata",
        {"metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 1}]},
        {"metadata_options": [{"http_tokens": "required", "http_put_response_hop_limit": 2}]},
    ),
    ("aws_s3_bucket_public_access_block", "lifted-public-access-block", BLOCK, {**BLOCK, "block_public_acls": False}),
    ("aws_s3_bucket_acl", "widened-data-access", {"acl": "private"}, {"acl": "public-read"}),
    ("aws_iam_role", "new-trusted-principal", {"assume_role_policy": {}}, {"assume_role_policy": EVERYBODY_MAY}),
    (
        "aws_iam_role_policy_attachment",
        "widened-permissions",
        {"policy_arn": "a", "role": "r"},
        {"policy_arn": "AdministratorAccess", "role": "r"},
    ),
    (
        "google_storage_bucket_iam_member",
        "widened-data-access",
        {"member": "user:a", "role": "r", "bucket": "b"},
        {"member": "allUsers", "role": "r", "bucket": "b"},
    ),
    (
        "google_storage_bucket_iam_member",
        "widened-data-access",
        {"member": "user:a", "role": "r", "bucket": "b", "condition": [{"expression": "c"}]},
        {"member": "user:a", "role": "r", "bucket": "b"},
    ),
    (
        "google_secret_manager_secret_iam_member",
        "widened-data-access",
        {"member": "user:a", "role": "r", "secret_id": "projects/p/secrets/a"},
        {"member": "user:a", "role": "r", "secret_id": "projects/p/secrets/b"},
    ),
    (
        "google_compute_firewall",
        "widened-ingress",
        {"allow": {"protocol": "tcp", "ports": ["443"]}, "source_ranges": ["10.0.0.0/8"]},
        {"allow": {"protocol": "tcp", "ports": ["443"]}},
    ),
    (
        "google_container_cluster",
        "widened-endpoint",
        {"private_cluster_config": [{"enable_private_endpoint": True, "enable_private_nodes": True}]},
        {"private_cluster_config": [{"enable_private_nodes": True}]},
    ),
    ("azurerm_kubernetes_cluster", "widened-endpoint", AKS, {**AKS, "private_cluster_enabled": False}),
    ("azurerm_kubernetes_cluster", "weakened-authentication", AKS, {**AKS, "local_account_disabled": False}),
    ("azurerm_storage_account", "weakened-tls", {"min_tls_version": "TLS1_2"}, {"min_tls_version": "TLS1_0"}),
    ("azurerm_storage_account", "widened-endpoint", {"public_network_access_enabled": False}, {}),
    (
        "azurerm_storage_container",
        "widened-data-access",
        {"container_access_type": "private"},
        {"container_access_type": "blob"},
    ),
    (
        "azurerm_network_security_rule",
        "widened-ingress",
        {},
        {
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "*",
            "destination_port_range": "*",
            "source_address_prefix": "*",
        },
    ),
    (
        "azurerm_role_assignment",
        "widened-permissions",
        {"role_definition_name": "Reader", "principal_id": "p", "condition": "c"},
        {"role_definition_name": "Reader", "principal_id": "p"},
    ),
    (
        "azurerm_role_assignment",
        "widened-permissions",
        {"role_definition_name": "Reader", "principal_id": "p"},
        {"role_definition_name": "Owner", "principal_id": "p"},
    ),
    (
        "helm_release",
        "widened-endpoint",
        {"values": [{"annotations": {"x": "internal"}, "sourceRanges": []}]},
        {"values": [{"annotations": {}, "sourceRanges": []}]},
    ),
    (
        "aws_network_acl",
        "widened-ingress",
        {
            "ingress": [
                {"action": "allow", "protocol": "6", "from_port": 443, "to_port": 443, "cidr_block": "10.0.0.0/8"}
            ]
        },
        {
            "ingress": [
                {"action": "allow", "protocol": "6", "from_port": 443, "to_port": 443, "cidr_block": "0.0.0.0/0"}
            ]
        },
    ),
    (
        "aws_network_acl_rule",
        "widened-ingress",
        {"rule_action": "deny", "protocol": "-1", "cidr_block": "0.0.0.0/0"},
        {"rule_action": "allow", "protocol": "-1", "cidr_block": "0.0.0.0/0"},
    ),
    (
        "aws_network_acl_rule",
        "widened-ingress",
        {"rule_action": "allow", "egress": True, "protocol": "-1", "cidr_block": "0.0.0.0/0"},
        {"rule_action": "allow", "egress": False, "protocol": "-1", "ipv6_cidr_block": "::/0"},
    ),
    ("aws_memorydb_acl", "widened-permissions", {"user_names": ["a"]}, {"user_names": ["a", "b"]}),
    (
        "aws_memorydb_user",
        "widened-permissions",
        {"access_string": "on ~app:* -@all +@read"},
        {"access_string": "on ~* +@all"},
    ),
    (
        "aws_memorydb_user",
        "weakened-authentication",
        {"authentication_mode": [{"type": "iam"}]},
        {"authentication_mode": [{"type": "no-password"}]},
    ),
    (
        "azurerm_lb",
        "widened-endpoint",
        {"frontend_ip_configuration": [{"subnet_id": "s"}]},
        {"frontend_ip_configuration": [{"public_ip_address_id": "p"}]},
    ),
    (
        "google_compute_forwarding_rule",
        "widened-endpoint",
        {"load_balancing_scheme": "INTERNAL"},
        {"load_balancing_scheme": "EXTERNAL_MANAGED"},
    ),
    ("google_compute_global_forwarding_rule", "widened-endpoint", {"load_balancing_scheme": "INTERNAL_MANAGED"}, {}),
    ("whatever", "lifted-deletion-protection", {"lifecycle": {"prevent_destroy": True}}, {}),
]


@pytest.mark.parametrize(("type_", "rule", "before", "after"), RESOURCES)
def test_an_argument_that_opens_is_found_and_its_opposite_is_not(
    type_: str, rule: str, before: dict[str, object], after: dict[str, object]
) -> None:
    assert rules(of_resource(type_, **before), of_resource(type_, **after)) == {rule}
    assert rules(of_resource(type_, **after), of_resource(type_, **after)) == set()


def test_every_row_names_an_input_of_its_module() -> None:
    for module, rows in module_facts.MODULES.items():
        names = {row.input or row.path.partition(".")[0] for row in rows}
        assert names - Interface.load(module).variables.keys() == set(), module


def test_unknown_values_count_as_protection() -> None:
    assert rules(of_module("aws/efs"), of_module("aws/efs", efs_encrypted="${var.encrypted}")) == set()
    assert rules(of_module("aws/s3"), of_module("aws/s3", force_destroy="${var.force}")) == set()


class Code(dict[str, object]):
    """Arguments that are all set, but are unknown below some depth."""

    def __init__(self, depth: int, code: str) -> None:
        super().__init__(each=self._inner(depth, code))
        self.depth, self.code = depth, code

    def get(self, _: str, __: object = None) -> object:
        return self._inner(self.depth, self.code)

    def __missing__(self, _: str) -> object:
        return self._inner(self.depth, self.code)

    @staticmethod
    def _inner(depth: int, code: str) -> object:
        return [Code(depth - 1, code)] if depth else code


@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize("code", [UNKNOWN, "${var.code}"])
def test_code_is_accepted_for_each_argument_and_block(depth: int, code: str) -> None:
    for type_ in resource_facts.RESOURCES:
        assert isinstance([*resource_facts.facts(type_, Code(depth, code), f"{type_}.a")], list)
    for module in module_facts.MODULES:
        assert isinstance([*module_facts.facts(module, Code(depth, code), "module.m")], list)


def test_the_protection_of_a_removed_thing_does_not_count() -> None:
    assert widened(of_module("aws/efs"), [], []) == []


def said(facts: list[Exposure], before: list[Exposure]) -> list[Finding]:
    return list(findings(facts, before))


def test_one_finding_names_all_that_opens_on_a_port_and_what_was_open() -> None:
    before = of_module("aws/securitygroups", ingress_from_cidr_map=[RULE])
    after = of_module(
        "aws/securitygroups", ingress_from_cidr_map=[{**RULE, "cidr_blocks": "10.0.0.0/8,1.2.3.4/32,::/0"}]
    )
    (finding,) = said(widened(before, after, []), before)
    assert finding.value == ["1.2.3.4/32", "::/0"]
    assert finding.allowed == "no more than before: 10.0.0.0/8"
    assert finding.what.startswith("tcp 443 ")
    assert (finding.construct, finding.on) == ("module.m", ["ingress_from_cidr_map"])


def test_a_plan_does_not_repeat_what_an_input_says() -> None:
    told = [Exposure(kinds.INGRESS, "module.m", Ingress("1.2.3.4/32", "tcp", 443, 443), "ingress_from_cidr_map")]
    same = Exposure(kinds.INGRESS, "module.m.aws_security_group_rule.r[0]", Ingress("1.2.3.4/32", "tcp", 443, 443))
    other = Exposure(kinds.INGRESS, "module.m.aws_security_group_rule.r[1]", Ingress("1.2.3.4/32", "tcp", 22, 22))
    assert without_known([same, other], told) == [other]


def test_rules_are_warnings_of_reviews() -> None:
    found = [kind.rule for kind in vars(kinds).values() if isinstance(kind, Kind)]
    assert len(found) > 15
    assert {(rule.severity, rule.command) for rule in found} == {("warning", "review")}
