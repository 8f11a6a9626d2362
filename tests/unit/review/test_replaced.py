"""Findings on replaced and destroyed resources."""

from typing import Any

import pytest

from anyscale_constructs.findings import Place
from anyscale_constructs.review.forcing import ARGUMENTS, DATA, DATA_MODULES, FORCING
from anyscale_constructs.review.plans import changes
from anyscale_constructs.review.replaced import Configuration, of_changes, of_configuration
from anyscale_constructs.terraform.interface import Interface
from tests.unit.review.plans import MOUNT_TARGET, SUBNET, VPC, change

URL = (
    "git::https://github.com/anyscale/terraform-aws-anyscale-cloudfoundation-modules.git//modules/aws-anyscale-{}?ref=1"
)
LINE = Place("clouds/prod.yaml", 6, 3)


def stack(before: dict[str, Any], after: dict[str, Any], **places: Place) -> Configuration:
    base, head = (
        {"module": {name: {"source": URL.format(name)} | inputs for name, inputs in modules.items()}}
        for modules in (before, after)
    )
    return Configuration("prod", base, head, {}, {key.replace("__", "."): place for key, place in places.items()})


WIDER = stack(
    {"vpc": {"cidr_block": "10.0.0.0/19", "public_subnets": ["10.0.0.0/21"]}, "efs": {}},
    {"vpc": {"cidr_block": "10.0.0.0/18", "public_subnets": ["10.0.0.0/20"]}, "efs": {}},
    vpc__cidr_block=LINE,
)


def test_replacements_have_the_first_cause_and_the_line() -> None:
    (found,) = of_changes(changes([SUBNET, MOUNT_TARGET, VPC]), WIDER)
    assert found.text == (
        "module.vpc.aws_vpc.anyscale_vpc[0] is replaced, because cidr_block changes from '10.0.0.0/19' to "
        "'10.0.0.0/18', by cidr_block of module.vpc; 2 more resources are replaced with it: "
        "module.efs.aws_efs_mount_target.anyscale_efs[0], module.vpc.aws_subnet.public[0]"
    )
    assert (found.rule and found.rule.id, found.on, found.place) == ("replaced-resource", ["cidr_block"], LINE)
    assert (found.cloud, found.construct) == ("prod", "module.vpc.aws_vpc.anyscale_vpc[0]")


def test_without_the_configuration_the_attribute_is_the_cause() -> None:
    (found,) = of_changes(changes([VPC]), Configuration())
    assert found.text.endswith("because cidr_block changes from '10.0.0.0/19' to '10.0.0.0/18'")
    assert (found.on, found.place) == ([], None)


DISK = change("google_compute_disk.a", {"id": "d", "network": "vpc-1"}, {}, unknown={"network": True},
              paths=[["network"]])  # fmt: skip


def test_a_resource_with_data_has_its_own_finding_and_comes_first() -> None:
    data, vpc = of_changes(changes([VPC, DISK]), WIDER)
    assert data.rule is not None
    assert data.rule.id == "replaced-data"
    assert data.text == (
        "google_compute_disk.a is replaced, which loses the blocks in it, because module.vpc.aws_vpc.anyscale_vpc[0] is"
    )
    assert "google_compute_disk.a" in vpc.text


def test_an_unknown_cause_is_reported_as_such() -> None:
    (found,) = of_changes(changes([MOUNT_TARGET]), Configuration())
    assert found.text == (
        "module.efs.aws_efs_mount_target.anyscale_efs[0] is replaced, because subnet_id is known only after apply"
    )


CACHE = change("module.memorydb.aws_memorydb_cluster.a[0]", {"id": "c"}, None)
GROUP = change("module.memorydb.aws_memorydb_subnet_group.a[0]", {"id": "g"}, None)
LOG = change("module.vpc.aws_flow_log.a[0]", {"id": "l"}, None)


GONE = "because module.memorydb is removed"
LOST = f"module.memorydb.aws_memorydb_cluster.a[0] is destroyed, with the records in it, {GONE}"
OFF = "module.vpc.aws_flow_log.a[0] is destroyed, because enable_vpc_flow_logs changes from true to false"
REMOVED = "aws_iam_role_policy.a is destroyed, because the configuration no longer contains it"
FLOW_LOGS = {"vpc": {"enable_vpc_flow_logs": True, "tags": {}}}
NO_FLOW_LOGS = {"vpc": {"enable_vpc_flow_logs": False, "tags": {"a": "b"}}}


@pytest.mark.parametrize(
    ("given", "before", "after", "expected"),
    [
        (
            [CACHE, GROUP],
            {"memorydb": {}},
            {},
            [
                ("destroyed-data", LOST),
                ("destroyed-resource", f"module.memorydb.aws_memorydb_subnet_group.a[0] is destroyed, {GONE}"),
            ],
        ),
        ([LOG], FLOW_LOGS, NO_FLOW_LOGS, [("destroyed-resource", OFF)]),
        ([change("aws_iam_role_policy.a", {"id": "p"}, None)], {}, {}, [("destroyed-resource", REMOVED)]),
        ([change("aws_vpc.a", {"id": "p"}, {"id": "p"}, "forget")], {}, {}, []),
    ],
)
def test_destroyed_resources_have_a_cause(
    given: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = of_changes(changes(given), stack(before, after))
    assert [(each.rule and each.rule.id, each.text) for each in found] == expected


LINES = {f"vpc__{name}": LINE for name in ("cidr_block", "public_subnets", "module_enabled")}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"cidr_block": "10.0.0.0/19"}, {"cidr_block": "10.0.0.0/18"}, ["replaced-resource"]),
        ({"tags": {}}, {"tags": {"a": "b"}}, []),
        ({"cidr_block": "${var.range}"}, {"cidr_block": "10.0.0.0/18"}, []),
        ({"public_subnets": ["a"]}, {"public_subnets": ["a", "b"]}, []),
        ({"public_subnets": ["a"]}, {"public_subnets": ["c", "b"]}, ["replaced-resource"]),
        ({"public_subnets": ["a", "b"]}, {"public_subnets": ["a"]}, ["destroyed-resource"]),
        ({"public_subnets": ["a", "b"]}, {}, ["destroyed-resource"]),
        ({}, {"module_enabled": False, "cidr_block": "10.0.0.0/18"}, ["destroyed-resource"]),
        ({"module_enabled": False}, {"module_enabled": True}, []),
    ],
)
def test_without_a_plan_tables_are_used(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    found = of_configuration(stack({"vpc": before}, {"vpc": after}, **LINES))
    assert [each.rule and each.rule.id for each in found] == expected
    assert all(each.place == LINE for each in found)


def test_without_a_plan_kept_attributes_are_no_change() -> None:
    assert of_configuration(stack({"efs": {"kms_key_arn": "arn:aws:kms:1"}}, {"efs": {}})) == []


def test_without_a_plan_an_explicit_default_is_no_change() -> None:
    name = next(row.input for row in FORCING["aws/efs"] if row.attribute == "encrypted")
    default = Interface.load("aws/efs").variables[name].default
    assert of_configuration(stack({"efs": {}}, {"efs": {name: default}})) == []
    assert [each.rule and each.rule.id for each in of_configuration(stack({"efs": {}}, {"efs": {name: not default}}))]


@pytest.mark.parametrize("after", [{}, {"efs": {"module_enabled": False}, "iam": {"module_enabled": False}}])
def test_without_a_plan_a_removed_or_disabled_module_is_destroyed(after: dict[str, Any]) -> None:
    found = of_configuration(stack({"efs": {}, "iam": {}}, after))
    assert [(each.rule and each.rule.id, each.construct) for each in found] == [
        ("destroyed-data", "module.efs"),
        ("destroyed-resource", "module.iam"),
    ]


@pytest.mark.parametrize("type", sorted(ARGUMENTS))
def test_without_a_plan_the_table_of_arguments_is_used(type: str) -> None:
    for argument in sorted(ARGUMENTS[type]):
        before, after = ({"resource": {type: {"a": {argument: value}}}} for value in ("old", "new"))
        (found,) = of_configuration(Configuration("prod", before, after))
        assert found.text == f"{type}.a is replaced, because {argument} changes from 'old' to 'new'"


def test_the_tables_contain_only_existing_names() -> None:
    for name, rows in FORCING.items():
        assert {row.input for row in rows} <= Interface.load(name).variables.keys()
    assert {*DATA_MODULES.values()} <= DATA.keys()
    for name in DATA_MODULES:
        Interface.load(name)
