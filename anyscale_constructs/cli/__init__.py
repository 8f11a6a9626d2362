"""The command line: thin commands that import their dependencies when they run."""

import atexit
import contextlib
import gc
import importlib
import io
import os
import pathlib
import signal
import sys
import threading
import types
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from anyscale_constructs.rendering import tell
from anyscale_constructs.signals import handled

__all__ = ["main", "program", "run"]

_SIGNALLED = 128
"""The exit status of a program ended by a signal is this plus the signal's number, as in a shell."""
_BROKEN_PIPE = _SIGNALLED + 13
"""The exit status of a program ended by SIGPIPE. A literal, because not every system has that signal."""


_PLUGINS = "pydantic.plugin._loader"


class _NoPlugins(types.ModuleType):
    """Replaces pydantic's module that finds no plugins: its imports take a fifteenth of a short run."""

    def get_plugins(self) -> tuple[()]:
        """Returns no plugins."""
        return ()

    def __getattr__(self, name: str) -> Any:
        """Returns another attribute of pydantic's own module."""
        if name.startswith("__"):  # what the import system asks for
            raise AttributeError(name)
        del sys.modules[_PLUGINS]
        return getattr(importlib.import_module(_PLUGINS), name)


def main(*arguments: str) -> NoReturn:
    """Runs `anyscale-constructs`.

    Args:
        arguments: Arguments to insert before those of the command line.

    Raises:
        SystemExit: Always, with the exit status.
    """
    # A run is short, so this work would take a seventh of its time for nothing: garbage collection, although nearly all
    # objects are kept, and pydantic's search of all installed packages for plugins.
    gc.disable()
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        sys.modules.setdefault(_PLUGINS, _NoPlugins(_PLUGINS))
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller closed it
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # UTF-8 in any locale, as Terraform and git use it. A program that embeds this may have replaced a stream.
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(encoding="utf-8", errors="strict" if stream is sys.stdin else "backslashreplace")

    def command() -> None:
        from anyscale_constructs.cli.app import run as run_app  # noqa: PLC0415 - an interrupt of the imports is handled, too
        from anyscale_constructs.engine.choice import run_command  # noqa: PLC0415 - likewise

        run_command()
        run_app([*arguments, *sys.argv[1:]])

    sys.exit(run(command))


def program(*arguments: str) -> NoReturn:
    """Runs `main` as the last function of the process, which ends without freeing its objects one by one.

    Args:
        arguments: Those of `main`.
    """
    try:
        main(*arguments)
    except SystemExit as end:
        if threading.active_count() > 1:  # the user's own code may have started some, which Python waits for
            raise
        atexit._run_exitfuncs()  # noqa: SLF001 - os._exit does not call them
        os._exit(int(end.code or 0))


def run(command: Callable[[], object]) -> int:
    """Runs a command and returns its exit status. An error that the user can fix is printed as one message."""
    received: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    try:
        with handled(interrupt):  # without it, SIGTERM would skip the clean-up
            _require_working_directory()
            try:
                command()
            finally:
                sys.stdout.flush()  # at the end of the process, a failure would change the exit status
    except KeyboardInterrupt:
        return _SIGNALLED + next(iter(received), signal.SIGINT)
    except SystemExit as end:
        return int(end.code or 0)
    except BrokenPipeError:  # the reader closed the pipe, such as `| head`
        _drop_unwritten()
        return _BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last resort
        from anyscale_constructs.cli.faults import foreseen  # noqa: PLC0415 - imported only when needed

        known = foreseen(error)
        with contextlib.suppress(OSError):  # standard error may be closed or full, too
            tell(known.findings, sys.stderr)
        _drop_unwritten()
        return known.exit_status
    return 0


def _require_working_directory() -> None:
    try:
        pathlib.Path.cwd()
    except FileNotFoundError as error:
        from anyscale_constructs.errors import ConfigError  # noqa: PLC0415 - imported only when needed

        raise ConfigError("the working directory no longer exists", fix="change to another directory") from error


def _drop_unwritten() -> None:
    """Keeps the end of the process from writing again what a stream does not accept."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
