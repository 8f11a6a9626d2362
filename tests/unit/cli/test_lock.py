"""`anyscale-constructs lock`, with a Terraform that only writes what it is asked; the real one is in tests/e2e."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anyscale_constructs.terraform.locks import locked_versions
from tests import ROOT
from tests.unit.cli.parts import KUBERNETES, REGISTERED, Run, locked, write

HELD = locked(aws="6.50.1", time="0.13.1")

PROGRAM = """#!/bin/sh
echo "$(basename "$PWD"): $*" >> "$CALLS"
case "$1" in
  get) test ! -f .terraform.lock.hcl || cat .terraform.lock.hcl > "$CALLS.lock"; exit ;;
esac
echo "- Fetching hashicorp/aws 6.50.1 for linux_amd64..."
echo "- Retrieved hashicorp/aws 6.50.1 for linux_amd64 (signed by HashiCorp)"
echo "- Fetching hashicorp/time 0.13.1 for linux_amd64..."
cat "$HELD" > .terraform.lock.hcl
"""
FAILS = """#!/bin/sh
test "$1" = get && exit
echo spoiled > .terraform.lock.hcl
echo "- Fetching hashicorp/aws 6.50.1 for linux_amd64..."
printf '\\nError: Could not retrieve providers\\n\\nTerraform failed to fetch\\nthe providers.\\n' >&2
exit 1
"""
HANGS = """#!/bin/sh
trap 'echo ended > "$CALLS"; exit' TERM
test "$1" = get && exit
echo spoiled > .terraform.lock.hcl
for _ in $(seq 200); do sleep 0.05; done
"""


@pytest.fixture
def calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The arguments of Terraform's runs, one line per command."""
    monkeypatch.setenv("CALLS", str(folder / "calls"))
    monkeypatch.setenv("HELD", str(folder / "held"))
    (folder / "held").write_text(HELD)
    terraform(PROGRAM, folder, monkeypatch)
    return folder / "calls"


def terraform(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "terraform"
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(program))


def test_every_stack_is_locked_for_four_platforms(run: Run, folder: Path, calls: Path) -> None:
    write(folder, prod=KUBERNETES)
    run()
    status, out, err = run(command="lock")
    listed = "hashicorp/aws 6.50.1, hashicorp/time 0.13.1"
    assert (status, out) == (0, f"locks/prod.lock.hcl: {listed}\nlocks/prod-operator.lock.hcl: {listed}\n")
    assert err.splitlines() == [
        f"{name}: fetching {what}"
        for name in ("prod", "prod-operator")
        for what in ("modules", "hashicorp/aws 6.50.1 for linux_amd64", "hashicorp/time 0.13.1 for linux_amd64")
    ]
    platforms = "-platform=linux_amd64 -platform=linux_arm64 -platform=darwin_amd64 -platform=darwin_arm64"
    assert calls.read_text().splitlines() == [
        f"{name}: {command} -no-color"
        for name in ("prod", "prod-operator")
        for command in ("get", f"providers lock {platforms}")
    ]
    for name in ("prod", "prod-operator"):
        assert (folder / f"locks/{name}.lock.hcl").read_text() == HELD
        assert (folder / f"cdktf.out/stacks/{name}/.terraform.lock.hcl").read_text() == HELD
        assert not (folder / f"cdktf.out/stacks/{name}/.terraform").exists()


def test_stacks_platforms_and_mirrors_can_be_named(run: Run, folder: Path, calls: Path) -> None:
    write(folder, a=REGISTERED, b=REGISTERED)
    run("--out", "build")
    options = ("--platform", "linux_arm64", "--platform", "windows_amd64", "--fs-mirror", "mirror")
    status, out, _ = run("b", "b", "--out", "build", "--clouds", "live/clouds", *options, command="lock")
    assert (status, out.partition(":")[0]) == (0, "live/locks/b.lock.hcl")
    assert run("b", "--out", "build", "--net-mirror", "https://mirror.example/", command="lock")[0] == 0
    asked = [line for line in calls.read_text().splitlines() if "providers" in line]
    assert asked[0] == (
        f"b: providers lock -platform=linux_arm64 -platform=windows_amd64 -fs-mirror={folder / 'mirror'} -no-color"
    )
    assert asked[1].endswith(" -net-mirror=https://mirror.example/ -no-color")
    assert len(asked) == 2


KEPT = locked(aws="6.48.0", time="0.12.0", old="1.0.0")
WRITTEN = locked(aws="6.49.0", time="0.11.0")


@pytest.mark.parametrize(
    ("kept", "written", "begins"),
    [
        (KEPT, WRITTEN, {"aws": "6.48.0", "time": "0.12.0", "old": "1.0.0"}),
        ("", WRITTEN, {"aws": "6.49.0", "time": "0.11.0"}),
        (KEPT.replace("6.48.0", "5.0.0"), WRITTEN, {"time": "0.12.0", "old": "1.0.0"}),
        ("        "warning: cdktf.out/stacks/gone was removed: no cloud defines this stack any more\n"
        "warning: locks/gone.lock.hcl: no cloud makes this stack any more. Fix: delete the file\n"
    )
    assert [stack.name for stack in (folder / "cdktf.out/stacks").iterdir()] == ["live"]
