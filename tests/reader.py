"""A reader who follows a page of the documentation literally, in an empty directory."""

import ast
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from email.parser import HeaderParser
from pathlib import Path

import hcl2  # type: ignore[import-untyped,unused-ignore]
import yaml
from lark.exceptions import LarkError

from anyscale_constructs.azure import CLIENT_ID
from anyscale_constructs.cli.app import APP, PROGRAM
from anyscale_constructs.cli.synthesis import gather_clouds
from anyscale_constructs.clouds.operator import SUFFIX
from anyscale_constructs.config.defaults import NAME as DEFAULTS
from anyscale_constructs.errors import ConstructsError
from anyscale_constructs.registration.runner import Result
from tests import ROOT
from tests.examples import CLOUDS, OF_KINDS
from tests.findings import inside
from tests.pages import Block
from tests.wheel import Environment

NOT_RUN = {
    "check-plan": "reads the plan of a real account",
    "doctor": "says what this machine has",
    "lock": "downloads providers",
    "modules": "clones a repository",
    "register": "changes Anyscale",
}
"""Commands of the program that are only parsed, and the reasons."""

ELSEWHERE = {
    "anyscale": "changes Anyscale",
    "aws": "needs an account",
    "az": "needs an account",
    "cdktf": "needs npm and an account",
    "checkov": "reads the plan of a real account",
    "gcloud": "needs an account",
    "gh": "needs a repository on GitHub",
    "kubectl": "needs a cluster",
    "make": "works on this repository",
    "npm": "needs the network",
    "pip": "needs the network",
    "terraform": "needs the network and an account",
}
"""Programs that are not run, and the reasons. CHECKS contains the checks of their arguments."""

REPOSITORIES: dict[tuple[str, ...], tuple[Path, tuple[str, ...] | None]] = {}
"""The repositories and the output of `init`, by command."""

CATALOG = ROOT / "anyscale_constructs" / "modules" / "catalog"
TERRAFORM = {"apply", "destroy", "init", "output", "plan", "providers", "show", "state"}
RUN = {"cat", "cp", "env", "grep", "ls", "mkdir", "pytest", "python", "rm"}
FAILS = {"error[": 2, "E  ": 1}
"""The exit status of a command with output that begins with this."""


class Reader:
    """Follows the instructions of a page.

    Args:
        installed: The environment of its programs.
        folder: An empty directory.
    """

    def __init__(self, installed: Environment, folder: Path) -> None:
        self.installed = installed
        self.top = self.folder = folder
        self.said: tuple[str, ...] | None = None
        self.variables = {
            "TERRAFORM_BINARY_NAME": "none",
            "NO_COLOR": "1",
            **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self.program: list[str] = []
        self.stale = False

    def follow(self, blocks: list[Block]) -> None:
        """Follows a page to its end; then every cloud that it showed must be valid."""
        for block, after in zip(blocks, [*blocks[1:], None], strict=True):
            try:
                self.take(block, after)
            except (AssertionError, OSError, SyntaxError, ValueError, yaml.YAMLError) as error:
                raise AssertionError(f"line {block.line}: {error}") from None
        if self.program and not any("cdktf" in text for text in self.program):
            self.run(["python", "-c", "\n".join(self.program)], self.top)
        if self.stale:
            self.run(["anyscale-constructs", "synth"], self.folder)

    def take(self, block: Block, after: Block | None) -> None:
        """Writes the file that a block shows, runs its commands, or compares it with the output of the last command."""
        if block.language not in SHOWN or block.file:
            self.said = None
        if block.language == "diff":
            self.change(block)
        elif block.file:
            self.write(block)
        elif block.language == "sh":
            shown = after.text if after and after.language in SHOWN and not after.file else ""
            status = next((number for start, number in FAILS.items() if shown.lstrip(".\n").startswith(start)), 0)
            lines = commands(block.text)
            for number, words in enumerate(lines, 1):
                self.command(words, status if number == len(lines) else 0)
        elif self.said is not None and block.language in SHOWN:
            assert any(alike(block.text, text) for text in self.said), "\n".join(["it prints:", *self.said])
        else:
            PARSED[block.language](self, block.text)

    def write(self, block: Block) -> None:
        file = self.folder / str(block.file)
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") if block.added else ""
        file.write_text(before + block.text, encoding="utf-8")
        if file.stem == DEFAULTS:
            return
        PARSED[{".py": "python", ".json": "json", ".toml": "toml"}.get(file.suffix, "")](self, file.read_text("utf-8"))
        if file.suffix == ".py":
            self.program.pop()
        self.stale = self.stale or file.suffix == ".yaml"

    def change(self, block: Block) -> None:
        """Applies a diff to the file that contains the lines before the change."""
        lines = block.text.splitlines()
        before, after = ("".join(f"{line[1:]}\n" for line in lines if line[:1] in {" ", sign}) for sign in "-+")
        named = (
            [self.folder / block.file]
            if block.file
            else [*self.folder.glob("*.py"), *self.folder.glob("clouds/**/*.yaml")]
        )
        found = [each for each in named if before in each.read_text(encoding="utf-8")]
        assert len(found) == 1, f"the lines before the change are in {found}"
        (file,) = found
        file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
        self.stale = self.stale or file.suffix == ".yaml"

    def command(self, words: list[str], status: int) -> None:
        """Runs a command, or checks it."""
        while words and re.fullmatch(r"[A-Z]\w*=.*", words[0]):
            words = words[1:]
        program = words[0]
        if program == "cd":
            self.folder /= words[1]
            assert self.folder.is_dir(), f"{words[1]} is no directory"
        elif program in {"export", "."} or words[:3] == ["python3.11", "-m", "venv"]:
            pass
        elif program == "anyscale-constructs":
            parse(words[1:])
            self.own(words, status)
        elif program in RUN or (program == "git" and words[1] not in {"clone", "push"}):
            self.run(words, self.folder, status)
        elif program != "git":
            assert program in ELSEWHERE, f"{program} is in no table of tests/reader.py"
            if check := CHECKS.get(program):
                check(self, words)

    def own(self, words: list[str], status: int) -> None:
        """Runs a command of the library's program, or checks that the stack in its arguments exists."""
        if words[1:3] == ["modules", "add"]:
            self.record(*words[3:6])
        elif words[1] in NOT_RUN:
            self.stack(words)
            self.said = None
        elif words[1] == "init":
            self.init(words)
        else:
            if words[1] == "synth":
                self.examples(words[2:])
            self.run(words, self.folder, status)
            self.stale = self.stale and words[1] != "synth"

    def run(self, words: list[str], folder: Path, status: int = 0) -> None:
        words, into = (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, None)
        if words[0] == "pytest":  # the environment has the module, and no program for it
            words = ["python", "-m", *words]
        end = self.installed.run(words, folder, self.variables)
        assert end.returncode == status, f"{shlex.join(words)} ends with {end.returncode}: {end.stdout}{end.stderr}"
        if into:
            (folder / into).write_text(end.stdout, encoding="utf-8")
        self.said = (end.stdout, end.stderr, end.stdout + end.stderr)

    def init(self, words: list[str]) -> None:
        """Writes a repository, once for each command, since it takes seconds; later calls copy the result."""
        kept = REPOSITORIES.get(tuple(words))
        if kept is None:
            self.run(words, self.folder)
            if words[2] != ".":
                copy = self.installed.folder.parent / "repositories" / str(len(REPOSITORIES))
                shutil.copytree(self.folder / words[2], copy)
                REPOSITORIES[tuple(words)] = copy, self.said
        else:
            shutil.copytree(kept[0], self.folder / words[2])
            self.said = kept[1]

    def stack(self, words: list[str]) -> None:
        """Checks that the stack in a command's arguments exists."""
        for name in words[2:3] if words[0] == "cdktf" or words[1] in {"register", "lock"} else ():
            if not name.startswith("-"):
                self.synthesized(name)

    def synthesized(self, name: str) -> None:
        """Checks that a stack is synthesized; it may be one of an example."""
        folder = self.folder / "cdktf.out" / "stacks" / name
        cloud = name.removesuffix(SUFFIX)
        if not folder.exists() and self.examples([cloud]):
            self.run(["anyscale-constructs", "synth", cloud], self.folder)
        assert folder.exists(), f"no stack {name} is synthesized"

    def examples(self, names: list[str]) -> bool:
        """Copies missing examples with these names; returns whether there is one."""
        found = [example for example in CLOUDS if example.stem in names]
        for example in found:
            (self.folder / "clouds").mkdir(exist_ok=True)
            if not (self.folder / "clouds" / example.name).exists():
                (self.folder / "clouds" / example.name).write_bytes(example.read_bytes())
        return bool(found)

    def record(self, name: str, _: str, ref: str) -> None:
        """Records the interface of the catalog's own tag as that of another tag, instead of `modules add`."""
        known = CATALOG / f"{name}.json"
        file = self.folder / "catalog" / f"{name}@{ref}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({**json.loads(known.read_text("utf-8")), "ref": ref}), encoding="utf-8")

    def terraform(self, words: list[str]) -> None:
        if words[1].startswith("-chdir=cdktf.out/stacks/"):
            self.synthesized(words[1].rpartition("/")[2])
        elif words[1].startswith("-chdir="):
            assert list((self.folder / words[1].removeprefix("-chdir=")).glob("*.tf.json")), words[1]
        assert words[1 + words[1].startswith("-chdir=")] in TERRAFORM

    def pip(self, words: list[str]) -> None:
        match = re.fullmatch(r"anyscale-constructs(?:\[([\w,]+)\])?(?: @ git\+https://\S+)?", words[-1])
        if words[1:] == ["install", "-r", "requirements.lock"]:
            return
        assert words[1] == "install"
        assert match, f"{words[-1]} is not this package"
        (metadata,) = self.installed.folder.glob("lib/python*/site-packages/anyscale_constructs-*.dist-info/METADATA")
        said = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        assert {*(match[1] or "").split(",")} - {""} <= {*said.get_all("Provides-Extra", [])}

    def in_makefile(self, words: list[str]) -> None:
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = [word for word in words[1:] if "=" not in word]
        variables = [word.partition("=")[0] for word in words[1:] if "=" in word]
        assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets), targets
        assert all(re.search(rf"^{name}\s*\??=", makefile, flags=re.MULTILINE) for name in variables), variables

    def azure(self, words: list[str]) -> None:
        if words[1:4] == ["ad", "sp", "create"]:
            assert words[4:] == ["--id", CLIENT_ID]

    def json(self, text: str) -> None:
        value = json.loads(text)
        if isinstance(value, dict) and "action" in value:
            assert list(value) == [field.name for field in fields(Result)]

    def yaml(self, text: str) -> None:
        """Checks a fragment of a cloud: added to at least one of the examples, it must be a valid cloud."""
        value = yaml.safe_load(text)
        if isinstance(value, dict) and {"jobs", True} <= value.keys():  # a workflow: `on` is true in YAML 1.1
            assert all(job.keys() & {"steps", "uses"} for job in value["jobs"].values())
            return
        assert isinstance(value, dict), "it is no mapping"
        own = [*self.folder.glob("clouds/[!_]*.yaml")]
        first = [*own, *(example for example in CLOUDS if example.stem in OF_KINDS.values())]
        bases = [None] if "stack" in value else [*first, *(example for example in CLOUDS if example not in first)]
        said = ""
        for number, base in enumerate(bases):
            folder = self.top / "fragments" / str(len(list(self.top.glob("fragments/*")))) / str(number)
            (folder / "clouds").mkdir(parents=True)
            (folder / "catalog").symlink_to(self.folder / "catalog")
            (folder / "clouds" / "prod.yaml").write_text(text, encoding="utf-8")
            if base:
                (folder / "clouds" / f"{DEFAULTS}.yaml").write_text(base.read_text("utf-8"), encoding="utf-8")
            try:
                with inside(folder):
                    gather_clouds(Path("clouds"), Path("cdktf.out"), ())
            except ConstructsError as error:
                said = said or str(error)
            else:
                return
        raise AssertionError(said)

    def hcl(self, text: str) -> None:
        try:
            hcl2.loads(text)
        except LarkError as error:
            raise AssertionError(error) from error

    def python(self, text: str) -> None:
        ast.parse(text)
        self.program.append(text)

    def nothing(self, text: str) -> None:
        """Checks nothing: directory listings, and texts that no command prints."""


def commands(text: str) -> list[list[str]]:
    """Returns the commands of a shell block, as words."""
    lines = text.replace("\\\n", " ").splitlines()
    parts = [part for line in lines for part in line.split(" && ")]
    return [words for part in parts if (words := shlex.split(part, comments=True))]


def parse(words: list[str]) -> None:
    """Parses arguments as the program does, without running anything.

    Raises:
        AssertionError: There is no such command or option, or a value is wrong.
    """
    words = words[: words.index(">")] if ">" in words else words
    try:
        command, program, rest = APP.find(PROGRAM, words)
        command.parse(program, rest)
    except ConstructsError as error:
        raise AssertionError(f"{shlex.join(words)}: {error}") from error


def alike(shown: str, said: str) -> bool:
    """Returns whether a block matches the output, where `...` matches anything."""
    pattern = re.escape(shown.strip()).replace(r"\.\.\.", ".*?")
    return bool(re.fullmatch(pattern, said.strip(), flags=re.DOTALL))


CHECKS: Mapping[str, Callable[[Reader, list[str]], None]] = {
    "az": Reader.azure,
    "cdktf": Reader.stack,
    "make": Reader.in_makefile,
    "pip": Reader.pip,
    "terraform": Reader.terraform,
}
SHOWN = {"", "text", "json"}
"""The languages of blocks with output."""

PARSED: Mapping[str, Callable[[Reader, str], object]] = {
    "": Reader.nothing,
    "gitignore": Reader.nothing,
    "hcl": Reader.hcl,
    "json": Reader.json,
    "mermaid": Reader.nothing,
    "python": Reader.python,
    "text": Reader.nothing,
    "toml": lambda _, text: tomllib.loads(text),
    "yaml": Reader.yaml,
}
