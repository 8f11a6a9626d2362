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
printf '\\nError: Could not retrieve providers\\n\\nTerraform failed to fetch\\nthe providers.\\n\\nError: Other\\n' >&2
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
        ("<<<<<<< HEAD\n", WRITTEN, {}),
        ("", "", {}),
    ],
    ids=["kept", "written by Terraform", "kept, one does not fit", "with conflicts", "none"],
)
@pytest.mark.parametrize("upgrade", [False, True])
def test_locked_versions_that_match_are_kept(  # noqa: PLR0917 - pytest gives the arguments by name
    kept: str, written: str, begins: dict[str, str], upgrade: bool, run: Run, folder: Path, calls: Path
) -> None:
    write(folder, prod=REGISTERED)
    run()
    for text, place in ((kept, "locks/prod.lock.hcl"), (written, "cdktf.out/stacks/prod/.terraform.lock.hcl")):
        if text:
            (folder / place).parent.mkdir(exist_ok=True)
            (folder / place).write_text(text)
    assert run(*(["--upgrade"] if upgrade else []), command="lock")[0] == 0
    given = calls.with_name("calls.lock")
    versions = locked_versions(given.read_text()) if given.exists() else {}
    expected = {} if upgrade else begins
    assert versions == {f"registry.terraform.io/hashicorp/{name}": expected[name] for name in expected}
    assert (folder / "locks/prod.lock.hcl").read_text() == HELD


def test_providers_that_terraform_did_not_fetch_are_omitted(run: Run, folder: Path, calls: Path) -> None:
    """Terraform keeps it, and then refuses the file because it would change."""
    calls.with_name("held").write_text(locked(aws="6.50.1", old="1.0.0", time="0.13.1"))
    write(folder, prod=REGISTERED)
    run()
    assert run(command="lock")[0] == 0
    assert (folder / "locks/prod.lock.hcl").read_text() == HELD
    assert (folder / "cdktf.out/stacks/prod/.terraform.lock.hcl").read_text() == HELD


@pytest.mark.usefixtures("calls")
def test_the_whole_lock_is_kept_if_terraform_prints_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a Terraform version that prints other messages."""
    terraform(PROGRAM.replace("Fetching", "Bringing"), folder, monkeypatch)
    write(folder, prod=REGISTERED)
    run()
    assert run(command="lock")[0] == 0
    assert (folder / "locks" / "prod.lock.hcl").read_text() == HELD


@pytest.mark.parametrize("before", ["", WRITTEN])
def test_an_error_of_terraform_is_one_message_and_changes_nothing(
    before: str, run: Run, folder: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, prod=REGISTERED)
    run()
    lock = folder / "cdktf.out/stacks/prod/.terraform.lock.hcl"
    if before:
        lock.write_text(before)
    terraform(FAILS, calls.parent, monkeypatch)
    status, out, err = run(command="lock")
    assert (status, out) == (2, "")
    assert err.endswith(
        f"\nerror: prod: {folder / 'terraform'} providers lock failed: Could not retrieve providers: "
        "Terraform failed to fetch the providers. Fix: fix the problem that Terraform reports\n"
    )
    assert (lock.read_text() if lock.exists() else "") == before
    assert not (folder / "locks").exists()


def test_a_lock_that_is_interrupted_ends_terraform_and_changes_nothing(
    run: Run, folder: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, prod=REGISTERED)
    run()
    lock = folder / "cdktf.out/stacks/prod/.terraform.lock.hcl"
    terraform(HANGS, calls.parent, monkeypatch)
    command = [sys.executable, "-m", "anyscale_constructs", "lock"]
    with subprocess.Popen(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    ) as process:
        while not lock.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.stderr
        said = process.stderr.read()
    assert (process.returncode, said) == (143, "prod: fetching modules\n")
    assert calls.read_text() == "ended\n"
    assert not lock.exists()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["prd"], "error: cdktf.out: unknown stack 'prd': did you mean 'prod'?\n"),
        (["--out", "nowhere"], "error: nowhere contains no stacks. Fix: run anyscale-constructs synth first"),
    ],
)
def test_fails_on_a_stack_that_is_not_synthesized(
    names: list[str], says: str, run: Run, folder: Path, calls: Path
) -> None:
    write(folder, prod=REGISTERED)
    run()
    status, out, err = run(*names, command="lock")
    assert (status, out, err[: len(says)]) == (2, "", says)
    assert not calls.exists()


def test_fails_without_terraform(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, prod=REGISTERED)
    run()
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(folder / "no-terraform"))
    status, _, err = run(command="lock")
    assert status == 2
    assert err.endswith("no-terraform cannot be run: No such file or directory. Fix: install Terraform\n")


def test_a_committed_lock_is_copied_into_the_output(run: Run, folder: Path) -> None:
    """It replaces the one that Terraform wrote there; without it, that one is kept."""
    write(folder, a=REGISTERED, b=REGISTERED)
    (folder / "locks").mkdir()
    (folder / "locks/a.lock.hcl").write_text(HELD)
    assert run()[::2] == (0, "")
    stacks = folder / "cdktf.out/stacks"
    assert not (stacks / "b/.terraform.lock.hcl").exists()
    for name in ("a", "b"):
        (stacks / name / ".terraform.lock.hcl").write_text(WRITTEN)
    assert run()[::2] == (0, "")
    assert (stacks / "a/.terraform.lock.hcl").read_text() == HELD
    assert (stacks / "b/.terraform.lock.hcl").read_text() == WRITTEN


def test_locks_are_next_to_the_directory_of_clouds(run: Run, folder: Path) -> None:
    (folder / "live").mkdir()
    (folder / "clouds").rename(folder / "live/clouds")
    (folder / "live/clouds/prod.yaml").write_text(REGISTERED)
    (folder / "live/locks").mkdir()
    (folder / "live/locks/prod.lock.hcl").write_text(HELD)
    assert run("--clouds", "live/clouds")[0] == 0
    assert (folder / "cdktf.out/stacks/prod/.terraform.lock.hcl").read_text() == HELD


def test_a_committed_lock_that_does_not_match_causes_a_warning(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    (folder / "locks").mkdir()
    (folder / "locks/prod.lock.hcl").write_text(locked(aws="5.100.0"))
    status, _, err = run()
    unfit = "hashicorp/aws is locked at 5.100.0, which does not satisfy the stack's constraint >= 6.37.0, < 7.0.0"
    assert (status, err.splitlines()) == (
        0,
        [
            f"warning: locks/prod.lock.hcl: prod: {what}. Fix: anyscale-constructs lock prod"
            for what in (unfit, "hashicorp/time is required by the stack, but it is not locked")
        ],
    )


def test_fails_on_a_committed_lock_that_is_not_text(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    (folder / "locks").mkdir()
    (folder / "locks/prod.lock.hcl").write_bytes(b"\xff")
    status, _, err = run()
    assert status == 2
    assert err.startswith("error: locks/prod.lock.hcl: the lock file cannot be read: ")


def test_a_deleted_stack_has_no_lock_and_a_committed_one_is_reported(run: Run, folder: Path) -> None:
    write(folder, live=REGISTERED, gone=REGISTERED)
    (folder / "locks").mkdir()
    for name in ("live", "gone"):
        (folder / f"locks/{name}.lock.hcl").write_text(HELD)
    run()
    assert (folder / "cdktf.out/stacks/gone/.terraform.lock.hcl").exists()
    (folder / "clouds/gone.yaml").unlink()
    assert run("live")[2] == ""
    assert run()[2] == (
        "warning: cdktf.out/stacks/gone was removed: no cloud defines this stack any more\n"
        "warning: locks/gone.lock.hcl: no cloud has this stack any more. Fix: delete the file\n"
    )
    assert [stack.name for stack in (folder / "cdktf.out/stacks").iterdir()] == ["live"]
