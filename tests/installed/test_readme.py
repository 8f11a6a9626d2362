"""The README can be followed: each of its blocks is run or checked, in an empty directory, with the wheel installed."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import fields
from email.parser import HeaderParser
from pathlib import Path

import pytest
import yaml

from anyscale_constructs.azure import CLIENT_ID
from anyscale_constructs.registration.runner import Result
from tests import ROOT
from tests.examples import FOLDER
from tests.unit.cli.parts import files
from tests.wheel import BLOCKS, FILES, README, Block, Environment

MINIMAL = FILES["clouds/minimal.yaml"]
ERRORS = {
    5: MINIMAL.replace("cidr_block:", "cidr_blok:"),
    12: MINIMAL.replace("0/19\n", "0/19\n  availability_zone_count: 3\nnetworking_mode: PRIVATE\n")
    + "\nmodules:\n  vpc: {inputs: {max_nat_gateway_count: 1}}\n",
}
"""By the line of the error that the README shows: a cloud that has it."""


class Reader:
    """Does what the README says.

    Args:
        installed: Where its programs run.
        folder: An empty directory.
    """

    def __init__(self, installed: Environment, folder: Path) -> None:
        self.installed = installed
        self.folder = folder
        self.said = ""
        self.warned = ""

    def follow(self, block: Block) -> None:
        """Writes the file that a block shows, runs its commands, or compares it with what the last one said."""
        if block.file:
            file = self.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            for line in block.text.splitlines():
                for command in line.split(" && "):
                    words = shlex.split(command, comments=True)
                    COMMANDS[words[0]](self, words)
        else:
            SHOWN[block.language](self, block.text)

    def run(self, words: list[str]) -> None:
        end = self.installed.run(words, self.folder)
        assert end.returncode == 0, f"{words}: {end.stdout}{end.stderr}"
        self.said, self.warned = end.stdout, end.stderr

    def program(self, words: list[str]) -> None:
        """Runs what needs nothing but this directory; of the other commands it asks whether there are such options."""
        self.run(words if words[1] in {"synth", "new"} else [*words, "--help"])
        if words[1] == "register":
            self.stack(words[2])
            assert [Path(word).parent.name for word in words[4:]] == [f"{words[2]}-operator"] * len(words[4:])

    def stack(self, name: str) -> None:
        """Synthesizes the cloud, an example where the reader has none of this name, and looks for the stack."""
        cloud = self.folder / "clouds" / f"{name.removesuffix('-operator')}.yaml"
        if not cloud.exists():
            assert f"(examples/clouds/{cloud.name})" in README
            cloud.write_text((FOLDER / cloud.name).read_text(encoding="utf-8"), encoding="utf-8")
            self.run(["anyscale-constructs", "synth"])
        assert (self.folder / "cdktf.out" / "stacks" / name / "cdk.tf.json").exists()

    def terraform(self, words: list[str]) -> None:
        assert words[2] in {"init", "apply"}
        folder = self.folder / words[1].removeprefix("-chdir=")
        assert (folder / "cdk.tf.json").exists()

    def pip(self, words: list[str]) -> None:
        name, extras = re.fullmatch(r"([\w-]+)\[([\w,]+)\] @ git\+https://\S+", words[2]).groups()  # type: ignore[union-attr]
        (metadata,) = self.installed.folder.glob("lib/python*/site-packages/anyscale_constructs-*.dist-info/METADATA")
        said = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        assert said["Name"] == name
        assert {*extras.split(",")} <= {*said.get_all("Provides-Extra", [])}

    def error(self, text: str) -> None:
        if not text.startswith("error["):
            assert text == (self.warned if text.startswith("warning[") else self.said)
            return
        line = int(text.split(":")[2])
        end = self.synth(f"line-{line}", ERRORS.pop(line))
        assert (end.returncode, end.stdout, end.stderr.split()) == (2, "", text.split())

    def synth(self, folder: str, cloud: str) -> subprocess.CompletedProcess[str]:
        clouds = self.folder / folder / "clouds"
        clouds.mkdir(parents=True)
        (clouds / "prod.yaml").write_text(cloud, encoding="utf-8")
        return self.installed.run(["anyscale-constructs", "synth"], clouds.parent)

    def registered(self, text: str) -> None:
        assert list(json.loads(text)) == [field.name for field in fields(Result)]

    def configuration(self, text: str) -> None:
        end = self.synth("configuration", MINIMAL + text)
        assert (end.returncode, end.stdout.splitlines()[1].split()[-1]) == (0, "s3"), end.stderr

    def in_makefile(self, words: list[str]) -> None:
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{words[1]}:", makefile, flags=re.MULTILINE)
        assert [word.partition("=")[0] for word in words[2:]] in ([], ["ENGINE"])

    def environment(self, words: list[str]) -> None:
        assert words in (["python3.11", "-m", "venv", ".venv"], [".", ".venv/bin/activate"])

    def deploy(self, words: list[str]) -> None:
        assert words[1] == "deploy"
        self.stack(words[2])

    def azure(self, words: list[str]) -> None:
        assert words == ["az", "ad", "sp", "create", "--id", CLIENT_ID]


COMMANDS: Mapping[str, Callable[[Reader, list[str]], None]] = {
    ".": Reader.environment,
    "anyscale-constructs": Reader.program,
    "az": Reader.azure,
    "cdktf": Reader.deploy,
    "make": Reader.in_makefile,
    "pip": Reader.pip,
    "python": Reader.run,
    "python3.11": Reader.environment,
    "terraform": Reader.terraform,
}
SHOWN: Mapping[str, Callable[[Reader, str], None]] = {
    "": Reader.error,
    "json": Reader.registered,
    "yaml": Reader.configuration,
}


@pytest.fixture(scope="module")
def folder(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of somebody who followed all of the README."""
    reader = Reader(installed, tmp_path_factory.mktemp("reader"))
    for block in BLOCKS:
        reader.follow(block)
    assert not ERRORS
    return reader.folder


def test_every_block_is_found() -> None:
    assert len(BLOCKS) == README.count("```") / 2


def test_the_first_cloud_is_the_minimal_example() -> None:
    assert yaml.safe_load(MINIMAL) == yaml.safe_load((FOLDER / "minimal.yaml").read_text(encoding="utf-8"))
    assert len(MINIMAL.splitlines()) <= 10


def test_it_can_be_followed(folder: Path) -> None:
    """And at its end the cloud has what the own kind of cloud adds."""
    made = json.loads((folder / "cdktf.out/stacks/minimal/cdk.tf.json").read_text(encoding="utf-8"))
    assert made["resource"]["aws_vpc_endpoint"]["ssm"]["service_name"] == "com.amazonaws.us-east-2.ssm"
    assert sorted(made["module"]) == ["iam", "s3", "s3_policy", "securitygroups", "vpc"]


def test_python_gives_the_same_terraform_as_yaml(installed: Environment, tmp_path: Path) -> None:
    made = {}
    for way, file, command in (
        ("yaml", "clouds/minimal.yaml", ["anyscale-constructs", "synth"]),
        ("python", "main.py", ["python", "main.py"]),
    ):
        (tmp_path / way / file).parent.mkdir(parents=True)
        (tmp_path / way / file).write_text(FILES[file], encoding="utf-8")
        end = installed.run(command, tmp_path / way)
        assert end.returncode == 0, end.stderr
        made[way] = files(tmp_path / way / "cdktf.out")
    assert made["yaml"] == made["python"]
    assert list(json.loads(made["yaml"]["stacks/minimal/cdk.tf.json"])["resource"]) == ["aws_iam_role_policy"]
