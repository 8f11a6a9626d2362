"""Finds the `anyscale` program and runs it with a time limit; its messages are printed, not parsed."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.model import said
from anyscale_constructs.errors import ControlPlaneError, RegistrationError
from anyscale_constructs.findings import Rule

# Whole escape sequences, except unterminated strings, which would hide text; then any other control character, and the
# characters that reverse the direction of text.
_CONTROLS = re.compile(
    r"(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_FAILED = re.compile(r"\bFAILED\b")
CREDENTIALS = "~/.anyscale/credentials.json"
"""The file in which `anyscale login` stores a token."""
LOG_IN = "set ANYSCALE_CLI_TOKEN, or run anyscale login"
_SHOWN_LINES = 20
_WIDEST = 1000
_LONGEST_GRACE = 30.0
_INSTALL = "run pip install anyscale, or set ANYSCALE_BIN to the program"

PROGRAM = Rule(
    "missing-anyscale-program", "error", "The anyscale program makes all calls to Anyscale's API.", command="register"
)
TOKEN = Rule(
    "missing-anyscale-token", "error", "Anyscale's API rejects calls without a valid token.", command="register"
)
LIMIT = Rule(
    "registration-timeout", "error", "The control plane or the network is slow or does not answer.", command="register"
)

# Environment variables that prevent calls to a package index and usage reports, and fix exit statuses and line order.
_SET = {"ANYSCALE_SUPPRESS_UPGRADE_WARNING": "1", "ANYSCALE_TELEMETRY_SAMPLE_RATE": "0"}
_UNSET = {"ANYSCALE_LEGACY_EXIT_CODES", "ANYSCALE_DEBUG", "ANYSCALE_LOG_STREAM"}


@dataclass(frozen=True)
class Done:
    """The result of one run of the program.

    Attributes:
        command: The command line.
        exit_status: The exit status.
        stdout: Standard output, unchanged.
        lines: The lines it printed for people, without empty lines, control characters and tokens.
    """

    command: str
    exit_status: int
    stdout: str
    lines: Sequence[str]

    @property
    def said(self) -> str:
        """The last lines it printed for people."""
        return quoted(self.lines[-_SHOWN_LINES:] or ["(nothing)"])

    @property
    def failures(self) -> list[str]:
        """The lines that report a failed check, which the exit status does not always show."""
        return [line for line in self.lines if _FAILED.search(line)]


def quoted(lines: Iterable[str]) -> str:
    """Returns the program's lines, marked to distinguish them from this library's."""
    return "\n".join(f"  | {line}" for line in lines)


class Program:
    """The `anyscale` program, with one time limit for all of its runs together.

    A run that takes too long is interrupted, so that it can clean up, and killed when the limit is reached. The same
    happens to a run in progress when this process is interrupted.

    Args:
        time_limit: The time limit, in seconds.
        since: The start of the time limit, on the monotonic clock.

    Raises:
        RegistrationError: The program or its token is missing.
    """

    def __init__(self, time_limit: float, since: float) -> None:
        self._path = _find()
        self._tokens = _tokens()
        self._time_limit = time_limit
        self._deadline = since + time_limit
        self._grace = min(_LONGEST_GRACE, time_limit / 3)

    def run(self, *arguments: str, show: bool = False) -> Done:
        """Runs the program until it ends, with any exit status.

        Args:
            *arguments: The arguments of the program.
            show: Whether to print all of its lines to standard error when it ends or is stopped.

        Raises:
            ControlPlaneError: The program exceeded the time limit.
        """
        command = shlex.join(["anyscale", *arguments])
        left = self._deadline - self._grace - time.monotonic()
        if left <= 0:
            raise self._too_late(command)
        environment = {name: value for name, value in os.environ.items() if name not in _UNSET} | _SET
        try:
            process = subprocess.Popen(
                [self._path, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,  # the program prompts even with --yes
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise RegistrationError(
                f"{self._path} cannot be run: {error.strerror}", fix=_INSTALL, rule=PROGRAM
            ) from error
        stdout = stderr = ""
        try:
            stdout, stderr = process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            raise self._too_late(command) from None
        finally:
            if process.poll() is None:
                stdout, stderr = self._stop(process)
            lines = list(self._lines(f"{stderr}\n{stdout}"))
            if show:
                print(quoted(lines), file=sys.stderr)  # noqa: T201
        return Done(command, process.returncode, stdout, lines)

    def read(self, *arguments: str, form: TypeAdapter[Any]) -> Any:
        """Runs a command that prints JSON.

        Args:
            *arguments: The arguments of the program.
            form: The type of the printed JSON.

        Raises:
            ControlPlaneError: The program failed, printed something else, or exceeded the time limit.
        """
        done = self.run(*arguments)
        if done.exit_status:
            raise ControlPlaneError(
                f"{done.command} failed with exit status {done.exit_status}",
                fix=f"fix the problem that it reports, then run this again:\n{done.said}",
            )
        try:
            answer = json.loads(self._masked(done.stdout))
            form.validate_python(answer)
        except (ValueError, RecursionError) as error:
            what = said(error) if isinstance(error, ValidationError) else "is not valid JSON"
            raise ControlPlaneError(
                f"the output of {done.command} cannot be used: {what}; nothing was written",
                fix=f"upgrade the anyscale program, which printed:\n{done.said}",
            ) from error
        return answer

    def _lines(self, text: str) -> Iterator[str]:
        for line in text.splitlines():
            plain = self._masked(_CONTROLS.sub("", line[: 4 * _WIDEST]).rstrip())
            if plain:
                yield plain if len(plain) <= _WIDEST else f"{plain[:_WIDEST]}..."

    def _masked(self, text: str) -> str:
        for token in self._tokens:
            text = text.replace(token, "***")
        return text

    def _stop(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        """Stops a run in progress; returns its standard output and standard error."""
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                os.killpg(process.pid, signal.SIGINT)
                return process.communicate(timeout=min(self._grace, max(self._deadline - time.monotonic(), 0)))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()

    def _too_late(self, command: str) -> ControlPlaneError:
        return ControlPlaneError(
            f"{command} was stopped at the limit of {self._time_limit:g} s; it may have been partly applied",
            fix="run this again, with a higher --timeout if needed: it completes a partial registration",
            rule=LIMIT,
        )


def _tokens() -> list[str]:
    """Returns the tokens that the program can use, which are masked in its output.

    Raises:
        RegistrationError: There is no token.
    """
    file = pathlib.Path(os.path.expanduser(CREDENTIALS))  # noqa: PTH111 - pathlib fails without a home directory
    given = os.environ.get("ANYSCALE_CLI_TOKEN")
    if not given and not file.is_file():
        raise RegistrationError(
            f"there is no Anyscale token: ANYSCALE_CLI_TOKEN is not set, and {CREDENTIALS} does not exist",
            fix=LOG_IN,
            rule=TOKEN,
        )
    stored: Any = None
    with contextlib.suppress(OSError, ValueError):  # the program itself reports what is wrong with it
        stored = json.loads(file.read_text(encoding="utf-8"))
    found = [given, stored.get("cli_token") if isinstance(stored, dict) else None]
    return [token.strip() for token in found if isinstance(token, str) and token.strip()]


def _find() -> str:
    given = os.environ.get("ANYSCALE_BIN")
    found = shutil.which(given or "anyscale")
    if found is None:
        raise RegistrationError(
            f"ANYSCALE_BIN is {given}, which is not a program" if given else "anyscale is not on PATH",
            fix=_INSTALL,
            rule=PROGRAM,
        )
    return found
