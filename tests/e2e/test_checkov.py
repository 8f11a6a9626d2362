"""The real checkov reads every example: each file, and in it each module call, resource and data source."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.examples import CLOUDS, written
from tests.missing import find_checkov

# checkov has checks of its own for every module call, but not for every kind of resource.
CHECK = """
metadata: {id: CKV2_READ_1, name: Every resource is read, category: GENERAL_SECURITY}
definition: {cond_type: attribute, resource_types: all, attribute: no_such_argument, operator: not_exists}
"""


@dataclass(frozen=True)
class Report:
    """The result of one run of checkov on all examples.

    Attributes:
        declared: What each stack's file declares.
        checked: What checkov checked in each file.
        unread: The files that it could not parse.
    """

    declared: Mapping[str, set[str]]
    checked: Mapping[str, set[str]]
    unread: set[str]


def declared(configuration: Mapping[str, Any]) -> set[str]:
    """Returns the addresses that checkov can check, in its own format."""
    blocks = [
        (kind, name)
        for block in ("resource", "data")
        for kind, named in configuration.get(block, {}).items()
        for name in named
    ]
    return {f"{kind}.{name}" for kind, name in blocks} | {f"module.{name}" for name in configuration.get("module", {})}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    program = find_checkov()
    work = tmp_path_factory.mktemp("checkov")
    (work / "checks").mkdir()
    (work / "checks" / "read.yaml").write_text(CHECK)
    stacks = {}
    for example in CLOUDS:
        for folder in written(example, work / "examples" / example.stem / "out"):
            stacks[str(folder / "cdk.tf.json")] = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))
    spoiled = work / "examples" / "spoiled.tf.json"
    spoiled.write_text(json.dumps({"terraform": {"required_version": ">= 1.9"}}))
    options = ("--framework=terraform_json", "--output=json", "--soft-fail", "--compact", "--skip-download")
    run = [program, *options, "--external-checks-dir", str(work / "checks"), "--directory", str(work / "examples")]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    checked = defaultdict(set)
    for check in [*results["passed_checks"], *results["failed_checks"]]:
        checked[check["file_abs_path"]].add(check["resource"])
    return Report({file: declared(found) for file, found in stacks.items()}, checked, set(results["parsing_errors"]))


@pytest.mark.parametrize("example", CLOUDS, ids=lambda file: file.stem)
def test_checkov_reads_a_whole_example(example: Path, report: Report) -> None:
    files = [file for file in report.declared if f"/examples/{example.stem}/" in file]
    assert {file: report.declared[file] - report.checked[file] for file in files} == {file: set() for file in files}
    assert any(report.checked[file] for file in files)


def test_checkov_parses_all_files_but_one_that_holds_the_required_version(report: Report) -> None:
    """Therefore the required version is in versions.tf."""
    assert [Path(file).name for file in report.unread] == ["spoiled.tf.json"]
