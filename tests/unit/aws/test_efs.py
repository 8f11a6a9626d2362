"""The shared file system."""

import pytest

from anyscale_constructs.aws import Efs, SecurityGroups, Vpc, efs
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.aws.parts import GROUP, NETWORK, SUBNETS
from tests.unit.guards import Case, Table

TWO = ["subnet-a", "subnet-b"]

TABLE = Table(
    Efs,
    {"vpc": NETWORK, "security_group": GROUP},
    [
        Case(
            efs.mount_targets_are_counted,
            "mount_targets_subnet_count exceeds the number of mount_targets_subnets; got 3; expected at most 2",
            [{"mount_targets_subnets": TWO, "mount_targets_subnet_count": 3}, {"mount_targets_subnet_count": 3}],
            [{"mount_targets_subnets": TWO, "mount_targets_subnet_count": 2}, {"mount_targets_subnet_count": 1}],
            trap="7",
        ),
        Case(
            efs.mount_targets_are_counted,
            "mount_targets_subnet_count is 0, so no node can mount the file system",
            [{"mount_targets_subnet_count": 0}, {"mount_targets_subnets": []}],
            [
                {},
                {"mount_targets_subnets": TWO},
                {"mount_targets_subnets": tuple(TWO)},
                {"mount_targets_subnet_count": 0, "module_enabled": False},
            ],
            trap="7",
        ),
        Case(
            efs.a_one_zone_file_system_has_one_mount_target,
            "availability_zone_name creates a One Zone file system, which can have one mount target only",
            [{"availability_zone_name": "us-east-2a"}],
            [{"availability_zone_name": "us-east-2a", "mount_targets_subnets": ["subnet-a"]}, {}],
        ),
        Case(
            efs.efs_throughput_rate,
            "efs_throughput_mode and provisioned_throughput_in_mibps contradict each other",
            [{"efs_throughput_mode": "provisioned"}, {"provisioned_throughput_in_mibps": 100}],
            [
                {"efs_throughput_mode": "provisioned", "provisioned_throughput_in_mibps": 100},
                {"efs_throughput_mode": "bursting"},
                {"efs_throughput_mode": expr("var.mode"), "provisioned_throughput_in_mibps": 100},
            ],
        ),
        Case(
            efs.only_the_security_group_lets_nodes_mount,
            "attach_policy adds a statement that lets any principal mount and write, but denies root access",
            [{"attach_policy": True}],
            [{"attach_policy": False}, {}],
            trap="18",
        ),
    ],
)


def test_there_is_a_mount_target_in_each_zone(stack: CloudStack) -> None:
    """Upstream creates as many as are counted, by default none, and does not check their zones."""
    files = Efs(stack, vpc=NETWORK, security_group=GROUP)
    assert files.rendered == {
        "mount_targets_subnets": list(SUBNETS)[:2],
        "mount_targets_subnet_count": 2,
        "associated_security_group_ids": [GROUP.security_group_id],
    }


@pytest.mark.parametrize(("mode", "kind"), [("PUBLIC", "public"), ("PRIVATE", "private")])
def test_mount_targets_are_where_the_nodes_are(mode: str, kind: str, stack: CloudStack) -> None:
    vpc = Vpc(stack, networking_mode=mode, availability_zone_count=3)  # type: ignore[arg-type] # one of the two
    group = SecurityGroups(stack, vpc=vpc, ingress_cidr_blocks=["10.0.0.0/8"])
    assert Efs(stack, vpc=vpc, security_group=group).rendered == {
        "mount_targets_subnets": f"${{module.vpc.{kind}_subnet_ids}}",
        "mount_targets_subnet_count": 3,
        "associated_security_group_ids": ["${module.securitygroups.security_group_id}"],
    }


def test_explicit_subnets_are_counted(stack: CloudStack) -> None:
    files = Efs(stack, vpc=NETWORK, security_group=GROUP, mount_targets_subnets=["subnet-x", expr("var.subnet")])
    assert files.rendered["mount_targets_subnet_count"] == 2


def test_safe_defaults_of_upstream_are_kept(stack: CloudStack) -> None:
    assert "efs_encrypted" not in Efs(stack, vpc=NETWORK, security_group=GROUP).rendered


def test_mount_targets_of_unknown_number_are_listed_by_terraform(stack: CloudStack) -> None:
    vpc = Vpc(stack, public_subnets=expr("var.subnets", "list(string)"))
    files = Efs(stack, vpc=vpc, security_group=GROUP)
    count, outputs = "length(var.subnets)", "module.efs.efs_mount_target"
    assert spelled(files.mount_targets) == (
        f"${{[for i in range({count} == {count} ? {count} : 1) : {{address = {outputs}_ips[i], "
        f"zone = {count} == {count} ? {outputs}_availability_zone_names[i] : null}}]}}"
    )
