import pytest

from tests.e2e.lifecycle import only
from tests.e2e.report import StepFailedError
from tests.e2e.terraform import Plan


def test_an_update_changes_what_it_names() -> None:
    plan = Plan({"module.s3.aws_s3_bucket.b[0]": "update"}, {})

    assert only(plan, ("module.s3.*",)) is plan


def test_fails_when_an_update_changes_more() -> None:
    plan = Plan({"module.s3.aws_s3_bucket.b[0]": "update", "module.vpc.aws_vpc.v[0]": "delete-create"}, {})

    with pytest.raises(StepFailedError, match=r"unexpected: \{'module.vpc.aws_vpc.v\[0\]': 'delete-create'\}"):
        only(plan, ("module.s3.*",))


def test_fails_when_an_update_changes_less() -> None:
    with pytest.raises(StepFailedError, match=r"not changed: \['module.s3.\*'\]"):
        only(Plan({}, {}), ("module.s3.*",))
