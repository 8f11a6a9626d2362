"""Messages about an unsuitable environment, unforeseen exceptions, and remains of killed runs."""

import errno
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs import cli
from anyscale_constructs.cli import modules
from anyscale_constructs.cli.app import APP
from anyscale_constructs.cli.app import run as run_app
from anyscale_constructs.cli.command import Command
from anyscale_constructs.node import find_node
from tests import ROOT
from tests.registration_samples import AWS_VM
from tests.unit.cli.parts import CLOUD, REGISTERED, Run, started, write


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            "No space left on device. Fix: free space there; if the directory for temporary files is full, set TMPDIR",
        ),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/x"), "Read-only file system: /x. Fix: let this user"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/t"), "Permission denied: /t. Fix: let this user"),
        (
            OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), "x" * 5000),
            f"File name too long: {'x' * 80}.... Fix: use a shorter name",
        ),
        (MemoryError(), "there is not enough memory. Fix: free some, or raise its limit"),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/t']"),
            "Fix: let this user read and write",
        ),
    ],
    ids=["full", "read-only", "forbidden", "a long name", "memory", "missing"],
)
def test_fails_in_words_on_a_fault_of_the_machine(
    error: Exception, says: str, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise error

    write(folder, prod=CLOUD)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    status, out, said = run(command="list")
    assert (status, out) == (2, "")
    assert says in said
    assert len(said.splitlines()) == 1


class JavaScriptError(Exception):
    """What jsii has as the cause of an error of Node.js."""


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("ENOSPC: no space left on device, write", "free space there"),
        ("EACCES: permission denied, mkdtemp '/t/jsii-kernel-XXXXXX'", "let this user read and write there"),
        ("ENOENT: no such file or directory, open '/t/a'", "correct the cause"),
    ],
)
def test_fails_in_words_on_a_system_call_of_node(
    said: str, fix: str, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError(f"{said}\n    at Object.open") from JavaScriptError()

    write(folder, prod=CLOUD)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)
    status, _, told = run(command="list")
    assert status == 2
    assert told.startswith(f"error: the engine failed: {said}. Fix: {fix}")


def test_a_full_output_directory_is_named(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write(folder, prod=CLOUD)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        status, _, said = run()
    assert status == 2
    assert said == (
        "error: the output directory cdktf.out cannot be written: No space left on device. "
        "Fix: choose another directory with --out\n"
    )
    assert not (folder / "cdktf.out").exists()


def test_a_directory_that_cannot_be_read_is_named(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    write(folder, prod=CLOUD)
    monkeypatch.setattr(os, "scandir", forbidden)
    status, _, said = run()
    assert status == 2
    assert said.startswith("error: Permission denied: clouds. Fix: let this user read and write there")


@pytest.mark.parametrize("value", ["{", "[]", "1", "null", "[" * 100_000])
@pytest.mark.parametrize("engine", ["native", "cdktf"])
def test_fails_on_a_context_that_is_no_object(engine: str, value: str, folder: Path) -> None:
    write(folder, prod=CLOUD)
    command = ["-m", "anyscale_constructs", "synth"]
    done = started(folder, *command, ANYSCALE_CONSTRUCTS_ENGINE=engine, CDKTF_CONTEXT_JSON=value)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "error[engine]: CDKTF_CONTEXT_JSON must be a JSON object\n  Fix: correct it, or unset it; cdktf-cli sets it\n"
    )


def test_node_works_without_the_directory_that_tmpdir_names(folder: Path) -> None:
    """Python uses another one."""
    write(folder, prod=CLOUD)
    command = ["-m", "anyscale_constructs", "synth"]
    assert started(folder, *command, ANYSCALE_CONSTRUCTS_ENGINE="cdktf", TMPDIR=str(folder / "none")).returncode == 0


# The module and name of each command.
PLACES = {
    f"{before}{name}": place.split(":")
    for before, group in (("", APP), ("modules ", modules.modules))
    for name, place in group.commands.items()
    if name != "modules"
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("command", "place"), PLACES.items(), ids=PLACES)
def test_an_unexpected_exception_is_one_line(
    command: str, place: Sequence[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise KeyError("x\x1b[31m\ny")

    module, name = place
    monkeypatch.setattr(f"anyscale_constructs.cli.{module}.{name}", Command(fail, ()))
    assert cli.run(lambda: run_app(command.split())) == 70
    out, said = capsys.readouterr()
    assert out == ""
    assert said == (
        "error[internal-error]: KeyError: 'x\\x1b[31m\\ny'\n"
        "  Fix: report this bug in anyscale-constructs, with the output of the command with "
        "ANYSCALE_CONSTRUCTS_TRACEBACK=1\n"
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["synth"], ["init", "a", "--cloud", "ec2"], ["doctor"]], ids=str)
def test_fails_in_a_directory_that_was_deleted(arguments: list[str], folder: Path) -> None:
    (folder / "gone").mkdir()
    program = f"cd gone && rmdir ../gone && {shlex.join([sys.executable, '-m', 'anyscale_constructs', *arguments])}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", program], cwd=folder, env=environment, check=False, capture_output=True)
    assert done.returncode == 2
    assert done.stderr.decode().endswith(
        "error[invalid-configuration]: the working directory no longer exists\n  Fix: change to another directory\n"
    )


def test_remains_of_killed_runs_are_removed(run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD)
    stack = folder / "cdktf.out/stacks/prod"
    stack.mkdir(parents=True)
    left = [folder / "cdktf.out/.cdktf.out.ab12_xyz", stack / ".cdktf.out.ab12_xyz.cdk.tf.json"]
    live = [folder / "cdktf.out/.cdktf.out.ab12_xyw", stack / ".cdktf.out.ab12_xyw.cdk.tf.json"]
    others = [folder / "cdktf.out/.cdktf.out.notes", stack / ".terraform"]
    for directory, file in (left, live):
        (directory / "stacks").mkdir(parents=True)
        file.write_text("{}")
    for other in others:
        other.mkdir()
    for path in (*left, *others):
        os.utime(path, (time.time() - 7200,) * 2)
    assert run()[0] == 0
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in (*live, *others))


LETTERS = "größe 漢字 😀"
LOCALES = {
    "UTF-8": {"PYTHONUTF8": "1"},
    "none": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
}


@pytest.mark.parametrize(
    "command",
    [
        ["synth", "--notes"],
        ["synth", "--format", "github"],
        ["explain", "prod", "--format", "html"],
        ["explain", "prod", "--format", "mermaid"],
        ["register", "prod", "--outputs", "-", "--print", "resource-file"],
        ["register", "prod", "--outputs", "-", "--print", "command"],
    ],
    ids=" ".join,
)
def test_the_bytes_are_the_same_without_a_locale(command: list[str], folder: Path) -> None:
    write(folder, prod=f"{REGISTERED}tags: {{team: {LETTERS}}}\nallow: {{public-ingress: {LETTERS}}}\n")
    resource = AWS_VM | {"name": LETTERS}
    outputs = {"anyscale_cloud_name": LETTERS, "anyscale_cloud_resource": resource, "anyscale_cloud_stack": "prod"}
    given = json.dumps(outputs, ensure_ascii=False).encode() if "-" in command else b""
    with_locale, without = (
        started(folder, "-m", "anyscale_constructs", *command, given=given, **locale) for locale in LOCALES.values()
    )
    assert (without.returncode, without.stdout, without.stderr) == (
        with_locale.returncode,
        with_locale.stdout,
        with_locale.stderr,
    )
    assert b"internal-error" not in without.stderr


def test_output_of_programs_is_read_independently_of_the_locale() -> None:
    """Git and Terraform write UTF-8 in any."""
    files = (ROOT / "anyscale_constructs").rglob("*.py")
    assert [file.name for file in files if "text=True" in file.read_text(encoding="utf-8")] == []


_PROGRAM = """
from anyscale_constructs import App
from anyscale_constructs.aws import Vpc
from anyscale_constructs.clouds import Ec2Config, Ec2Stack

app = App()
Ec2Stack(app, "prod", Ec2Config(region="us-east-2", org_id="org_1234abcd"))
app.synth()
"""
# Replaces Node.js after it has reported its version.
_DYING = {"at once": "exit 1", "midway": 'sed -u 30q | "{node}" "$@"'}


@pytest.mark.parametrize("dies", _DYING)
@pytest.mark.parametrize("form", ["YAML", "Python"])
def test_a_crash_of_node_is_one_message(form: str, dies: str, folder: Path) -> None:
    write(folder, prod=CLOUD)
    node, _ = find_node()
    fake = folder / "node"
    body = _DYING[dies].format(node=node)
    fake.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 && exit\n{body}\n')
    fake.chmod(0o755)
    (folder / "program.py").write_text(_PROGRAM)
    command = ["-m", "anyscale_constructs", "synth"] if form == "YAML" else ["program.py"]
    done = started(folder, *command, ANYSCALE_CONSTRUCTS_ENGINE="cdktf", JSII_NODE=str(fake))
    assert done.returncode == (2 if form == "YAML" else 1)
    assert done.stderr.decode().replace(": prod: ", ": ") == (
        "error[engine]: Node.js, which the engine runs on, ended too early\n"
        "  Fix: run this again; if that does not help, free memory, or name another Node.js in JSII_NODE\n"
    )
