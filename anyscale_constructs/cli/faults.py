"""What a command says of an exception that nobody foresaw: one line, and no traceback unless it is asked for."""

import os
import pathlib
import sys
import traceback

import anyscale_constructs
from anyscale_constructs.findings import clean

_OWN = pathlib.Path(anyscale_constructs.__file__).parent
_VARIABLE = "ANYSCALE_CONSTRUCTS_TRACEBACK"
_WRONG_INPUT = 2
BUG = 70
"""What sysexits.h calls an internal software error."""


def report(error: Exception) -> int:
    """Prints it and gives the exit status: 2 if the user's own Python code raised it, else 70."""
    if os.environ.get(_VARIABLE):
        traceback.print_exception(error)
    said = clean(f"{type(error).__name__}: {error}".strip().splitlines()[0])
    where = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
    raised = _raised_at(error)
    if raised and _is_users(pathlib.Path(raised[0])):
        print(f"error: {where}{os.path.relpath(raised[0])}:{raised[1]}: {said}", file=sys.stderr)
        return _WRONG_INPUT
    print(
        f"error: {where}{said}. This is a bug in anyscale-constructs: report it with what {_VARIABLE}=1 prints",
        file=sys.stderr,
    )
    return BUG


def _raised_at(error: Exception) -> tuple[str, int] | None:
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].filename, frames[-1].lineno or 1) if frames else None


def _is_users(file: pathlib.Path) -> bool:
    """Whether the file is in the folder where the command runs, and in no package that is installed there."""
    parents = file.resolve().parents
    return pathlib.Path.cwd() in parents and _OWN not in parents and "site-packages" not in file.parts
