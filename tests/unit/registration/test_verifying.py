"""`register --verify`: all output of the program is shown, and a FAILED check is an error."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.cli import main
from anyscale_constructs.errors import ControlPlaneError
from anyscale_constructs.registration.program import Program
from tests.registration_samples import AWS_VM, changed
from tests.unit.registration.parts import TOKEN, use_program

# It stores one cloud in a file next to it, and prints the content of another file at each write.
PROGRAM = """\
import json, pathlib, sys, time
import yaml
there = pathlib.Path(__file__).parent
cloud, said = there / "cloud.json", json.loads((there / "said.json").read_text())
match sys.argv[2]:
    case "list":
        print(json.dumps([{"id": "cld_1"}] if cloud.exists() else []))
    case "get":
        print(cloud.read_text())
    case _:
        content = yaml.safe_load(pathlib.Path(sys.argv[-2]).read_text())
        resource = content[0] if isinstance(content, list) else content
        if said["writes"]:
            cloud.write_text(json.dumps({"resources": [resource | {"cloud_resource_id": "cldrsrc_1"}]}))
        print(said["stdout"])
        print(said["stderr"], file=sys.stderr, flush=True)
        time.sleep(said["seconds"])
        sys.exit(said["status"])
"""
LINES = [f"line {number}" for number in range(1, 41)]
MEMORYDB = "memorydb cluster: FAILED"


class Cli:
    """Runs the command with a program that prints a given text."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        use_program(PROGRAM, folder, monkeypatch)

    def log_in(self) -> None:
        """Stores the token in the file of `anyscale login`."""
        self._monkeypatch.delenv("ANYSCALE_CLI_TOKEN")
        (self._folder / ".anyscale").mkdir()
        (self._folder / ".anyscale" / "credentials.json").write_text(json.dumps({"cli_token": TOKEN}))

    def program_says(self, **said: Any) -> None:
        defaults = {"stdout": "", "stderr": "", "status": 0, "writes": True, "seconds": 0}
        (self._folder / "said.json").write_text(json.dumps(defaults | said))

    def __call__(self, *options: str, resource: dict[str, Any] = AWS_VM, **said: Any) -> tuple[int, str, str]:
        """Returns the exit status, stdout and stderr."""
        self.program_says(**said)
        outputs = self._folder / "resource.json"
        outputs.write_text(json.dumps(resource))
        command = ["anyscale-constructs", "register", "ml", "--outputs", str(outputs), "--name", "ml", *options]
        self._monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            main()
        shown = self._capsys.readouterr()
        return int(end.value.code or 0), shown.out, shown.err


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path, monkeypatch, capsys)


def lines(shown: str) -> list[str]:
    """The program's lines among the shown ones."""
    return [line.removeprefix("  | ") for line in shown.splitlines() if line.startswith("  | ")]


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["said", "quiet"])
def test_all_lines_of_a_verification_are_shown_in_their_order(options: list[str], register: Cli) -> None:
    status, out, shown = register("--verify", *options, stderr="\n".join(LINES), stdout="done")
    assert (status, lines(shown)) == (0, [*LINES, "done"])
    assert json.loads(out)["action"] == "created"


def test_all_lines_are_shown_once_when_the_verification_ends_it(register: Cli) -> None:
    status, _, shown = register("--verify", stderr="\n".join([*LINES, "vpc: FAILED"]), status=1, writes=False)
    assert (status, lines(shown)) == (4, [*LINES, "vpc: FAILED"])
    assert "ended with exit status 1, and the cloud ml was not created, and nothing is left of it" in shown
    assert "fix the problem that it reports above, then run this again" in shown


def test_all_lines_are_shown_of_a_verification_that_takes_too_long(
    register: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.program_says(stderr="\n".join(LINES), seconds=60, writes=False)
    (tmp_path / "resource.yaml").write_text("{}")
    with pytest.raises(ControlPlaneError, match="was stopped at the limit of 4 s"):
        Program(4, time.monotonic()).run("cloud", "register", str(tmp_path / "resource.yaml"), "--yes", show=True)
    assert lines(capsys.readouterr().err)[: len(LINES)] == LINES


def test_without_a_verification_an_error_shows_the_last_lines(register: Cli) -> None:
    assert lines(register(stderr="\n".join(LINES))[2]) == []
    (status, _, shown) = register(
        stderr="\n".join(LINES), status=1, writes=False, resource=changed(AWS_VM, networking_mode="PRIVATE")
    )
    assert (status, lines(shown)) == (4, LINES[-20:])


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_failed_check_is_an_error_for_any_exit_status(stream: str, register: Cli) -> None:
    said: dict[str, Any] = {stream: f"Verification result:\ns3: PASSED\n\x1b[1m{MEMORYDB}\x1b[0m"}
    status, out, shown = register("--verify", **said)
    assert (status, out) == (4, "")
    told = f"the cloud ml (cld_1) is registered, but its verification failed: {MEMORYDB}\n  Fix: "
    assert f"error[failed-verification]: {told}" in shown
    assert "anyscale cloud verify --cloud-id cld_1" in shown


def test_a_failed_check_is_also_an_error_of_an_update(register: Cli) -> None:
    assert register()[0] == 0
    resource = changed(AWS_VM, networking_mode="PRIVATE")
    status, out, shown = register("--verify", stderr=MEMORYDB, resource=resource)
    assert (status, out) == (4, "")
    assert f"verification failed: {MEMORYDB}\n" in shown


def test_similar_lines_are_not_failures(register: Cli) -> None:
    near = ["Status: CREATE_FAILED_BEFORE", "0 failed", "UNFAILED", "memorydb cluster: PASSED"]
    assert register("--verify", stderr="\n".join(near))[0] == 0


def test_without_verification_the_output_is_not_searched(register: Cli) -> None:
    assert register(stderr=MEMORYDB)[0] == 0


# The output of the program, and what is shown of it.
CONTROLS = {
    "\x1b[1;31mred\x1b[0m": "red",
    "\x1b[?25l\x1b[2K\x1b[1Gspinner\x1b[?25h": "spinner",
    "\x1b[38:5:1mcolon\x1b[m": "colon",
    "\x1b]8;;https://docs.example\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1b]0;a title\x07text": "text",
    "\x1bP1$r0m\x1b\\string\x1b_more\x1b\\": "string",
    "\x1b(Bset\x1b7\x1b8\x1bc": "set",
    "\x9b31mC1\x9d0;title\x9c": "C1",
    "be\x07ll ba\x08ck de\x7fl nu\x00ll": "bell back del null",
    "\u202eturned\u202c \u2066apart\u2069": "turned apart",
    "a\tb": "a\tb",
    "\x1b]0;a string without an end": "0;a string without an end",
    "Größe 3 µs ✓": "Größe 3 µs ✓",
}


def test_no_control_characters_are_shown(register: Cli) -> None:
    assert lines(register("--verify", stderr="\n".join(CONTROLS))[2]) == list(CONTROLS.values())


def test_a_carriage_return_begins_a_line(register: Cli) -> None:
    assert lines(register("--verify", stderr="Verifying\rVerified\n\n  \nEnd")[2]) == ["Verifying", "Verified", "End"]


@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize(("options", "status"), [(["--verify"], 0), (["--verify"], 1), ([], 1)])
def test_no_token_is_shown(logged_in: bool, options: list[str], status: int, register: Cli) -> None:
    if logged_in:
        register.log_in()
    said = f"Cookie: cli_token={TOKEN}; sss_\x1b[1msecret1"
    _, out, shown = register(*options, stderr=said, status=status, writes=not status)
    assert TOKEN not in out + shown
    assert lines(shown) == ["Cookie: cli_token=***; ***"]
