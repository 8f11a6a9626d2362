"""Lock files: entries that do not fit a stack, and entries that are kept when a file is written again."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.terraform.locks import fitting, locked_versions, misfits, of_providers, unused_locks
from tests.unit.cli.parts import locked

AWS = {"source": "hashicorp/aws", "version": ">= 6.37.0, < 7.0.0, != 6.40.0"}
TIME = {"source": "hashicorp/time", "version": ">= 0.9.0, < 1.0.0"}


def unfit(version: str) -> str:
    return f"hashicorp/aws is locked at {version}, which does not satisfy the stack's constraint {AWS['version']}"


@pytest.mark.parametrize(
    ("text", "required", "found"),
    [
        (locked(aws="6.50.1"), {"aws": AWS}, []),
        (locked(aws="6.50.1", time="0.13.1", null="3.2.4"), {"aws": AWS}, []),
        (locked(aws="5.100.0", time="0.13.1"), {"aws": AWS, "time": TIME}, [unfit("5.100.0")]),
        (locked(aws="7.0.0"), {"aws": AWS}, [unfit("7.0.0")]),
        (locked(aws="6.40.0"), {"mine": AWS}, [unfit("6.40.0")]),
        (locked(aws="6.41.0-beta1"), {"aws": AWS}, [unfit("6.41.0-beta1")]),
        (
            locked(aws="6.50.1"),
            {"aws": AWS, "time": TIME},
            ["hashicorp/time is required by the stack, but it is not locked"],
        ),
        ("", {"time": TIME}, ["hashicorp/time is required by the stack, but it is not locked"]),
        (locked(time="0.13.1"), {"time": "~> 0.9"}, []),
        (locked(time="0.13.1"), {"time": {}}, []),
        (locked(time="1.0.0-rc1"), {"time": {"version": "1.0.0-rc1"}}, []),
        (
            locked(time="0.13.1"),
            {"time": {"source": "acme.example/hashicorp/time", "version": ">= 0"}},
            ["acme.example/hashicorp/time is required by the stack, but it is not locked"],
        ),
        (locked(time="0.13.1").replace("registry.terraform.io", "registry.opentofu.org"), {"time": TIME}, []),
        (f"<<<<<<< HEAD\n{locked(aws='6.50.1')}", {"aws": AWS}, ["the lock file is invalid"]),
        ('provider "registry.terraform.io/hashicorp/aws" {}', {"aws": AWS}, ["the lock file is invalid"]),
    ],
)
def test_misfits_are_found(text: str, required: dict[str, Any], found: list[str]) -> None:
    findings = misfits(Path("locks/prod.lock.hcl"), text, required)
    assert [finding.what for finding in findings] == found
    assert {str(finding.place) for finding in findings} <= {"locks/prod.lock.hcl"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (locked(aws="6.50.1", time="0.13.1", null="3.2.4"), {"aws": "6.50.1", "time": "0.13.1", "null": "3.2.4"}),
        (locked(aws="5.100.0", time="0.13.1", null="3.2.4"), {"time": "0.13.1", "null": "3.2.4"}),
        (locked(null="3.2.4", time="1.0.0"), {"null": "3.2.4"}),
        (locked(aws="5.100.0"), {}),
        ("<<<<<<< HEAD\n", {}),
        ("", {}),
    ],
)
def test_fitting_versions_are_kept(text: str, left: dict[str, str]) -> None:
    again = fitting(text, {"aws": AWS, "time": TIME})
    assert locked_versions(again) == {f"registry.terraform.io/hashicorp/{name}": left[name] for name in left}


def test_other_providers_are_removed() -> None:
    text = locked(aws="6.50.1", null="3.2.4", time="0.13.1", zone="1.0.0")
    assert of_providers(text, {"hashicorp/time", "hashicorp/aws"}) == locked(aws="6.50.1", time="0.13.1")


def test_locks_of_stacks_that_do_not_exist_are_unused(tmp_path: Path) -> None:
    for name in ("prod.lock.hcl", "gone.lock.hcl", "prod-operator.lock.hcl", "README.md"):
        (tmp_path / name).write_text("")
    assert unused_locks(tmp_path, ["prod", "other"]) == [
        tmp_path / "gone.lock.hcl",
        tmp_path / "prod-operator.lock.hcl",
    ]
    assert unused_locks(tmp_path / "nowhere", ["prod"]) == []
