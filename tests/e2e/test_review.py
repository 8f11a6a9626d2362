"""Offline plans of changed clouds, with the real Terraform, modules and provider."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.findings import Finding
from anyscale_constructs.review import offline, terraform
from anyscale_constructs.review.forcing import FORCING
from anyscale_constructs.review.plans import Change
from anyscale_constructs.review.replaced import Configuration, of_changes, of_configuration
from anyscale_constructs.review.sides import Side
from anyscale_constructs.terraform.interface import Interface
from tests.e2e.reviewing import Edit, Workshop, planned, replace_environment
from tests.missing import find_terraform

AWS = ["everything", "existing-vpc"]
Compare = Callable[[str, Edit], tuple[Side, Side]]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    find_terraform()
    return Workshop(tmp_path)


@pytest.fixture
def compare(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """The sides of a change to an example; offline plans then run without a network."""

    def sides(name: str, edit: Edit) -> tuple[Side, Side]:
        base = workshop.side("base", {name: yaml.safe_dump(workshop.example(name))})
        head = workshop.side("head", {name: yaml.safe_dump(workshop.example(name, edit))})
        replace_environment(monkeypatch, workshop.environment(base, head))
        return base, head

    return sides


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule.id for finding in findings if finding.rule]


def wider(config: dict[str, Any]) -> None:
    config["vpc"]["cidr_block"] = "10.0.0.0/18"


def without_files(config: dict[str, Any]) -> None:
    config.pop("efs")


def test_a_file_system_that_is_removed_is_destroyed(compare: Compare) -> None:
    base, head = compare("private-production", without_files)
    told = of_changes(planned(base, head, "private-production"), Configuration.of("private-production", base, head))
    assert {finding.rule.id: finding.construct for finding in told if finding.rule} == {
        "destroyed-data": "module.efs.aws_efs_file_system.anyscale_efs[0]",
        "destroyed-resource": "module.efs.aws_efs_backup_policy.anyscale_efs[0]",
    }
    assert all(finding.place and finding.place.line for finding in told if finding.on)


def cosmetic(config: dict[str, Any]) -> None:
    """Keys in another order, another tag, another description."""
    config["tags"] = {**config.get("tags", {}), "reviewed": "yes"}
    for key in reversed([*config]):
        config[key] = config.pop(key)
    for rule in config["security_group"].get("ingress_rules", []):
        if "description" in rule:
            rule["description"] = f"{rule['description']}, reviewed"


@pytest.mark.parametrize("name", AWS)
def test_a_tag_replaces_nothing(name: str, compare: Compare, capsys: pytest.CaptureFixture[str]) -> None:
    base, head = compare(name, cosmetic)
    began = time.monotonic()
    changes = planned(base, head, name)
    with capsys.disabled():
        took = time.monotonic() - began
        sys.stdout.write(f"\noffline plan of {name}: {took:.0f} s, {len(changes)} resources change\n")
    assert changes
    assert of_changes(changes, Configuration.of(name, base, head)) == []


def test_a_comment_needs_no_plan(workshop: Workshop) -> None:
    text = yaml.safe_dump(workshop.example("minimal"))
    base = workshop.side("base", {"minimal": text})
    head = workshop.side("head", {"minimal": f"# reviewed\n{text}\n"})
    assert offline.differing(base, head) == []


def other(value: Any, attribute: str) -> Any:
    """Returns another valid value of an input."""
    if has_prefix(attribute):
        return "other-"
    if attribute == "availability_zone":
        return ["us-west-2b", "us-west-2c", "us-west-2d"]
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case list():
            return [other(each, attribute) for each in value]
    text = str(value or "")
    if match := re.fullmatch(r"(\d+)\.(\d+)\.(.+)", text):
        return f"{match[1]}.{int(match[2]) + 1}.{match[3]}"
    instead = {
        "kms_key_id": "arn:aws:kms:us-west-2:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab",
        "kms_key_arn": "arn:aws:kms:us-west-2:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab",
        "performance_mode": "maxIO",
        "availability_zone_name": "us-west-2a",
        "path": "/other/",
    }
    return instead.get(attribute, f"other-{text or attribute.replace('_', '-')}")


def has_prefix(attribute: str) -> bool:
    return attribute in {"name_prefix", "bucket_prefix"}


@pytest.mark.parametrize("prefixes", [True, False])
def test_each_input_of_the_table_causes_a_replacement(prefixes: bool, compare: Compare) -> None:
    """All in one plan: the plan of a resource names each attribute that forces its replacement."""
    base, head = compare("private-production", lambda _: None)
    file = head.out / "stacks/private-production/cdk.tf.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        (name.partition("/")[2], row)
        for name, of_module in FORCING.items()
        for row in of_module
        if name.startswith("aws/") and (has_prefix(row.attribute) if prefixes else not has_prefix(row.attribute))
    ]
    for module, row in rows:
        inputs = tree["module"][module]
        variable = defaults(module).get(row.input)
        inputs[row.input] = other(inputs.get(row.input, variable), row.attribute)
    file.write_text(json.dumps(tree), encoding="utf-8")
    changes = planned(base, head, "private-production")
    assert [
        f"{module}.{row.input} does not replace {row.type} by {row.attribute}"
        for module, row in rows
        if not any(replaces(change, module, row.type, row.attribute) for change in changes)
    ] == []
    by_tables = of_configuration(Configuration.of("private-production", base, head))
    assert {(finding.construct, *finding.on) for finding in by_tables} == {
        (f"module.{module}", row.input) for module, row in rows
    }


def defaults(module: str) -> dict[str, Any]:
    return {name: variable.default for name, variable in Interface.load(f"aws/{module}").variables.items()}


def replaces(change: Change, module: str, kind: str, attribute: str) -> bool:
    return (change.module, change.type) == (module, kind) and change.replaces and (attribute,) in change.paths


REPEATED = """
variable "name" {}
data "aws_caller_identity" "current" {}
resource "aws_iam_role" "this" {
  name               = "${var.name}-${data.aws_caller_identity.current.account_id}"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
"""


def test_data_sources_of_modules_that_are_repeated_are_not_read(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = workshop.work / "module"
    module.mkdir()
    (module / "main.tf").write_text(REPEATED)
    made = []
    for name in ("base", "head"):
        call = {"source": str(module), "for_each": {"key": name}, "name": "${each.value}"}
        required = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}
        provider = {"aws": [{"region": "us-east-2"}]}
        folder = workshop.work / name / "stacks" / "roles"
        folder.mkdir(parents=True)
        tree = {"terraform": required, "provider": provider, "module": {"nodes": call}}
        (folder / "cdk.tf.json").write_text(json.dumps(tree))
        made.append(Side(name, workshop.work / name))
    replace_environment(monkeypatch, workshop.environment())
    base, head = made
    (change,) = planned(base, head, "roles")
    assert (change.address, change.paths) == ('module.nodes["key"].aws_iam_role.this', (("name",),))
    assert change.after is not None
    assert change.after["name"] == "head-111122223333"


PROGRAM = """
import json, pathlib, sys
from anyscale_constructs.cli import run
from anyscale_constructs.review import offline, sides
def plan():
    plans = offline.plan(*(sides.from_folder(pathlib.Path(each)) for each in sys.argv[1:]))
    replaced = {name: sum(each.replaces for each in changes) for name, changes in plans.changes.items()}
    print(json.dumps([replaced, plans.failures]))
sys.exit(run(plan))
"""


def test_an_interrupt_stops_terraform_and_removes_its_files(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, head = compare("minimal", wider)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    program = tmp_path / "endless-terraform"  # `test` prints no plan and does not end, however late the signal comes
    real = f'"{find_terraform()}" "$@"'
    program.write_text(f'#!/bin/sh\n[ "$1" = test ] || exec {real}\n{real} > /dev/null\nsleep 600\n')
    program.chmod(0o700)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(program))
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(base.out), str(head.out)])
    while not [*temporary.glob("*/minimal/.terraform.lock.hcl")]:
        assert process.poll() is None
        time.sleep(0.2)
    time.sleep(3)
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert [*temporary.iterdir()] == []
    assert [*working_in(temporary)] == []


def working_in(folder: Path) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder) in str((process / "cwd").readlink()):
                yield (process / "cmdline").read_text()


def test_an_unavailable_provider_is_one_line(compare: Compare) -> None:
    base, head = compare("registered-by-terraform", wider)
    plans = offline.plan(base, head)
    assert plans.changes == {}
    assert [*plans.failures] == ["registered-by-terraform"]
    assert "anyscale/anyscale" in plans.failures["registered-by-terraform"]
    assert "\n" not in plans.failures["registered-by-terraform"]
    told = of_configuration(Configuration.of("registered-by-terraform", base, head))
    assert rules(told) == ["replaced-resource"] * len(told)
    assert told


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (
            'echo \'{"terraform_version": "1.10.5"}\'',
            "an offline plan needs Terraform 1.11 or later, and this is 1.10.5",
        ),
        ("exit 1", "an offline plan needs Terraform 1.11 or later, and {} version failed"),
        (None, "an offline plan needs Terraform 1.11 or later, and {} cannot be run: No such file or directory"),
    ],
)
def test_an_unsuitable_terraform_is_reported(
    says: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "terraform"
    if says:
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(program))
    assert terraform.unavailable() == reason.format(program)
