"""Messages about an unsuitable environment, unforeseen exceptions, and remains of killed runs."""

import errno
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs import cli
from anyscale_constructs.cli import modules
from anyscale_constructs.cli.app import app
from tests.unit.cli.parts import CLOUD, Run, write


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            "No space left on device. Fix: free space there, or set TMPDIR",
        ),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/x"), "Read-only file system: /x. Fix: let this user"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/t"), "Permission denied: /t. Fix: let this user"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/t']"), "Fix: let this user write"),
    ],
    ids=["full", "read-only", "forbidden", "missing"],
)
def test_fails_on_a_temporary_directory_that_cannot_be_used(
    error: OSError, says: str, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise error

    write(folder, prod=CLOUD)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    status, out, said = run(command="list")
    assert (status, out) == (2, "")
    assert says in said
    assert len(said.splitlines()) == 1


COMMANDS: list[tuple[list[str], Any]] = [([], command) for command in app.registered_commands]
COMMANDS += [(["modules"], command) for command in modules.app.registered_commands]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("group", "command"), COMMANDS, ids=[command.callback.__name__ for _, command in COMMANDS])
def test_an_unforeseen_exception_is_one_line(
    group: list[str], command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise KeyError("x\x1b[31m\ny")

    name = command.name or command.callback.__name__
    fail.__name__ = name
    monkeypatch.setattr(command, "callback", fail)
    assert cli.run(lambda: app([*group, name])) == 70
    out, said = capsys.readouterr()
    assert out == ""
    assert said == (
        "error[internal-error]: KeyError: 'x\\x1b[31m\\ny'\n"
        "  Fix: report this bug in anyscale-constructs, with the output of the command with "
        "ANYSCALE_CONSTRUCTS_TRACEBACK=1\n"
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
