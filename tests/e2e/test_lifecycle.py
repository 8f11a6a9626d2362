import pytest

from tests.e2e.lifecycle import nothing_left, only, same, unchanged
from tests.e2e.report import StepFailedError
from tests.e2e.terraform import Plan, Terraform

NOTHING = Plan({}, {})


class Fake(Terraform):
    """Terraform with a plan and a state that are given."""

    def __init__(self, plan: Plan = NOTHING, state: tuple[str, ...] = ()) -> None:
        self._plan = plan
        self._state = state

    def plan(self) -> Plan:
        return self._plan

    def state(self) -> list[str]:
        return list(self._state)


def test_an_update_changes_what_it_names() -> None:
    plan = Plan({"module.s3.aws_s3_bucket.b[0]": "update"}, {})

    assert only(plan, ("module.s3.*",)) is plan


def test_fails_when_an_update_changes_more() -> None:
    plan = Plan({"module.s3.aws_s3_bucket.b[0]": "update", "module.vpc.aws_vpc.v[0]": "delete-create"}, {})

    with pytest.raises(StepFailedError, match=r"unexpected: \{'module.vpc.aws_vpc.v\[0\]': 'delete-create'\}"):
        only(plan, ("module.s3.*",))


def test_fails_when_an_update_changes_less() -> None:
    with pytest.raises(StepFailedError, match=r"not changed: \['module.s3.\*'\]"):
        only(NOTHING, ("module.s3.*",))


def test_what_is_as_before_passes() -> None:
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


def test_fails_when_registering_again_gives_other_ids() -> None:
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
def test_fails_when_something_is_left_in(state: tuple[str, ...], left: set[str], says: str) -> None:
    with pytest.raises(StepFailedError) as error:
        nothing_left(Fake(state=state), left)

    assert str(error.value) == says
