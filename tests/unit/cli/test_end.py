"""How programs end."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import ROOT
from tests.unit.cli.parts import CLOUD, REGISTERED, files, started, write

_ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}  # buffered, as by default
_PROGRAM = (
    "import sys; from anyscale_constructs.cli import run; sys.exit(run(lambda: [print('x' * 999) for _ in range(999)]))"
)


def test_a_closed_pipe_causes_no_traceback() -> None:
    """As in `python -m stacks | head`."""
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


_COMMANDS = [["--help"], ["rules"], ["synth"], ["synth", "--format", "json"], ["list"], ["explain", "prod"]]


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_commands_exit_with_141_when_the_reader_closes_the_pipe(command: list[str], folder: Path) -> None:
    """Also if the output fits in the buffer, which is written at the end."""
    write(folder, prod=REGISTERED)
    reader, writer = os.pipe()
    os.close(reader)
    program = [sys.executable, "-m", "anyscale_constructs", *command]
    done = subprocess.run(program, cwd=folder, env=_ENVIRONMENT, check=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("command", "closed", "status"),
    [
        (["synth"], ">&-", 0),
        (["synth"], "2>&-", 0),
        (["synth"], "<&- >&- 2>&-", 0),
        (["synth", "none"], "2>&-", 2),
        (["synth", "none"], "2>/dev/full", 2),
        (["synth"], ">/dev/full", 2),
        (["--bogus"], "2>&-", 2),
        (["review", "cdktf.out", "cdktf.out", "--plan", "none"], ">&-", 0),
        (["register", "prod", "--outputs", "-"], "<&-", 2),
    ],
    ids=str,
)
def test_closed_and_full_streams_do_not_change_the_status(
    command: list[str], closed: str, status: int, folder: Path
) -> None:
    write(folder, prod=REGISTERED)
    assert started(folder, "-m", "anyscale_constructs", "synth").returncode == 0
    program = f"{shlex.join([sys.executable, '-m', 'anyscale_constructs', *command])} {closed}"
    done = subprocess.run(["sh", "-c", program], cwd=folder, env=_ENVIRONMENT, check=False, capture_output=True)
    assert done.returncode == status
    assert b"Traceback" not in done.stderr
    assert b"internal-error" not in done.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("begun", ["cdktf.out/.cdktf.out.*", "cdktf.out/.cdktf.out.*/stacks/*/cdk.tf.json"])
def test_a_terminated_synthesis_leaves_nothing_behind(
    begun: str, number: signal.Signals, status: int, folder: Path
) -> None:
    """As when CI cancels it, while it reads the clouds or while Node.js writes the files."""
    (folder / "cdktf.out").mkdir()
    write(folder, **{f"cloud-{index}": CLOUD for index in range(60)})
    before = files(folder)
    with subprocess.Popen([sys.executable, "-m", "stacks"], env=_ENVIRONMENT, stderr=subprocess.PIPE) as process:
        assert process.stderr
        while not list(folder.glob(begun)):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(number)
        said = process.stderr.read()
    assert (process.returncode, said) == (status, b"")
    assert files(folder) == before
    assert list((folder / "cdktf.out").iterdir()) == []


_INTERRUPTED = """
import sys
from anyscale_constructs.cli import main

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "anyscale_constructs.cli.app":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
main("synth")
"""


def test_an_interrupt_while_the_command_is_imported_causes_no_traceback(folder: Path) -> None:
    done = started(folder, "-c", _INTERRUPTED)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


_LATE = {
    "exit function": "import atexit; atexit.register(late)",
    "thread": "import threading, time; threading.Thread(target=lambda: time.sleep(1) or late()).start()",
}


@pytest.mark.parametrize("begun", _LATE.values(), ids=_LATE)
def test_what_other_code_has_begun_is_finished(begun: str, folder: Path) -> None:
    late = "import pathlib\ndef late(): pathlib.Path('late').touch()\n"
    done = started(folder, "-c", f"{late}{begun}\nfrom anyscale_constructs.cli import program\nprogram('--version')")
    assert (done.returncode, done.stderr, (folder / "late").exists()) == (0, b"", True)


_OWN_KIND = """\
from anyscale_constructs.clouds import Ec2Stack


class OwnStack(Ec2Stack):
    def compose(self):
        {}
"""
# The code of an own kind's module, and the place in the message.
_OWN_FAULTS = {
    "import": ("import anyscale_constructs\nx = y\n", "stacks/own.py:2: NameError: name 'y' is not defined"),
    "syntax": ("x = 1\nclass Own(:\n", "stacks/own.py:2: SyntaxError: invalid syntax"),
    "compose": (_OWN_KIND.format("return {}['a']"), "stacks/own.py:6: KeyError: 'a'"),
    "a library": (
        _OWN_KIND.format("return __import__('json').loads('')"),
        "stacks/own.py:6: JSONDecodeError: Expecting",
    ),
    "a frozen module": (
        _OWN_KIND.format(r"return __import__('os.path').path.realpath('\0')"),
        "stacks/own.py:6: ValueError: embedded null",
    ),
}


def _synthesized(folder: Path, first: str = "") -> tuple[int, str, str]:
    done = started(folder, "-c", f"{first}from anyscale_constructs.cli import main; main('synth')")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(("module", "says"), _OWN_FAULTS.values(), ids=_OWN_FAULTS)
def test_an_error_in_the_users_own_kind_has_its_line(module: str, says: str, folder: Path) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "__init__.py").touch()
    (folder / "stacks" / "own.py").write_text(module)
    write(folder, prod=CLOUD.replace("ec2", "own", 1))
    status, _, told = _synthesized(folder)
    assert status == 2
    place, said = says.split(": ", 1)
    assert told.startswith(f"error[faulty-code]: {place}: prod: {said}")
    assert told.endswith("  Fix: correct the code\n")


_BROKEN = "from anyscale_constructs.aws import Vpc\nVpc.complete = None\n"


def test_an_internal_error_is_one_message(folder: Path) -> None:
    write(folder, prod=CLOUD)
    status, _, told = _synthesized(folder, _BROKEN)
    assert status == 70
    assert told == (
        "error[internal-error]: prod: TypeError: 'NoneType' object is not callable\n"
        "  Fix: report this bug in anyscale-constructs, with the output of the command with "
        "ANYSCALE_CONSTRUCTS_TRACEBACK=1\n"
    )


def test_an_internal_error_does_not_hide_other_errors(folder: Path) -> None:
    write(folder, prod=CLOUD, staging=f"{CLOUD}typo: 1\n")
    status, _, told = _synthesized(folder, _BROKEN)
    assert status == 70
    assert "error[internal-error]: prod: TypeError" in told
    assert "error[unknown-key]: clouds/staging.yaml" in told


def test_an_internal_error_is_also_json(folder: Path) -> None:
    write(folder, prod=CLOUD)
    first = f"import sys; sys.argv += ['--format', 'json']\n{_BROKEN}"
    status, out, _ = _synthesized(folder, first)
    assert status == 70
    (finding,) = json.loads(out)["findings"]
    assert (finding["rule"], finding["cloud"]) == ("internal-error", "prod")


def test_the_traceback_of_an_internal_error_is_shown_on_request(folder: Path) -> None:
    write(folder, prod=CLOUD)
    status, _, told = _synthesized(folder, f"import os; os.environ['ANYSCALE_CONSTRUCTS_TRACEBACK'] = '1'\n{_BROKEN}")
    assert status == 70
    assert told.startswith("Traceback (most recent call last):")
    assert told.endswith("ANYSCALE_CONSTRUCTS_TRACEBACK=1\n")
