"""Wrong clouds and wrong programs, one for each rule at least: what is said of them, in all forms.

A file is named after the rule that it breaks; behind `--` stands what tells it from others of the same rule.
"""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from anyscale_constructs.cli import run
from anyscale_constructs.cli.app import app
from tests import ROOT

FOLDER = pathlib.Path(__file__).parent
CLOUDS = sorted((FOLDER / "clouds").glob("*.yaml"))
PROGRAMS = sorted((FOLDER / "programs").glob("*.py"))
FORMS = ("text", "json", "github")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


def rule_of(file: pathlib.Path) -> str:
    """The id of the rule that a file breaks."""
    return file.stem.partition("--")[0]


def said_of(file: pathlib.Path) -> str:
    """What is said of a file for people, as its golden file has it."""
    kind = {".yaml": "cloud", ".py": "program"}[file.suffix]
    golden = FOLDER / "__snapshots__" / "test_findings" / f"test_a_wrong_{kind}[{file.stem}].txt"
    return golden.read_text(encoding="utf-8").partition("\n[\n")[0].rstrip()


def synthesize(cloud: pathlib.Path, folder: pathlib.Path, *options: str, name: str = "prod") -> Said:
    """Synthesizes a wrong cloud as a user would.

    Args:
        cloud: The YAML file.
        folder: Where it is done.
        *options: Of `anyscale-constructs synth`.
        name: What the cloud is called.
    """
    (folder / "clouds").mkdir(exist_ok=True)
    (folder / "clouds" / f"{name}.yaml").write_bytes(cloud.read_bytes())
    out, err = io.StringIO(), io.StringIO()
    with _in(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        arguments = ["synth", "--notes", "--strict", *options]
        status = run(lambda: app(arguments, prog_name="anyscale-constructs"))
    return Said(status, out.getvalue(), err.getvalue())


def execute(program: pathlib.Path, folder: pathlib.Path) -> Said:
    """Runs a wrong program as a user would."""
    (folder / "program.py").write_bytes(program.read_bytes())
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "ANYSCALE_CONSTRUCTS_ENGINE"}
        | {"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def _in(folder: pathlib.Path) -> Iterator[None]:
    before = pathlib.Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
