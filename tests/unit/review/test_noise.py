"""The changes in a plan on a mocked state that come from the configuration."""

from typing import Any

from anyscale_constructs.review.noise import without_noise
from anyscale_constructs.review.plans import is_unknown
from tests.unit.review.plans import change

VPC, SUBNET, ROUTE = "module.vpc.aws_vpc.this", "module.vpc.aws_subnet.a", "module.vpc.aws_route.a"
SOURCE = 'cidr_block = "10.0.0.0/19" mode = "required"'
STATE: dict[str, dict[str, Any]] = {
    VPC: {"id": "x0y1z2a3", "cidr_block": "10.0.0.0/19", "tags": None},
    SUBNET: {"id": "abcdefgh", "vpc_id": "x0y1z2a3", "ipv6_native": None},
    ROUTE: {"id": "q1w2e3r4", "subnet_id": "abcdefgh", "mode": "required"},
}
# The mock has no default of ipv6_native, so the plan of the applied configuration already replaces the subnet.
NOISE = [
    change(VPC, STATE[VPC], STATE[VPC]),
    change(SUBNET, STATE[SUBNET], {"vpc_id": "x0y1z2a3", "ipv6_native": False}, unknown={"id": True},
           paths=[["ipv6_native"]]),
    change(ROUTE, STATE[ROUTE], {"mode": "required"}, unknown={"id": True, "subnet_id": True}, paths=[["subnet_id"]]),
]  # fmt: skip


def test_a_plan_of_the_same_changes_nothing() -> None:
    assert without_noise(NOISE, NOISE, SOURCE) == []


def test_dependent_replacements_are_found_despite_noise() -> None:
    new = {"cidr_block": "10.0.0.0/18", "tags": None}
    plan = [
        change(VPC, STATE[VPC], new, unknown={"id": True}, paths=[["cidr_block"]]),
        change(SUBNET, STATE[SUBNET], {"ipv6_native": False}, unknown={"id": True, "vpc_id": True},
               paths=[["vpc_id"], ["ipv6_native"]]),
        NOISE[2],
    ]  # fmt: skip
    found = {each.address: each for each in without_noise(NOISE, plan, SOURCE)}
    assert {address: each.paths for address, each in found.items()} == {
        VPC: (("cidr_block",),),
        SUBNET: (("vpc_id",),),
        ROUTE: (("subnet_id",),),
    }
    assert all(each.replaces for each in found.values())
    assert all(is_unknown(found[address], path) for address, path in ((SUBNET, ("vpc_id",)), (ROUTE, ("subnet_id",))))
    assert found[VPC].before == {"id": f"({VPC}.id)", "cidr_block": "10.0.0.0/19", "tags": None}
    assert found[ROUTE].before == {"id": f"({ROUTE}.id)", "subnet_id": f"({SUBNET}.id)", "mode": "required"}


def test_a_replacement_that_is_noise_is_an_update_when_something_changes() -> None:
    after = {"vpc_id": "x0y1z2a3", "ipv6_native": False, "tags": {"a": "b"}}
    plan = [NOISE[0], change(SUBNET, STATE[SUBNET], after, unknown={"id": True}, paths=[["ipv6_native"]]), NOISE[2]]
    (found,) = without_noise(NOISE, plan, SOURCE)
    assert (found.actions, found.paths) == (("update",), ())
    assert found.after == {"id": f"({SUBNET}.id)", "vpc_id": f"({VPC}.id)", "ipv6_native": False, "tags": {"a": "b"}}


def test_a_default_that_a_mock_lacks_replaces_nothing_when_something_else_changes() -> None:
    state = {"description": "a", "self": None}
    noise = [change("aws_security_group_rule.a", state, state)]
    after = {"description": "b", "self": False}
    (found,) = without_noise(noise, [change("aws_security_group_rule.a", state, after, paths=[["self"]])], "")
    assert (found.actions, found.paths) == (("update",), ())


def test_a_replacement_without_a_path_stays() -> None:
    state = {"description": "a"}
    triggered = change("aws_security_group_rule.a", state, state, "delete", "create")
    (found,) = without_noise([change("aws_security_group_rule.a", state, state)], [triggered], "")
    assert found.replaces


def test_a_document_is_compared_in_the_providers_form() -> None:
    noise = [change("aws_iam_policy.a", {"policy": "{}"}, {"policy": "real"})]
    assert without_noise(noise, noise, "") == []
    (found,) = without_noise(noise, [change("aws_iam_policy.a", {"policy": "{}"}, {"policy": "wider"})], "")
    assert (found.before, found.after) == ({"policy": "real"}, {"policy": "wider"})


def test_created_and_destroyed_resources_stay() -> None:
    created, destroyed = change("aws_efs_file_system.a", None, {"x": 1}), change(VPC, STATE[VPC], None)
    found = without_noise(NOISE[:1], [created, destroyed], SOURCE)
    assert [(each.address, each.actions) for each in found] == [
        ("aws_efs_file_system.a", ("create",)),
        (VPC, ("delete",)),
    ]


def test_a_moved_resource_is_compared_with_itself() -> None:
    moved = change("aws_vpc.new", STATE[VPC], STATE[VPC], previous_address=VPC)
    assert without_noise(NOISE[:1], [moved], SOURCE) == []


def test_mocked_values_have_the_same_names_in_each_run() -> None:
    def run(id: str, data: str) -> Any:
        state = {"id": id, "from_data": "x"}
        noise = change(VPC, state, state | {"from_data": data})
        return without_noise([noise], [change(VPC, state, {"id": id, "from_data": f"{data}", "tags": "a"})], SOURCE)

    assert run("x0y1z2a3", "d1d1d1d1") == run("bcdefghi", "e2e2e2e2")
