"""The package as users have it: its wheel, installed in an environment of its own, and the files that pages show."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import ROOT
from tests.examples import FOLDER
from tests.pages import shown_files

MODULES = ("anyscale_constructs.cli.app", "anyscale_constructs.cli.synthesis", "anyscale_constructs.clouds.ec2")
"""What most commands import."""
WAYS = {"program": ["anyscale-constructs", "synth"], "module": ["python", "-m", "anyscale_constructs", "synth"]}


FILES = shown_files()


class Environment(NamedTuple):
    """A virtual environment that holds the wheel.

    Attributes:
        folder: Its folder.
        home: An empty home.
        programs: The folder of programs that stand before its own, if there are any.
    """

    folder: Path
    home: Path
    programs: Path | None = None

    @property
    def variables(self) -> dict[str, str]:
        """All that a program in it knows of the machine."""
        folders = [self.programs, self.folder / "bin", os.environ["PATH"]]
        path = os.pathsep.join(str(each) for each in folders if each)
        return {"PATH": path, "HOME": str(self.home), "CHECKPOINT_DISABLE": "1", "CI": "1"}

    def repository(self, folder: Path, names: Iterable[str] = ("minimal",), *, own_kind: bool = False) -> Path:
        """Makes what a user's repository holds: clouds, and cdktf.json.

        Args:
            folder: Its folder, which is made.
            names: The clouds, which are examples.
            own_kind: Whether it also has a kind of cloud of its own, which `new` writes and the README changes.
        """
        (folder / "clouds").mkdir(parents=True)
        for name in names:
            shutil.copy(FOLDER / f"{name}.yaml", folder / "clouds")
        (folder / "cdktf.json").write_text(FILES["cdktf.json"], encoding="utf-8")
        if own_kind:
            end = self.run(["anyscale-constructs", "new", "ec2"], folder)
            assert end.returncode == 0, end.stderr
            (folder / "stacks" / "ec2.py").write_text(FILES["stacks/ec2.py"], encoding="utf-8")
        return folder

    def run(
        self, command: Sequence[str], folder: Path, variables: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program in a folder.

        Args:
            command: The program and its arguments.
            folder: The working directory.
            variables: More environment variables.
        """
        return subprocess.run(
            command,
            cwd=folder,
            env=self.variables | (variables or {}),
            check=False,
            capture_output=True,
            text=True,
            timeout=1800,
        )


def install(folder: Path) -> Environment:
    """Builds the wheel and installs it in a new environment, without the network.

    The package's dependencies are those of the tests' own environment. Its editable install is not seen: Python does
    not follow the .pth files of a folder that a .pth file names.
    """
    made = Environment(folder / "venv", folder / "home")
    made.home.mkdir(parents=True)
    wheels = folder / "wheels"
    _run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)])
    venv.create(made.folder, symlinks=True)
    (wheel,) = wheels.iterdir()
    python = made.folder / "bin" / "python"
    offline = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "pip", "--python", str(python), "install", *offline, str(wheel)])
    own = next(made.folder.glob("lib/python*/site-packages"))
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return made


def distributions(requirements: Iterable[str]) -> dict[str, Distribution]:
    """What pip installs for requirements, as the tests' own environment has it, by normalized name."""
    found: dict[str, Distribution] = {}
    wanted = list(map(Requirement, requirements))
    while wanted:
        each = wanted.pop()
        name = canonicalize_name(each.name)
        if name not in found and (each.marker is None or each.marker.evaluate({"extra": ""})):
            found[name] = distribution(name)
            wanted += map(Requirement, found[name].requires or ())
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
