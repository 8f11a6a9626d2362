"""Reading a plan."""

import json
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.review.opened import opened_by_plan
from anyscale_constructs.review.plans import SENSITIVE, Change, changes, is_unknown, read_plan
from anyscale_constructs.review.replaced import Configuration, of_changes
from tests import said
from tests.unit.odd import ODD, with_odd_values
from tests.unit.review.plans import SUBNET, VPC, change, plan


def written(folder: Path, content: Any) -> Path:
    file = folder / "plan.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def test_a_plan_is_read(tmp_path: Path) -> None:
    data = change("module.vpc.data.aws_region.this", None, {}, "read", mode="data")
    subnet, vpc = read_plan(written(tmp_path, plan(VPC, SUBNET, data)))
    assert (subnet.address, subnet.type, subnet.module) == ("module.vpc.aws_subnet.public[0]", "aws_subnet", "vpc")
    assert vpc == Change(
        "module.vpc.aws_vpc.anyscale_vpc[0]",
        "aws_vpc",
        ("delete", "create"),
        {"id": "vpc-1", "cidr_block": "10.0.0.0/19"},
        {"cidr_block": "10.0.0.0/18"},
        {"id": True},
        (("cidr_block",),),
    )
    assert vpc.replaces
    assert not vpc.destroys


@pytest.mark.parametrize(
    ("actions", "replaces", "destroys"),
    [
        (("delete",), False, True),
        (("create", "delete"), True, False),
        (("delete", "create"), True, False),
        (("update",), False, False),
        (("forget",), False, False),
        (("create",), False, False),
    ],
)
def test_the_change_is_derived_from_the_actions(actions: tuple[str, ...], replaces: bool, destroys: bool) -> None:
    found = Change("aws_vpc.this", "aws_vpc", actions, {}, {})
    assert (found.replaces, found.destroys, found.module) == (replaces, destroys, "")


def test_sensitive_values_are_not_kept() -> None:
    given = change("aws_x.y", {"a": "old", "b": [{"c": "old", "d": 1}]}, {"a": "new", "b": [{"c": "new", "d": 1}]})
    given["change"] |= {"before_sensitive": {"a": True, "b": [{"c": True}]}, "after_sensitive": {"a": True, "b": True}}
    (found,) = changes([given])
    assert found.before == {"a": SENSITIVE, "b": [{"c": SENSITIVE, "d": 1}]}
    assert found.after == {"a": SENSITIVE, "b": SENSITIVE}


def test_deposed_objects_are_no_changes_of_the_resource() -> None:
    assert changes([change("aws_x.y", {"a": 1}, None, deposed="00000001")]) == []


@pytest.mark.parametrize(
    ("unknown", "path", "expected"),
    [
        ({"a": True}, ("a",), True),
        ({"a": True}, ("a", "b"), True),
        ({"a": [{"b": True}]}, ("a",), True),
        ({"a": [{"b": True}]}, ("a", 0, "c"), False),
        ({}, ("a",), False),
        (None, ("a",), False),
    ],
)
def test_partly_unknown_values_are_unknown(unknown: Any, path: tuple[str | int, ...], expected: bool) -> None:
    assert is_unknown(Change("a.b", "a", ("update",), {}, {}, unknown), path) is expected


HOW = "Fix: run terraform plan -out=FILE, then use the output of terraform show -json FILE"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"PK\x03\x04\xff", f"is not the JSON of a plan. {HOW}"),
        (b"[" * 100_000, f"is not the JSON of a plan. {HOW}"),
        (
            plan() | {"resource_changes": None},
            f"is not the JSON of a plan: resource_changes: must be a list; got nothing. {HOW}",
        ),
        (
            plan({"address": "a.b", "mode": "managed", "type": "a"}),
            f"is not the JSON of a plan: resource_changes.0.change: is required. {HOW}",
        ),
        ([], f"is not the JSON of a plan. {HOW}"),
        ({"format_version": "1.0", "values": {}}, f"is not the JSON of a plan. {HOW}"),
        (plan(format_version="2.0"), "has an unknown format version; got '2.0'; expected 1.x"),
        (plan(errored=True), "is the JSON of a failed plan. Fix: fix the errors of terraform plan, and plan again"),
    ],
)
def test_a_file_that_is_not_a_plan_is_one_line(content: Any, text: str, tmp_path: Path) -> None:
    file = written(tmp_path, content)
    with pytest.raises(ReviewError) as caught:
        read_plan(file)
    assert said(caught.value) == f"{file} {text}"


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReviewError) as caught:
        read_plan(tmp_path / "plan.json")
    assert said(caught.value) == f"{tmp_path / 'plan.json'} cannot be read: No such file or directory"


def test_a_plan_with_an_unexpected_value_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    changed = change("aws_s3_bucket.a", {"bucket": "a", "tags": {"b": "c"}}, {"bucket": "d"}, paths=[["bucket"]])
    changed["change"] |= {"before_sensitive": {"bucket": True}, "after_sensitive": {}}
    rule = change("aws_security_group_rule.b", None, {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "from_port": 0})
    refused = 0
    for document in with_odd_values(plan(VPC, SUBNET, changed, rule)):
        try:
            found = read_plan(written(tmp_path, document))
        except ReviewError:
            refused += 1
        else:
            assert all(map(str, [*of_changes(found, Configuration()), *opened_by_plan(found)]))
    assert refused > len(ODD)
