"""The assertion that a change replaces nothing, with and without Terraform."""

import contextlib
import pathlib

import pytest

from anyscale_constructs.errors import ReviewError
from anyscale_constructs.review import offline, terraform
from anyscale_constructs.review.plans import Change
from anyscale_constructs.testing import assert_nothing_replaced
from tests.examples import written
from tests.unit.cli.parts import CLOUD
from tests.unit.review.repository import CLOUD as CLOUD_OF_REPOSITORY
from tests.unit.review.repository import git, repository

WIDE = CLOUD + "vpc: {cidr_block: 10.0.0.0/16}\n"
NARROW = CLOUD + "vpc: {cidr_block: 10.0.0.0/19}\n"
ALLOWED = "allow: {replaced-resource: it is a test, replaced-data: it is a test}\n"
VPC = Change("module.vpc.aws_vpc.anyscale_vpc[0]", "aws_vpc", ("delete", "create"), {"id": "vpc-1"}, {}, {}, ())
TAGS = Change("module.vpc.aws_vpc.anyscale_vpc[0]", "aws_vpc", ("update",), {"id": "vpc-1"}, {}, {}, ())


def out(folder: pathlib.Path, name: str, cloud: str) -> pathlib.Path:
    (folder / name).mkdir()
    (folder / name / "prod.yaml").write_text(cloud, encoding="utf-8")
    written(folder / name / "prod.yaml", folder / name / "out")
    return folder / name / "out"


@pytest.fixture
def sides(tmp_path: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    return out(tmp_path, "base", WIDE), out(tmp_path, "head", NARROW)


def without_terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "unavailable", lambda: "an offline plan needs Terraform 1.11 or later")


def plan(monkeypatch: pytest.MonkeyPatch, **plans: offline.Plans) -> None:
    monkeypatch.setattr(terraform, "unavailable", str)
    monkeypatch.setattr(offline, "plan", lambda *_: plans["given"])


def test_without_terraform_replacements_come_from_tables(
    sides: tuple[pathlib.Path, pathlib.Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_terraform(monkeypatch)
    with (
        pytest.warns(UserWarning, match=r"needs Terraform 1\.11 or later; replacements are determined from tables"),
        pytest.raises(
            AssertionError, match=r"replaces or destroys resources\n  warning\[replaced-resource\]: prod: .*vpc"
        ),
    ):
        assert_nothing_replaced(*sides)


@pytest.mark.filterwarnings("ignore:an offline plan")
def test_changes_that_replace_nothing_pass(
    sides: tuple[pathlib.Path, pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_terraform(monkeypatch)
    base, head = sides
    assert_nothing_replaced(base, base)
    assert_nothing_replaced(base, out(tmp_path, "tagged", WIDE + "tags: {team: ml}\n"))
    with pytest.raises(AssertionError):
        assert_nothing_replaced(base, head)


@pytest.mark.parametrize(
    ("plans", "said"),
    [
        (offline.Plans({"prod": [VPC]}), r"warning\[replaced-resource\]: prod: module\.vpc\.aws_vpc"),
        (offline.Plans({"prod": [TAGS]}), ""),
        (offline.Plans({}, {"prod": "no provider"}), "a stack cannot be planned offline\n  prod: no provider"),
    ],
)
def test_with_terraform_replacements_come_from_the_plan(
    plans: offline.Plans, said: str, sides: tuple[pathlib.Path, pathlib.Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(monkeypatch, given=plans)
    with pytest.raises(AssertionError, match=said) if said else contextlib.nullcontext():
        assert_nothing_replaced(*sides)


@pytest.mark.filterwarnings("ignore:an offline plan")
def test_revisions_are_compared_from_any_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_terraform(monkeypatch)
    root = repository(tmp_path / "repository")
    (root / "tests").mkdir()
    monkeypatch.chdir(root / "tests")
    with pytest.raises(ReviewError, match="there is no origin/main"):
        assert_nothing_replaced()
    git(root, "update-ref", "refs/remotes/origin/main", "main")
    assert_nothing_replaced()
    cloud, text = root / "clouds" / "prod.yaml", CLOUD_OF_REPOSITORY.replace("10.0.0.0/19", "10.0.0.0/16")
    cloud.write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"clouds/prod\.yaml:5:3: .*module\.vpc"):
        assert_nothing_replaced()
    assert_nothing_replaced("main", "main")
    cloud.write_text(text + ALLOWED, encoding="utf-8")
    assert_nothing_replaced()
