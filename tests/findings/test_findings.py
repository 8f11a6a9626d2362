"""What is said of wrong clouds and wrong programs, and that there is one for each rule."""

import json
import pathlib
import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from anyscale_constructs import rendering
from anyscale_constructs.review.formats import printed
from anyscale_constructs.terraform.allowances import every_rule
from tests.findings import CHANGES, CLOUDS, FORMS, PROGRAMS, compare, execute, rule_of, synthesize

ACCEPT = "what is said of it changed: to accept it, run: make snapshots"


class TextExtension(SingleFileSnapshotExtension):
    """One text file a case."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextExtension)


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda file: file.stem)
def test_a_wrong_cloud(cloud: pathlib.Path, tmp_path: pathlib.Path, golden: SnapshotAssertion) -> None:
    said = {form: synthesize(cloud, tmp_path, "--format", form) for form in FORMS}
    findings = json.loads(said["json"].out)["findings"]
    broken = [finding for finding in findings if finding["rule"] == rule_of(cloud)]
    assert broken
    severity = broken[0]["severity"]
    assert {each.status for each in said.values()} == {{"error": 2, "warning": 3, "note": 0}[severity]}
    text = said["text"].err.rstrip() or "\n".join(_notes(said["text"].out))
    kinds = ("::error", "::warning", "::notice" if severity == "note" else "::error")
    commands = [line for line in said["github"].out.splitlines() if line.startswith(kinds)]
    assert "\n".join([text, json.dumps(broken, indent=2), *commands, ""]) == golden, ACCEPT


def _notes(out: str) -> list[str]:
    return re.findall(r"^note\[.*(?:\n  .*)*", out, flags=re.MULTILINE)


@pytest.mark.parametrize("change", CHANGES, ids=lambda file: file.stem)
def test_a_wrong_change(
    change: pathlib.Path, tmp_path: pathlib.Path, golden: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = compare(change, tmp_path)
    found = [*report.destroys, *report.opens]
    assert rule_of(change) in {finding.rule.id for finding in found if finding.rule}
    text = "\n".join(map(rendering.text, found))
    told = [json.dumps([finding.as_dict() for finding in found], indent=2), printed(report, "github"), ""]
    assert "\n".join([text, *told]) == golden, ACCEPT


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda file: file.stem)
def test_a_wrong_program(program: pathlib.Path, tmp_path: pathlib.Path, golden: SnapshotAssertion) -> None:
    said = execute(program, tmp_path)
    told = said.err + "\n".join(_notes(said.out))
    assert f"[{rule_of(program)}]: " in told
    assert "Traceback" not in told
    assert "../" not in told  # a place outside of the program's folder is not the user's
    assert told == golden, ACCEPT


def test_every_rule_is_broken_by_one() -> None:
    rules = {name: rule for name, rule in every_rule().items() if not name.startswith("test-")}
    broken = {rule_of(file) for file in (*CLOUDS, *CHANGES, *PROGRAMS)}
    assert broken - rules.keys() == set()
    assert rules.keys() - broken == set()
