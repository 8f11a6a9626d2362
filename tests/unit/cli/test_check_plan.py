"""`anyscale-constructs check-plan`: the rules of reviews on a real plan."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.parts import CLOUD, Run, write
from tests.unit.review.plans import SUBNET, VPC, change, plan

RANGE = CLOUD + "vpc: {cidr_block: 10.0.0.0/18}\n"
REPLACED = (
    "module.vpc.aws_vpc.anyscale_vpc[0] is replaced, because cidr_block changes from '10.0.0.0/19' to '10.0.0.0/18'"
)
WITH = (
    "; 1 more resource is replaced with it: module.vpc.aws_subnet.public[0]. "
    "Fix: undo that change if it is not intended"
)


@pytest.fixture
def check(run: Run, folder: Path) -> Run:
    def check(*options: str) -> tuple[int, str, str]:
        return run("plan.json", *options, command="check-plan")

    (folder / "plan.json").write_text(json.dumps(plan(VPC, SUBNET)))
    return check


def test_replacements_in_a_plan_are_reported(check: Run) -> None:
    assert check() == (0, "plan.json: 2 replaced, 0 destroyed, 0 opened\n", f"warning: {REPLACED}{WITH}\n")


def test_a_finding_that_is_not_allowed_has_exit_status_3(check: Run) -> None:
    assert check("--fail-on", "destroy")[0] == 3


def test_a_plan_that_replaces_nothing_passes(check: Run, folder: Path) -> None:
    (folder / "plan.json").write_text(json.dumps(plan(change("aws_vpc.this", {"tags": None}, {"tags": {"a": "b"}}))))
    assert check("--fail-on", "destroy") == (0, "plan.json: 0 replaced, 0 destroyed, 0 opened\n", "")


def test_the_stack_option_adds_the_line(check: Run, folder: Path) -> None:
    write(folder, prod=RANGE)
    status, _, err = check("--stack", "prod", "--fail-on", "destroy")
    assert status == 3
    assert f"clouds/prod.yaml:5: {REPLACED}, by cidr_block of module.vpc" in err


def test_allowed_findings_of_the_stack_are_left_out(check: Run, folder: Path) -> None:
    write(folder, prod=f"{RANGE}allow: {{replaced-resource: nothing runs there yet}}\n")
    out = (
        "plan.json: 2 replaced, 0 destroyed, 0 opened\n\nAllowed:\n  prod: replaced-resource: nothing runs there yet\n"
    )
    assert check("--stack", "prod", "--fail-on", "destroy") == (0, out, "")


def test_json_and_github_go_to_stdout(check: Run, folder: Path) -> None:
    write(folder, prod=RANGE)
    status, out, err = check("--stack", "prod", "--format", "json")
    (finding,) = json.loads(out)["findings"]
    assert (status, err) == (0, "")
    assert {name: finding[name] for name in ("rule", "severity", "cloud", "file", "line", "input")} == {
        "rule": "replaced-resource",
        "severity": "warning",
        "cloud": "prod",
        "file": "clouds/prod.yaml",
        "line": 5,
        "input": "cidr_block",
    }
    _, out, _ = check("--stack", "prod", "--format", "github")
    assert out.startswith("::warning file=clouds/prod.yaml,line=5,col=7,title=replaced-resource::module.vpc.aws_vpc.")


RULE = {"type": "ingress", "from_port": 443, "to_port": 443, "protocol": "tcp"}
CLOSED, OPEN = ({**RULE, "cidr_blocks": ranges} for ranges in (["203.0.113.0/24"], ["203.0.113.0/24", "0.0.0.0/0"]))
MISSPELT = (
    "--fail-on does not name a part of a review; got 'destroys'; expected destroy, widen, or destroy,widen. "
    "Fix: correct it"
)
INGRESS = "module.securitygroups.aws_security_group_rule.ingress[0]"


@pytest.mark.parametrize(
    ("allowed", "fail_on", "status"),
    [
        ("", "widen", 3),
        ("", "destroy", 0),
        ("", "destroy,widen", 3),
        ("allow: {widened-ingress: a public service}\n", "widen", 0),
    ],
)
def test_openings_in_a_plan_are_reported(allowed: str, fail_on: str, status: int, check: Run, folder: Path) -> None:
    write(folder, prod=CLOUD + allowed)
    (folder / "plan.json").write_text(json.dumps(plan(change(INGRESS, CLOSED, OPEN))))
    ended, out, err = check("--stack", "prod", "--fail-on", fail_on)
    assert ended == status
    assert out.startswith("plan.json: 0 replaced, 0 destroyed, 1 opened\n")
    text = (
        f"clouds/prod.yaml: {INGRESS}: tcp 443 can be reached from more addresses than before; got '0.0.0.0/0'; "
        "expected no more than before: 203.0.113.0/24"
    )
    assert (text in err) is not bool(allowed)


@pytest.mark.parametrize(("before", "after"), [(OPEN, CLOSED), (OPEN, OPEN)])
def test_a_plan_that_opens_nothing_passes(
    before: dict[str, object], after: dict[str, object], check: Run, folder: Path
) -> None:
    (folder / "plan.json").write_text(json.dumps(plan(change(INGRESS, before, after))))
    status, out, err = check("--fail-on", "widen")
    assert (status, err) == (0, "")
    assert out == "plan.json: 0 replaced, 0 destroyed, 0 opened\n"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--stack", "prd"], "--stack: unknown stack 'prd': did you mean 'prod'?"),
        (["--fail-on", "destroys"], MISSPELT),
    ],
)
def test_fails_on_misspelled_options(options: list[str], text: str, check: Run, folder: Path) -> None:
    write(folder, prod=RANGE)
    status, _, err = check(*options)
    assert (status, err.strip()) == (2, f"error: {text}")
