"""Wrong clouds, changes and programs, at least one for each rule: their messages, in all formats.

A change is a cloud before and after, separated by `---`, which a review compares. A file is named after the rule that
it breaks; after `--` is what distinguishes it from others of the same rule.
"""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from anyscale_constructs.cli import run
from anyscale_constructs.cli.app import run as run_app
from anyscale_constructs.cli.synthesis import gather_clouds, remarks
from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.findings import Finding, Place
from anyscale_constructs.review.report import Report, review
from anyscale_constructs.review.sides import Side
from tests import ROOT

FOLDER = pathlib.Path(__file__).parent
CLOUDS = sorted((FOLDER / "clouds").glob("*.yaml"))
CHANGES = sorted((FOLDER / "changes").glob("*.yaml"))
PROGRAMS = sorted((FOLDER / "programs").glob("*.py"))


@dataclass(frozen=True)
class Said:
    """The exit status of a command, and its output."""

    status: int
    out: str
    err: str


def rule_of(file: pathlib.Path) -> str:
    """Returns the ID of the rule that a file breaks."""
    return file.stem.partition("--")[0]


def said_of(file: pathlib.Path) -> str:
    """Returns the output in text format for a file, as in its golden file."""
    golden = FOLDER / "__snapshots__" / "test_findings" / f"test_a_wrong_{file.parent.name[:-1]}[{file.stem}].txt"
    return golden.read_text(encoding="utf-8").partition("\n[\n")[0].rstrip()


def synthesize(cloud: pathlib.Path, folder: pathlib.Path, *options: str, name: str = "prod") -> Said:
    """Synthesizes a wrong cloud as a user would.

    Args:
        cloud: The YAML file.
        folder: The working directory.
        *options: The options of `anyscale-constructs synth`.
        name: The cloud's name.
    """
    (folder / "clouds").mkdir(exist_ok=True)
    (folder / "clouds" / f"{name}.yaml").write_bytes(cloud.read_bytes())
    return command(folder, "synth", "--notes", "--strict", *options)


def command(folder: pathlib.Path, *arguments: str) -> Said:
    """Runs a command of the program in a directory, as a user would."""
    out, err = io.StringIO(), io.StringIO()
    with inside(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(lambda: run_app(arguments))
    return Said(status, out.getvalue(), err.getvalue())


def findings_of(cloud: pathlib.Path, folder: pathlib.Path, defaults: pathlib.Path | None = None) -> list[Finding]:
    """Returns the findings of a wrong cloud, including notes, which each format shows in its own way."""
    (folder / "clouds").mkdir()
    if defaults:
        (folder / "clouds" / "_defaults.yaml").write_bytes(defaults.read_bytes())
    (folder / "clouds" / "prod.yaml").write_bytes(cloud.read_bytes())
    with inside(folder):
        out = pathlib.Path("cdktf.out")
        try:
            app, documents = gather_clouds(pathlib.Path("clouds"), out, ())
        except ConstructsError as error:
            return error.findings
        return remarks(app, documents, out)


def compare(change: pathlib.Path, folder: pathlib.Path) -> Report:
    """Reviews a change as a user would in a repository, without a plan."""
    sides = []
    texts = change.read_text(encoding="utf-8").split("---\n")
    for name, text in zip(("main", "work tree"), texts, strict=True):
        (folder / "given.yaml").write_text(text, encoding="utf-8")
        origins = folder / f"{name}.json"
        said = synthesize(folder / "given.yaml", folder, "--out", str(folder / name), "--origins", str(origins))
        assert said.status in {0, 3}, said.err
        places = json.loads(origins.read_text(encoding="utf-8"))["prod"]["origins"]
        found = {"prod": {key: Place(*place) for key, place in places.items()}}
        sides.append(Side(name, folder / name, found))
    with inside(folder):
        base, head = sides
        return review(base, head, None, plan="without a plan")


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
def inside(folder: pathlib.Path) -> Iterator[None]:
    """Changes the working directory, as a user would."""
    before = pathlib.Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
