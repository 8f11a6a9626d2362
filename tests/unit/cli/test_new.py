"""`anyscale-constructs new`: a kind of cloud of your own, and the places of such kinds."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from anyscale_constructs import cli
from anyscale_constructs.clouds import KINDS
from tests import ROOT, flat
from tests.examples import FOLDER, OF_KINDS
from tests.unit.cli.parts import CLOUD, files, write

Run = Callable[..., tuple[int, str, str]]

NAME = (
    "error: NAME must be lowercase letters, digits and underscores, begin with a letter, and not be a Python keyword; "
    "got '{}'. Fix: choose another name, e.g. my_kind\n"
)
INIT = '"""Our own kinds of clouds, one module per kind."""\n'


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in an empty directory; returns its exit status, stdout and stderr."""
    assert Path.cwd() == folder

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anyscale-constructs", "new", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, flat(err)

    return run


def synth(folder: Path, path: list[Path] | None = None) -> subprocess.CompletedProcess[str]:
    """Synthesizes in a new process, where nothing is imported yet."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [*(path or []), ROOT]))}
    command = [sys.executable, "-P", "-c", "from anyscale_constructs.cli import main; main('synth')"]
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("kind", KINDS)
def test_it_writes_what_this_repository_has(kind: str, run: Run, folder: Path) -> None:
    file = Path("stacks", f"{kind}.py")
    assert run(kind) == (0, f"{file} is written. Set stack: {kind} in a cloud's YAML to use it.\n", "")
    assert (folder / file).read_text(encoding="utf-8") == (ROOT / file).read_text(encoding="utf-8")
    assert (folder / "stacks" / "__init__.py").read_text(encoding="utf-8") == INIT


def test_a_new_subclass_of_each_kind_synthesizes_the_same_as_the_kind(run: Run, folder: Path) -> None:
    for kind, example in OF_KINDS.items():
        assert run(kind, f"my_{kind}")[0] == 0
        write(folder, **{example: (FOLDER / f"{example}.yaml").read_text(encoding="utf-8")})
    packages = synth(folder)
    assert packages.returncode == 0, packages.stderr
    as_the_packages = files(folder / "cdktf.out")
    for cloud in (folder / "clouds").iterdir():
        cloud.write_text(re.sub("^stack: ", "stack: my_", cloud.read_text(encoding="utf-8"), flags=re.MULTILINE))
    own = synth(folder)
    assert own.returncode == 0, own.stderr
    assert files(folder / "cdktf.out") == as_the_packages
    assert len(as_the_packages) > 2 * len(KINDS)


def test_an_own_kind_is_in_the_package_of_cdktf_json(run: Run, folder: Path) -> None:
    (folder / "cdktf.json").write_text('{"context": {"stacks": "infra.kinds"}}')
    assert run("ec2", "mine")[1].startswith("infra/kinds/mine.py is written.")
    write(folder, prod=CLOUD.replace("ec2", "mine"))
    assert synth(folder).returncode == 0


def test_the_package_of_kinds_is_unchanged(run: Run, folder: Path) -> None:
    package = folder / "stacks" / "__init__.py"
    package.parent.mkdir()
    package.write_text("# mine\n")
    assert run("ec2")[0] == 0
    assert package.read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ec3",), "error: unknown kind of stack 'ec3': did you mean 'ec2'?\n"),
        (
            ("eks", "ec2"),
            (
                "error: NAME is another kind of the package, which a kind derived from eks would replace; got "
                "'ec2'. Fix: run anyscale-constructs new ec2, or choose another NAME\n"
            ),
        ),
        *((("ec2", name), NAME.format(name)) for name in ("my-kind", "My", "2nd", "_mine", "../x", "é", "class", "")),
    ],
)
def test_fails_on_a_wrong_kind_or_name(arguments: tuple[str, ...], says: str, run: Run, folder: Path) -> None:
    assert run(*arguments) == (2, "", says)
    assert not (folder / "stacks").exists()


def test_fails_where_the_file_exists(run: Run, folder: Path) -> None:
    assert run("ec2")[0] == 0
    (folder / "stacks" / "ec2.py").write_text("# mine\n")
    says = "error: stacks/ec2.py exists. Fix: edit that file, or choose another NAME\n"
    assert run("ec2") == (2, "", says)
    assert (folder / "stacks" / "ec2.py").read_text() == "# mine\n"


def test_fails_where_it_cannot_write(run: Run, folder: Path) -> None:
    (folder / "stacks").write_text("")
    assert run("ec2") == (
        2,
        "",
        "error: stacks/ec2.py cannot be written: File exists. Fix: use a directory that you can write to\n",
    )


@pytest.mark.parametrize("name", ["infra/kinds", "/kinds", ""])
def test_fails_where_cdktf_json_names_no_package(name: str, run: Run, folder: Path) -> None:
    (folder / "cdktf.json").write_text(json.dumps({"context": {"stacks": name}}))
    says = (
        f"error: cdktf.json: context.stacks must be the name of a package; got '{name}'. "
        "Fix: use the name that Python imports, e.g. stacks or infra.stacks\n"
    )
    assert run("ec2") == (2, "", says)


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with another package of the same name, which must not be used."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "stacks").mkdir()
    for name in ("__init__", "ec2"):
        (folder / "stacks" / f"{name}.py").write_text("raise SystemExit('used')\n" if name == "ec2" else "")
    return folder


@pytest.mark.parametrize("own", [True, False])
def test_a_package_elsewhere_is_ignored(own: bool, run: Run, folder: Path, elsewhere: Path) -> None:
    if own:
        run("ec2")
    write(folder, prod=CLOUD)
    end = synth(folder, [elsewhere, folder])
    assert end.returncode == 0, end.stderr


def test_fails_where_python_finds_the_package_elsewhere(run: Run, folder: Path, elsewhere: Path) -> None:
    """Python prefers a package with __init__.py anywhere to a directory without one."""
    run("ec2")
    (folder / "stacks" / "__init__.py").unlink()
    write(folder, prod=CLOUD)
    end = synth(folder, [elsewhere])
    says = (
        f"error: clouds/prod.yaml:1: stack: Python imports stacks from elsewhere, not from the directory of "
        f"cdktf.json; got ['{elsewhere}/stacks']. Fix: add an empty stacks/__init__.py; if it exists, "
        "rename the directory and set context.stacks to the new name\n"
    )
    assert (end.returncode, flat(end.stderr)) == (2, says)
