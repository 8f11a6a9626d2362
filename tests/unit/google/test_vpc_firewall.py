"""The firewall policy, its guards and its rules."""

from typing import Any

import pytest

from anyscale_constructs.expressions import expr
from anyscale_constructs.google import VpcFirewall
from anyscale_constructs.google import vpc_firewall as guards
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.google.parts import ENABLED, NETWORK, PROJECT, SHARED, many
from tests.unit.guards import Case, Table, said

USERS = "203.0.113.0/24"
HEALTH = "35.191.0.0/16,130.211.0.0/22"


def rule(**values: str) -> dict[str, str]:
    return {"cidr_blocks": USERS, **values}


def ingress(*rules: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"ingress_from_cidr_map": list(rules), **more}


TABLE = Table(
    VpcFirewall,
    {"project": PROJECT, "vpc": NETWORK},
    [
        ENABLED,
        Case(
            guards.the_vpc_has_its_name_and_its_id,
            "the policy requires both vpc_name and vpc_id",
            springs=many(vpc_name=[""], vpc_id=[""]),
            passes=[{}],
        ),
        Case(
            guards.names_are_ones_google_accepts,
            "must be a plain name",
            springs=[*many(firewall_policy_name=["Acme", "a" * 64]), {"vpc_name": "a" * 52}],
            passes=[*many(firewall_policy_name=["a" * 63]), {"vpc_name": "a" * 51}],
        ),
        Case(
            guards.nodes_reach_each_other,
            "so nodes cannot reach each other",
            springs=[
                {"ingress_with_self_cidr_range": []},
                {"ingress_with_self_map": []},
                {"ingress_with_self_map": [{"rule": "https-443-tcp"}]},
            ],
            passes=[{"ingress_with_self_map": [{"rule": "nfs-tcp"}, {"rule": "all-all"}]}],
        ),
        Case(
            guards.self_rules_name_a_known_rule,
            "whose ports upstream ignores",
            springs=[
                {"ingress_with_self_map": [{"rule": "all-all"}, {"ports": "22", "protocol": "tcp"}]},
                {"ingress_with_self_map": [{"rule": "all-all", "ports": "22"}]},
                {"ingress_with_self_map": [{"rule": "all-all"}, {"rule": "redis-tcp"}]},
            ],
            passes=[{"ingress_with_self_map": [{"rule": "all-all"}, {"rule": "ssh-tcp", "ports": "2222"}]}],
        ),
        Case(
            guards.rules_have_ports,
            "whose ports upstream cannot use",
            springs=[
                ingress(rule()),
                ingress(rule(rule="redis-tcp")),
                ingress(rule(rule="all-all", priority="1")),
                ingress(rule(rule="machine-pools", priority="1")),
                {"ingress_from_gcp_health_checks": [{"cidr_blocks": HEALTH}]},
            ],
            passes=[
                ingress(
                    rule(rule="https-443-tcp"), rule(ports="8443"), rule(rule="all-all", ports="1-65535", priority="2")
                )
            ],
        ),
        Case(
            guards.rules_keep_their_protocol,
            "whose protocol upstream ignores",
            springs=[ingress(rule(ports="53", protocol="udp")), ingress(rule(rule="ssh-tcp", protocol="udp"))],
            passes=[ingress(rule(ports="53", protocol="tcp"))],
        ),
        Case(
            guards.rules_have_ranges,
            "with an empty range or a space",
            springs=[
                ingress({"rule": "https-443-tcp"}),
                ingress({"rule": "https-443-tcp", "cidr_blocks": ""}),
                ingress({"rule": "https-443-tcp", "cidr_blocks": f"{USERS}, 10.0.0.0/8"}),
                {
                    "ingress_from_gcp_health_checks": [
                        {"rule": "health-checks", "cidr_blocks": HEALTH.replace(",", ", ")}
                    ]
                },
            ],
            passes=[
                ingress({"rule": "https-443-tcp", "cidr_blocks": f"{USERS},10.0.0.0/8"}),
                ingress({"rule": "https-443-tcp"}, default_ingress_cidr_range=[USERS]),
            ],
        ),
        Case(
            guards.firewall_rule_priority,
            "priority",
            springs=[
                ingress(rule(rule="https-443-tcp"), rule(rule="https-443-tcp", cidr_blocks="10.0.0.0/8")),
                ingress(rule(ports="1"), rule(ports="2"), rule(rule="ssh-tcp"), rule(ports="3", priority="22")),
                ingress(rule(ports="8443", priority="100")),
                ingress(rule(ports="8443", priority="1005")),
                ingress(rule(rule="all-all", ports="1-65535")),
                ingress(rule(ports="1", priority="1011"), ingress_from_machine_pool_cidr_ranges=["10.0.0.0/24"]),
                {"ingress_with_self_map": [{"rule": "all-all"}, {"rule": "nfs-tcp", "priority": "100"}]},
            ],
            passes=[
                ingress(rule(rule="https-443-tcp"), rule(rule="https-443-tcp", priority="444")),
                ingress(rule(ports="1"), rule(ports="2"), rule(rule="ssh-tcp")),
                ingress(rule(ports="1", priority="1011")),
            ],
        ),
        Case(
            guards.health_checks_reach_services,
            "ingress_from_gcp_health_checks lacks",
            springs=[
                {"ingress_from_gcp_health_checks": []},
                {"ingress_from_gcp_health_checks": [{"rule": "health-checks", "cidr_blocks": "35.191.0.0/16"}]},
            ],
            passes=[{"ingress_from_gcp_health_checks": [{"rule": "health-checks", "cidr_blocks": HEALTH}]}],
        ),
        Case(
            guards.https_closed,
            "port 443 is open to no range",
            springs=[ingress(), {"vpc": NETWORK.model_copy(update={"proxy_subnet_cidr": None})}],
            passes=[{"ingress_cidr_blocks": [USERS]}, {}],
        ),
        Case(
            guards.public_ingress,
            "to the whole internet",
            springs=[
                {"ingress_cidr_blocks": [USERS, "0.0.0.0/0"]},
                {"ingress_from_machine_pool_cidr_ranges": ["0.0.0.0/0"]},
                {"ingress_from_machine_pool_cidr_ranges": ["0.0.0.0/0", expr("var.range")]},
                {"ingress_cidr_blocks": ["0.0.0.0/1", "128.0.0.0/1"]},
                {"ingress_cidr_blocks": ["::/1", "8000::/1"]},
                {"ingress_cidr_blocks": [USERS, "16.0.0.0/8", "18.0.0.0/8"]},
                {"ingress_cidr_blocks": [expr("var.range"), "0.0.0.0/0"]},
                ingress(rule(ports="22", priority=expr("var.priority", "number"), cidr_blocks="0.0.0.0/1")),
                {"ingress_with_self_cidr_range": ["0.0.0.0/0"]},
                {"ingress_from_gcp_health_checks": [{"rule": "health-checks", "cidr_blocks": f"{HEALTH},0.0.0.0/0"}]},
                ingress({"rule": "ssh-tcp"}, default_ingress_cidr_range=["0.0.0.0/0"]),
            ],
            passes=[{"ingress_cidr_blocks": ["10.0.0.0/8"]}],
        ),
    ],
)


@pytest.mark.parametrize(
    ("properties", "opened"),
    [
        (
            {"ingress_cidr_blocks": ["0.0.0.0/1", "128.0.0.0/1"], "enable_ssh_access": True},
            "ingress_from_cidr_map opens https-443-tcp (tcp 443), ssh-tcp (tcp 22)",
        ),
        (
            ingress(
                rule(ports="8443,9000-9001", cidr_blocks="0.0.0.0/0"),
                rule(rule="ssh-tcp", ports="2222", cidr_blocks="::/0"),
                rule(rule="http-80-tcp"),
                rule(rule="nfs-tcp", ports=expr("var.ports"), cidr_blocks="0.0.0.0/0"),
                rule(rule=expr("var.rule"), cidr_blocks="0.0.0.0/0"),
            ),
            (
                "ingress_from_cidr_map opens tcp 8443,9000-9001, ssh-tcp (tcp 2222), nfs-tcp "
                "(ports that are known only after apply), ports that are known only after apply"
            ),
        ),
        (
            {
                "ingress_with_self_cidr_range": ["0.0.0.0/0"],
                "ingress_from_gcp_health_checks": [{"rule": "health-checks", "cidr_blocks": f"{HEALTH},0.0.0.0/0"}],
                "ingress_from_machine_pool_cidr_ranges": ["0.0.0.0/0"],
            },
            (
                "ingress_with_self_map opens all-all (all ports) "
                "and ingress_from_gcp_health_checks opens health-checks (tcp 8000) "
                "and ingress_from_machine_pool_cidr_ranges opens machine-pools (tcp 80,443,1010,1012,2222,5555,5903,"
                "6379,6822-6824,6826,7878,8000,8076,8085,8201,8265-8266,8686-8687,8912,8999,9090,9092,9100,9478-9482,"
                "10002-19999)"
            ),
        ),
    ],
)
def test_every_port_that_is_open_to_the_internet_is_named_in_one_warning(
    properties: dict[str, Any], opened: str, stack: CloudStack
) -> None:
    (found,) = [found for found in said(stack, TABLE, properties) if "to the whole internet" in found.what]
    assert found.what.partition(" to the whole internet")[0] == opened


def test_the_policy_has_the_vpcs_name_id_and_ranges(stack: CloudStack) -> None:
    policy = VpcFirewall(stack, project=PROJECT, vpc=NETWORK, ingress_cidr_blocks=[USERS], enable_ssh_access=True)
    assert policy.rendered == {
        "anyscale_project_id": "acme-ml",
        "vpc_name": "ml",
        "vpc_id": "projects/acme-ml/global/networks/ml",
        "ingress_with_self_cidr_range": ["10.20.0.0/20"],
        "ingress_from_gcp_health_checks": [{"rule": "health-checks", "cidr_blocks": f"{HEALTH},10.21.0.0/23"}],
        "ingress_from_cidr_map": [
            {"rule": "https-443-tcp", "cidr_blocks": f"{USERS},10.21.0.0/23"},
            {"rule": "ssh-tcp", "cidr_blocks": USERS},
        ],
    }


def test_the_policy_of_a_shared_vpc_is_in_the_host_project(stack: CloudStack) -> None:
    policy = VpcFirewall(stack, project=PROJECT, vpc=SHARED, ingress_cidr_blocks=[USERS])
    assert policy.rendered["anyscale_project_id"] == "acme-network"
    assert spelled(policy.firewall_policy_name) == "${module.vpc_firewall.vpc_firewall_policy_name}"
