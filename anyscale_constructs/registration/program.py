"""The real `anyscale` program: found, run with a time limit that holds, its words left to people."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from anyscale_constructs.errors import ControlPlaneError, RegistrationError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CREDENTIALS = "~/.anyscale/credentials.json"
"""Where `anyscale login` puts a token."""
_SHOWN_LINES = 20
_LONGEST_GRACE = 10.0

# No call to a package index, no usage call, today's exit statuses.
_SET = {"ANYSCALE_SUPPRESS_UPGRADE_WARNING": "1", "ANYSCALE_TELEMETRY_SAMPLE_RATE": "0"}
_UNSET = {"ANYSCALE_LEGACY_EXIT_CODES", "ANYSCALE_DEBUG"}


@dataclass(frozen=True)
class Done:
    """One run of the program."""

    command: str
    exit_status: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """The end of what the program printed for people."""
        lines = [line.rstrip() for line in _ANSI.sub("", f"{self.stderr}\n{self.stdout}").splitlines()]
        return "\n".join(f"  | {line}" for line in [line for line in lines if line][-_SHOWN_LINES:])


class Program:
    """The `anyscale` program, with a time limit for all of its runs together.

    A run that takes too long is interrupted, so that it can clean up, and killed when the limit is reached;
    so is a run that is under way when this process is interrupted.

    Args:
        time_limit: Seconds.
        since: When they began, on the monotonic clock.

    Raises:
        RegistrationError: There is no such program, or no token for it.
    """

    def __init__(self, time_limit: float, since: float) -> None:
        self._path = _find()
        there = os.path.isfile(os.path.expanduser(_CREDENTIALS))  # noqa: PTH111, PTH113 - pathlib's want a home
        if not os.environ.get("ANYSCALE_CLI_TOKEN") and not there:
            raise RegistrationError(
                f"there is no token of Anyscale's: ANYSCALE_CLI_TOKEN is not set, and {_CREDENTIALS} is not there",
                mend="export ANYSCALE_CLI_TOKEN=..., or run anyscale login",
            )
        self._time_limit = time_limit
        self._deadline = since + time_limit
        self._grace = min(_LONGEST_GRACE, time_limit / 4)

    def run(self, *arguments: str) -> Done:
        """Runs the program to its end, whatever its exit status.

        Raises:
            ControlPlaneError: It did not end in time.
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
                stdin=subprocess.DEVNULL,  # it asks even with --yes
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise RegistrationError(f"{self._path} can't be run: {error.strerror}") from error
        try:
            stdout, stderr = process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            raise self._too_late(command) from None
        finally:
            self._stop(process)
        return Done(command, process.returncode, stdout, stderr)

    def read(self, *arguments: str, form: type) -> Any:
        """Runs a command that prints JSON.

        Args:
            *arguments: The command.
            form: What it prints: a list or an object.

        Raises:
            ControlPlaneError: It failed, printed something else, or did not end in time.
        """
        done = self.run(*arguments)
        if done.exit_status:
            raise ControlPlaneError(
                f"{done.command} failed with exit status {done.exit_status}",
                mend=f"see to what it says, then run this again:\n{done.said}",
            )
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, form):
            raise ControlPlaneError(
                f"{done.command} printed no JSON {'list' if form is list else 'object'}",
                mend=f"use a current anyscale program:\n{done.said}",
            )
        return answer

    def _stop(self, process: subprocess.Popen[str]) -> None:
        if process.poll() is not None:
            return
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                os.killpg(process.pid, signal.SIGINT)
                process.communicate(timeout=min(self._grace, max(self._deadline - time.monotonic(), 0)))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def _too_late(self, command: str) -> ControlPlaneError:
        return ControlPlaneError(
            f"{command} was stopped at the limit of {self._time_limit:g} s; how far it came is not known",
            mend="run this again, perhaps with more --timeout: it looks first and completes what is half done",
        )


def _find() -> str:
    given = os.environ.get("ANYSCALE_BIN")
    found = shutil.which(given or "anyscale")
    if found is None:
        raise RegistrationError(
            f"the program {given} that ANYSCALE_BIN names is not there" if given else "anyscale is not on PATH",
            mend="pip install anyscale, or let ANYSCALE_BIN name the program",
        )
    return found
