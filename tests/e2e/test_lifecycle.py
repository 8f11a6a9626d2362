import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.lifecycle import apply, ejected, nothing_left, only, same, unchanged, upgrade
from tests.e2e.report import StepFailedError
from tests.e2e.terraform import Applied, Plan, Terraform

NOTHING = Plan({}, {})


class Fake(Terraform):
    """A Terraform with a given plan and state."""

    def __init__(self, plan: Plan = NOTHING, state: tuple[str, ...] = ()) -> None:
        self._plan = plan
        self._state = state

    def plan(self) -> Plan:
        return self._plan

    def apply(self) -> Applied:
        return Applied(0, 0, 0)

    def state(self) -> list[str]:
        return list(self._state)


def test_an_update_changes_the_expected_resources() -> None:
    plan = Plan({"module.s3.aws_s3_bucket.b[0]": "update"}, {})

    assert only(plan, ("module.s3.*",)) is plan


def test_fails_when_an_update_changes_more() -> None:
    plan = Plan({"module.s3.aws_s3_bucket.b[0]": "update", "module.vpc.aws_vpc.v[0]": "replace"}, {})

    with pytest.raises(StepFailedError, match=r"unexpected: \{'module.vpc.aws_vpc.v\[0\]': 'replace'\}"):
        only(plan, ("module.s3.*",))


def test_fails_when_an_update_changes_less() -> None:
    with pytest.raises(StepFailedError, match=r"not changed: \['module.s3.\*'\]"):
        only(NOTHING, ("module.s3.*",))


def test_an_unchanged_cloud_passes() -> None:
    first = {"action": "created", "cloud_id": "cld_1"}

    assert str(unchanged(Fake())) == "no changes"
    assert same(first, first | {"action": "unchanged"})
    assert nothing_left(Fake(), set())


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (Plan({"aws_vpc.v": "update"}, {}), "1 to update: {'aws_vpc.v': 'update'}"),
        (Plan({}, {"vpc_id": "delete"}), "1 outputs: {'vpc_id': 'delete'}"),
    ],
    ids=["a resource", "an output"],
)
def test_fails_when_a_second_plan_changes_anything(plan: Plan, says: str) -> None:
    with pytest.raises(StepFailedError) as error:
        unchanged(Fake(plan))

    assert str(error.value) == says


def test_an_ejected_stack_has_the_same_plan_whatever_the_order_of_its_modules(tmp_path: Path) -> None:
    def write(folder: str, content: dict[str, Any]) -> Path:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
        return tmp_path / folder

    group = write("group", {"resource": {"terraform_data": {"this": {}}}})
    groups = {"source": str(group), "for_each": '${toset(split("", "abcdefgh"))}'}
    cluster = write("cluster", {"module": {"groups": groups}})
    backend = {"local": {"path": "terraform.tfstate"}}
    stack = write("stack", {"terraform": {"backend": backend}, "module": {"cluster": {"source": str(cluster)}}})
    terraform = Terraform(stack, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    terraform.init()
    terraform.plan()
    terraform.apply()
    unchanged(terraform)

    assert ejected(terraform, tmp_path) == NOTHING


def test_fails_if_a_second_registration_returns_other_ids() -> None:
    with pytest.raises(StepFailedError, match=r"\{'cloud_id': 'cld_2'\} instead of \{'cloud_id': 'cld_1'\}"):
        same({"cloud_id": "cld_1"}, {"cloud_id": "cld_2"})


@pytest.mark.parametrize(
    ("state", "left", "says"),
    [
        (("aws_vpc.v",), set(), "in the state: ['aws_vpc.v']; in the account: []"),
        ((), {"ec2 vpc-1"}, "in the state: []; in the account: ['ec2 vpc-1']"),
    ],
    ids=["the state", "the account"],
)
def test_fails_if_a_destroy_leaves_resources(state: tuple[str, ...], left: set[str], says: str) -> None:
    with pytest.raises(StepFailedError) as error:
        nothing_left(Fake(state=state), left)

    assert str(error.value) == says


SUBNET = "module.vpc.aws_subnet.private[0]"


@pytest.fixture
def changelog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A changelog that lists nothing yet."""
    monkeypatch.setattr("tests.e2e.lifecycle.ROOT", tmp_path)
    file = tmp_path / "CHANGELOG.md"
    file.write_text("## [Unreleased]\n\n### Changed\n\n- `module.vpc`\n")
    return file


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_fails_when_an_upgrade_destroys_what_the_changelog_does_not_announce(action: str, changelog: Path) -> None:
    before = Fake(state=(SUBNET,))
    terraform = Fake(Plan({SUBNET: action, "module.s3.aws_s3_bucket.b[0]": "update"}, {}), (SUBNET,))

    with pytest.raises(StepFailedError) as error:
        upgrade(terraform, before)
    assert str(error.value) == (
        f'destroyed or replaced, which "Upgrading" in CHANGELOG.md does not name: {{{SUBNET!r}: {action!r}}}'
    )

    changelog.write_text(f"{changelog.read_text()}\n### Upgrading\n\n- `module.vpc.aws_subnet.private` is replaced.\n")
    assert upgrade(terraform, before)


def test_an_upgrade_may_create_and_change(changelog: Path) -> None:
    assert changelog.exists()
    plan = Plan({SUBNET: "create", "module.s3.aws_s3_bucket.b[0]": "update"}, {"more": "create"})

    assert upgrade(Fake(plan, (SUBNET,)), Fake(state=(SUBNET,))) is plan


@pytest.mark.usefixtures("changelog")
def test_fails_when_an_upgrade_loses_the_state() -> None:
    with pytest.raises(StepFailedError, match="another state than before"):
        upgrade(Fake(Plan({SUBNET: "create"}, {})), Fake(state=(SUBNET,)))


@pytest.mark.parametrize(
    ("stages", "steps"),
    [
        (["now"], ["plan", "apply"]),
        (["before", "now"], ["before: plan", "before: apply", "upgrade: plan", "apply"]),
        (["before", "upgraded", "now"], ["before: plan", "before: apply", "upgrade: plan", "plan", "apply"]),
    ],
)
@pytest.mark.usefixtures("changelog")
def test_an_existing_stack_is_applied_and_upgraded(stages: list[str], steps: list[str]) -> None:
    done = []

    def step(name: str, work: Callable[[], Any], _: Callable[[Any], str] = str) -> Any:
        done.append(name)
        return work()

    apply({stage: Fake() for stage in stages}, step)
    assert done == steps
