"""The messages of wrong clouds and wrong programs, of which there is one for each rule."""

import json
import pathlib
import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from anyscale_constructs import rendering
from anyscale_constructs.review.formats import printed
from anyscale_constructs.terraform.allowances import every_rule
from tests.findings import CHANGES, CLOUDS, PROGRAMS, compare, execute, findings_of, inside, rule_of

ACCEPT = "the messages changed; to accept them, run: make snapshots"


class TextExtension(SingleFileSnapshotExtension):
    """One text file per case."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(TextExtension)


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda file: file.stem)
def test_a_wrong_cloud(cloud: pathlib.Path, tmp_path: pathlib.Path, golden: SnapshotAssertion) -> None:
    found = findings_of(cloud, tmp_path)
    broken = [finding for finding in found if finding.rule and finding.rule.id == rule_of(cloud)]
    assert broken
    told = [finding for finding in found if finding.severity != "note" or broken[0].severity == "note"]
    with inside(tmp_path):  # where the lines are read that the text shows
        text = "\n".join(map(rendering.text, told))
    data = json.dumps([finding.as_dict() for finding in broken], indent=2)
    assert "\n".join([text, data, *map(rendering.github, told), ""]) == golden, ACCEPT


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
