"""The nodes' security group, new or existing."""

from typing import Any

import pytest

from anyscale_constructs.aws import ExistingSecurityGroup, SecurityGroups, Vpc, securitygroups
from anyscale_constructs.engine import TerraformVariable
from anyscale_constructs.errors import ConfigError, InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.aws.parts import NETWORK
from tests.unit.guards import Case, Table, said

OFFICE = "198.51.100.0/24"
HTTPS = {"rule": "https-443-tcp", "cidr_blocks": OFFICE}
PORTS = {"from_port": "8443", "to_port": "8443", "protocol": "tcp", "cidr_blocks": OFFICE}
EVERYTHING = {"rule": "all-all"}

TABLE = Table(
    SecurityGroups,
    {"vpc": NETWORK, "ingress_cidr_blocks": [OFFICE]},
    [
        Case(
            securitygroups.rules_name_what_upstream_defines,
            "has a rule that is not a predefined one and lacks ports",
            [
                {"ingress_from_cidr_map": [HTTPS, {"rule": "https", "cidr_blocks": OFFICE}]},
                {"ingress_from_cidr_map": [{"from_port": "443", "cidr_blocks": OFFICE}]},
                {"ingress_with_self": [EVERYTHING, {"rule": "ray"}]},
                {"egress_to_cidr_map": [{"rule": "https"}]},
                {"ingress_with_existing_security_groups_map": [{"security_group_id": "sg-1"}]},
            ],
            [
                {"ingress_from_cidr_map": [HTTPS, PORTS]},
                {"ingress_from_cidr_map": [{"rule": expr("var.rule"), "cidr_blocks": OFFICE}]},
                {"ingress_from_cidr_map": [expr("var.rule", "map(string)")]},
                {
                    "ingress_with_self": [EVERYTHING, {"rule": "ray"}],
                    "predefined_rules": {
                        "all-all": {"from_port": -1, "to_port": -1, "protocol": "-1", "description": "All"},
                        "https-443-tcp": {"from_port": 443, "to_port": 443, "protocol": "tcp", "description": "H"},
                        "ray": {"from_port": 1, "to_port": 2, "protocol": "tcp", "description": "Ray"},
                    },
                },
            ],
        ),
        Case(
            securitygroups.rules_from_ranges_have_ranges,
            "ingress_from_cidr_map has a rule without cidr_blocks",
            [
                {"ingress_from_cidr_map": [{"rule": "https-443-tcp"}]},
                {"ingress_from_cidr_map": [HTTPS | {"cidr_blocks": ""}], "default_ingress_cidr_range": [OFFICE]},
            ],
            [
                {"ingress_from_cidr_map": [{"rule": "https-443-tcp"}], "default_ingress_cidr_range": [OFFICE]},
                {"ingress_from_cidr_map": [HTTPS]},
            ],
        ),
        Case(
            securitygroups.ranges_have_no_blanks,
            "cidr_blocks of a rule contains a space",
            [{"ingress_from_cidr_map": [HTTPS | {"cidr_blocks": f"{OFFICE}, 10.0.0.0/8"}]}],
            [
                {"ingress_from_cidr_map": [HTTPS | {"cidr_blocks": f"{OFFICE},10.0.0.0/8"}]},
                {"ingress_from_cidr_map": [HTTPS | {"cidr_blocks": expr('join(", ", var.ranges)')}]},
            ],
        ),
        Case(
            securitygroups.security_group_rule_description,
            "has a rule with an invalid description",
            [
                {"ingress_from_cidr_map": [HTTPS | {"description": "our users' office"}]},
                {"ingress_with_self": [{"rule": "all-all", "description": "a" * 256}]},
            ],
            [
                {"ingress_from_cidr_map": [HTTPS | {"description": "users (office), see [wiki]: #1"}]},
                {"ingress_from_cidr_map": [HTTPS | {"description": expr("var.about")}]},
            ],
        ),
        Case(
            securitygroups.ranges_are_given_once,
            "ingress_from_cidr_map opens the same ports to a range twice",
            [
                {"ingress_from_cidr_map": [HTTPS, PORTS, HTTPS]},
                {"ingress_from_cidr_map": [HTTPS | {"cidr_blocks": f"{OFFICE},{OFFICE}"}]},
            ],
            [
                {"ingress_from_cidr_map": [HTTPS, PORTS]},
                {"ingress_from_cidr_map": [PORTS, PORTS | {"to_port": "8444"}]},
            ],
        ),
        Case(
            securitygroups.security_group_self_rule,
            "has a rule with self=false, which opens nothing",
            [
                {"ingress_with_self": [EVERYTHING, EVERYTHING | {"self": "false"}]},
                {"egress_to_self": [EVERYTHING | {"self": "false"}]},
            ],
            [{"ingress_with_self": [EVERYTHING | {"self": "true"}]}, {"egress_to_self": [EVERYTHING]}],
        ),
        Case(
            securitygroups.nodes_reach_each_other,
            "ingress_with_self does not open all ports, so Ray's nodes cannot reach each other",
            [{"ingress_with_self": []}, {"ingress_with_self": [{"rule": "ssh-tcp"}]}],
            [
                {"ingress_with_self": [{"rule": "ssh-tcp"}, EVERYTHING]},
                {"ingress_with_self": [{"from_port": "-1", "to_port": "-1", "protocol": "-1"}]},
                {"ingress_with_self": [], "existing_security_group_id": "sg-12345678"},
                {},
            ],
            trap="sizing: all from self",
        ),
        Case(
            securitygroups.an_existing_group_is_named,
            "create_security_group is off and existing_security_group_id is not set",
            [{"create_security_group": False}],
            [{"existing_security_group_id": "sg-12345678"}, {"existing_security_group_id": expr("data.x.y.id")}],
        ),
        Case(
            securitygroups.https_closed,
            "port 443 is open to no range",
            [{"ingress_cidr_blocks": []}],
            [
                {},
                {"ingress_cidr_blocks": [], "machine_pool_cidr_ranges": [OFFICE]},
                {"ingress_cidr_blocks": [], "ingress_from_cidr_map": [HTTPS]},
                {"ingress_cidr_blocks": [], "existing_security_group_id": "sg-12345678"},
            ],
            trap="sizing: 443 from the customer's CIDRs",
        ),
        Case(
            securitygroups.public_ingress,
            "to the whole internet",
            [
                {"ingress_cidr_blocks": [OFFICE, "0.0.0.0/0"]},
                {"ingress_from_cidr_map": [HTTPS, PORTS | {"cidr_blocks": f"{OFFICE},0.0.0.0/0"}]},
                {"ingress_from_cidr_map": [{"rule": "ssh-tcp"}], "default_ingress_cidr_range": ["0.0.0.0/0"]},
                {"machine_pool_cidr_ranges": ["0.0.0.0/0"]},
                {"machine_pool_cidr_ranges": ["0.0.0.0/1", "128.0.0.0/1"]},
                {"machine_pool_cidr_ranges": ["0.0.0.0/0", expr("var.range")]},
                {"ingress_cidr_blocks": ["0.0.0.0/1", "128.0.0.0/1"]},
                {"ingress_cidr_blocks": ["::/1", "8000::/1"]},
                {"ingress_cidr_blocks": [OFFICE, "16.0.0.0/8", "18.0.0.0/8"]},
                {"ingress_from_cidr_map": [PORTS | {"cidr_blocks": f"{half}.0.0.0/1"} for half in (0, 128)]},
                {"ingress_cidr_blocks": [expr("var.range"), "0.0.0.0/0"]},
            ],
            [{}, {"ingress_from_cidr_map": [HTTPS], "default_ingress_cidr_range": ["0.0.0.0/0"]}],
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
            {
                "ingress_from_cidr_map": [
                    {"rule": "all-all", "cidr_blocks": "0.0.0.0/0"},
                    {"rule": "ssh-tcp", "from_port": "22", "to_port": "23", "cidr_blocks": "2000::/3"},
                    {"rule": "nfs-tcp", "cidr_blocks": OFFICE},
                    {"from_port": "53", "to_port": "53", "protocol": "udp", "cidr_blocks": "0.0.0.0/0"},
                    {"rule": "http-80-tcp", "from_port": expr("var.port", "number"), "cidr_blocks": "0.0.0.0/0"},
                    {"rule": expr("var.rule"), "cidr_blocks": "0.0.0.0/0"},
                ]
            },
            (
                "ingress_from_cidr_map opens all-all (all ports), ssh-tcp (tcp 22-23), udp 53, "
                "http-80-tcp (ports that are known only after apply), ports that are known only after apply"
            ),
        ),
        (
            {
                "machine_pool_cidr_ranges": ["0.0.0.0/0"],
                "machine_pool_port_ranges": [
                    {"from_port": 80, "to_port": 80, "description": "HTTP"},
                    {"from_port": 1010, "to_port": 1012, "description": "Services"},
                ],
            },
            "machine_pool_cidr_ranges opens tcp 80, tcp 1010-1012",
        ),
    ],
)
def test_every_port_that_is_open_to_the_internet_is_named_in_one_warning(
    properties: dict[str, Any], opened: str, stack: CloudStack
) -> None:
    (found,) = [each for each in said(stack, TABLE, properties) if "to the whole internet" in each.what]
    assert found.what.partition(" to the whole internet")[0] == opened


def test_ranges_may_reach_443_and_ssh_when_asked(stack: CloudStack) -> None:
    ranges = ["10.0.0.0/8", OFFICE]
    joined = f"10.0.0.0/8,{OFFICE}"
    https = {"rule": "https-443-tcp", "cidr_blocks": joined}
    group = SecurityGroups(stack, "a", vpc=NETWORK, ingress_cidr_blocks=ranges)
    assert group.rendered == {"vpc_id": NETWORK.vpc_id, "ingress_from_cidr_map": [https]}
    group = SecurityGroups(stack, "b", vpc=NETWORK, ingress_cidr_blocks=ranges, enable_ssh_access=True)
    assert group.rendered["ingress_from_cidr_map"] == [https, {"rule": "ssh-tcp", "cidr_blocks": joined}]


def test_rules_replace_the_ranges(stack: CloudStack) -> None:
    group = SecurityGroups(stack, vpc=NETWORK, ingress_cidr_blocks=["10.0.0.0/8"], ingress_from_cidr_map=[PORTS])
    assert group.rendered["ingress_from_cidr_map"] == [PORTS]


def test_the_group_is_in_the_vpc(stack: CloudStack) -> None:
    vpc = Vpc(stack)
    group = SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=[vpc.vpc_cidr_block])
    assert group.rendered["vpc_id"] == "${module.vpc.vpc_id}"
    assert group.rendered["ingress_from_cidr_map"][0]["cidr_blocks"] == "${module.vpc.vpc_cidr_block}"
    assert spelled(group.security_group_id) == "${module.securitygroups.security_group_id}"


def test_an_existing_group_is_its_own_output(stack: CloudStack) -> None:
    """Upstream's security_group_id is "" for an existing group."""
    group = SecurityGroups(stack, vpc=NETWORK, existing_security_group_id="sg-12345678")
    assert group.security_group_id == "sg-12345678"
    assert group.rendered["create_security_group"] is False


def test_ranges_of_unknown_number_are_joined_by_terraform(stack: CloudStack) -> None:
    ranges = expr("var.ranges", "list(string)")
    group = SecurityGroups(stack, vpc=NETWORK, ingress_cidr_blocks=ranges)
    assert group.rendered["ingress_from_cidr_map"][0]["cidr_blocks"] == '${join(",", var.ranges)}'


def test_fails_on_an_invalid_group_id() -> None:
    with pytest.raises(ConfigError, match="must be a security group ID"):
        ExistingSecurityGroup(security_group_id="default")


@pytest.mark.parametrize("ranges", ["10.0.0.0/8", {"10.0.0.0/8", "11.0.0.0/8"}])
def test_fails_on_ranges_that_are_not_a_list(ranges: Any, stack: CloudStack) -> None:
    """A string is a sequence of strings for type checkers."""
    with pytest.raises(InputError, match=r"module.securitygroups: ingress_cidr_blocks: must be a list; got "):
        SecurityGroups(stack, vpc=NETWORK, ingress_cidr_blocks=ranges)


def test_ranges_can_be_a_variable_of_the_engine(stack: CloudStack) -> None:
    variable = TerraformVariable(stack, "ranges", type="list(string)")
    group = SecurityGroups(stack, vpc=NETWORK, ingress_cidr_blocks=variable.list_value)
    (rule,) = stack.to_terraform()["module"][group.module_id]["ingress_from_cidr_map"]
    assert rule == {"rule": "https-443-tcp", "cidr_blocks": '${join(",", var.ranges)}'}
