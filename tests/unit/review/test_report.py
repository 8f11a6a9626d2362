import json
import pathlib
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from anyscale_constructs import App, CloudStack, Resource
from anyscale_constructs.findings import RULES, Finding, Place
from anyscale_constructs.review import formats
from anyscale_constructs.review.addresses import Stacks
from anyscale_constructs.review.formats import LONGEST, MARKER, printed
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.report import Report, StackReport, review
from anyscale_constructs.review.sides import Side
from anyscale_constructs.terraform.allowances import Allowance
from tests.unit.review.parts import CLOUD, synthesized

FORMATS: list[formats.Format] = ["text", "markdown", "json", "github"]
STATE = "backend: {type: s3, bucket: acme-state, region: us-east-2}\n"
KEY = "kms_key_arn: arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\n"
OTHER = {"other": CLOUD.replace("10.0.0.0/16", "10.9.0.0/16")}


def compared(
    folder: pathlib.Path,
    before: Mapping[str, str],
    after: Mapping[str, str],
    changes: dict[str, list[Change]] | None = None,
) -> Report:
    sides = []
    for name, clouds in (("main", before), ("work tree", after)):
        out = synthesized(folder / name, clouds)
        places = {
            stack: {
                "": Place(f"clouds/{stack}.yaml"),
                "securitygroups.ingress_from_cidr_map": Place(f"clouds/{stack}.yaml", 6, 18),
            }
            for stack in clouds
        }
        sides.append(Side(name, out, places))
    base, head = sides
    return review(base, head, changes, plan="without a plan")


CHANGES = {
    "an ingress range opened": (CLOUD, CLOUD.replace("203.0.113.0/24", "0.0.0.0/0"), ["widened-ingress"]),
    "PRIVATE made PUBLIC": (
        CLOUD + "networking_mode: PRIVATE\n",
        CLOUD,
        ["destroyed-resource", "public-address", "public-networking"],
    ),
    "encryption switched off": (
        CLOUD + KEY,
        CLOUD,
        ["destroyed-resource", "weakened-encryption"],
    ),
    "a pin bumped": (CLOUD + "modules: {s3: {ref: v0.38.0}}\n", CLOUD, []),
    "a backend changed": (CLOUD, CLOUD + STATE, ["moved-state"]),
}


class TextExtension(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.mark.parametrize(("before", "after", "rules"), CHANGES.values(), ids=CHANGES)
def test_destroys_and_openings_come_first_in_every_format(
    before: str, after: str, rules: list[str], tmp_path: pathlib.Path, snapshot: SnapshotAssertion
) -> None:
    old, new = ({"prod": text, **OTHER} for text in (before, after))
    report = compared(tmp_path / "first", old, new)
    assert [finding.rule.id for finding in (*report.destroys, *report.opens) if finding.rule] == rules
    said = {form: printed(report, form) for form in FORMATS}
    again = compared(tmp_path / "second", old, new)
    assert said == {form: printed(again, form) for form in FORMATS}
    assert str(tmp_path) not in "".join(said.values())
    assert json.loads(said["json"])["clouds"]["unchanged"] == ["other"]
    text = "\n\n".join(f"--- {form}\n{text}" for form, text in said.items()) + "\n"
    assert text == snapshot.use_extension(TextExtension), "run: make snapshots"


NOTHING = {
    "a comment added": ("# why\n" + CLOUD, {}),
    "keys reordered": ("".join(reversed(CLOUD.splitlines(keepends=True))), {}),
    "another cloud added": (CLOUD, {"fresh": CLOUD.replace("10.0.0.0/16", "10.8.0.0/16")}),
}
HARMLESS = {
    "a description changed": CLOUD + 'modules: {iam: {inputs: {anyscale_access_role_description: "Ours"}}}\n',
    "a tag changed": CLOUD + "tags: {team: ml}\n",
    "a range narrowed": CLOUD.replace("203.0.113.0/24", "203.0.113.0/25"),
}


@pytest.mark.parametrize(("after", "more"), NOTHING.values(), ids=NOTHING)
def test_an_unchanged_cloud_has_no_report(after: str, more: dict[str, str], tmp_path: pathlib.Path) -> None:
    report = compared(tmp_path, {"prod": CLOUD}, {"prod": after, **more})
    assert (report.stacks, report.unchanged, report.destroys, report.opens) == ([], ["prod"], [], [])
    assert printed(report, "github") == ""
    assert ("Nothing changes" in printed(report, "text")) is not bool(more)


@pytest.mark.parametrize("after", HARMLESS.values(), ids=HARMLESS)
def test_harmless_changes_are_not_in_the_first_two_parts(after: str, tmp_path: pathlib.Path) -> None:
    report = compared(tmp_path, {"prod": CLOUD}, {"prod": after})
    (stack,) = report.stacks
    assert (report.destroys, report.opens) == ([], [])
    assert stack.changed


def test_a_renamed_file_is_reported_first(tmp_path: pathlib.Path) -> None:
    report = compared(tmp_path, {"prod": CLOUD, **OTHER}, {"production": CLOUD, **OTHER})
    assert [finding.rule.id for finding in report.destroys if finding.rule] == ["renamed-cloud"]
    assert report.destroys[0].place == Place("clouds/production.yaml")
    assert report.failing(["destroy"]) == report.destroys


def test_a_plan_is_read(tmp_path: pathlib.Path) -> None:
    vpc = {"id": "vpc-1", "cidr_block": "10.0.0.0/19"}
    change = Change(
        "module.vpc.aws_vpc.anyscale_vpc[0]",
        "aws_vpc",
        ("delete", "create"),
        vpc,
        {"cidr_block": "10.0.0.0/16"},
        {"id": True},
        (("cidr_block",),),
    )
    after = CLOUD.replace("10.0.0.0/16", "10.0.0.0/17")
    report = compared(tmp_path, {"prod": CLOUD}, {"prod": after}, {"prod": [change]})
    (finding,) = report.destroys
    assert finding.construct == change.address
    assert "because cidr_block changes" in finding.what


def test_allowed_findings_are_listed_and_do_not_fail(tmp_path: pathlib.Path) -> None:
    base = Side("main", synthesized(tmp_path / "base", {"prod": CLOUD}))
    out = synthesized(tmp_path / "head", {"prod": CLOUD.replace("203.0.113.0/24", "0.0.0.0/0")})
    allowed = [
        (RULES["widened-ingress"], Allowance(reason="a demo")),
        (RULES["public-networking"], Allowance(reason="x")),
    ]
    report = review(base, Side("work tree", out, {}, {"prod": allowed}), None)
    assert (report.opens, report.failing(["destroy", "widen"])) == ([], [])
    assert [(finding.rule, each.reason) for finding, each in report.allowed] == [(RULES["widened-ingress"], "a demo")]
    assert "Allowed: prod: widened-ingress: module.securitygroups (a demo)" in printed(report, "text")
    assert json.loads(printed(report, "json"))["allowed"][0]["reason"] == "a demo"


@pytest.mark.parametrize(("block", "rules"), [(True, []), (False, ["moved-block-missing", "destroyed-data"])])
def test_without_a_plan_a_moved_block_is_seen(block: bool, rules: list[str], tmp_path: pathlib.Path) -> None:
    for name in ("old", "new"):
        app = App(tmp_path / name)
        stack = CloudStack(app, "prod")
        Resource(stack, "aws_s3_bucket", name, {"bucket": "acme", "force_destroy": False})
        if block and name == "new":
            stack.add_override("moved", [{"from": "aws_s3_bucket.old", "to": "aws_s3_bucket.new"}])
        app.synth()
    base, head = (Side(name, tmp_path / name) for name in ("old", "new"))
    report = review(base, head, None)
    assert [finding.rule.id for finding in report.destroys if finding.rule] == rules


def test_secrets_are_masked(tmp_path: pathlib.Path) -> None:
    for value in ("hunter1", "hunter2"):
        app = App(tmp_path / value)
        arguments = {"env": [{"name": "HF_TOKEN", "value": value}], "password": value}
        Resource(CloudStack(app, "prod"), "acme_thing", "this", arguments)
        app.synth()
    base, head = (Side(value, tmp_path / value) for value in ("hunter1", "hunter2"))
    report = review(base, head, None)
    report = replace(report, base="main", head="work tree")
    said = "".join(printed(report, form) for form in FORMATS)
    assert "env[HF_TOKEN].value" in said
    assert "hunter" not in said


def report_of(*findings: Finding, changed: int = 0) -> Report:
    notes = [f"{number} " + "x" * 90 for number in range(changed)]
    stack = StackReport("prod", opens=findings, notes=notes)
    return Report("main", "work tree", "without a plan", [stack], [], Stacks(["prod"], [], [], {}))


def test_markdown_fits_a_comment_and_counts_omitted_lines() -> None:
    text = printed(report_of(Finding("opens", rule=RULES["widened-ingress"]), changed=2000), "markdown")
    assert text.startswith(f"{MARKER}\n")
    assert LONGEST - 1000 < len(text) <= LONGEST
    assert text.count("````") == 2
    assert text.count("<details>") == text.count("</details>") == 1
    left_out = re.search(r"^(\d+) lines are omitted", text, flags=re.MULTILINE)
    assert left_out
    assert int(left_out[1]) + len(re.findall(r"^note: ", text, flags=re.MULTILINE)) == 2000


def test_markdown_with_nothing_but_findings_fits_too() -> None:
    findings = [Finding(f"{number} {'x' * 300}", rule=RULES["widened-ingress"]) for number in range(500)]
    text = printed(report_of(*findings), "markdown")
    assert len(text) <= LONGEST
    assert "lines are omitted" in text


def test_markdown_mentions_nobody_and_holds_no_html() -> None:
    text = printed(report_of(Finding("<img src=x> @acme/team `code` ````", "a|b", "````", construct="a`b")), "markdown")
    assert "<img" not in text
    assert "@acme" not in text
    assert "`code`" not in text
