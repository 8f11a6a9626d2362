"""Reports an unforeseen exception as a finding, with a traceback only on request."""

import errno
import os
import pathlib
import re
import traceback

import anyscale_constructs
from anyscale_constructs.errors import (
    ConfigError,
    ConstructsError,
    EngineError,
    InternalError,
    engine_ended,
    is_engines,
    relative,
    said_by_engine,
)
from anyscale_constructs.findings import Finding, Place, Rule, cut

FAULTY_CODE = Rule("faulty-code", "error", "A module of your own, such as a kind of cloud, raised an exception.")

# Faults of the machine, wherever they occur.
_SPACE = "free space there; if the directory for temporary files is full, set TMPDIR to another one"
_RIGHTS = "let this user read and write there; if it is the directory for temporary files, set TMPDIR to another one"
_SURROUNDINGS = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EROFS: _RIGHTS,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EMFILE: "raise the limit on open files with ulimit -n",
    errno.ENAMETOOLONG: "use a shorter name",
}
# How Node.js begins the message of a failed system call.
_FAILED_CALL = re.compile(r"(E[A-Z]+): ")

_OWN = pathlib.Path(anyscale_constructs.__file__).resolve().parent
_VARIABLE = "ANYSCALE_CONSTRUCTS_TRACEBACK"


def foreseen(error: Exception, cloud: str = "") -> ConstructsError:
    """Returns the exception as a `ConstructsError` that blames the user's code if that raised it, else this library.

    Args:
        error: The exception.
        cloud: The cloud whose synthesis raised the exception. Default: unknown.
    """
    if isinstance(error, ConstructsError):
        return error
    if ended := engine_ended(error):
        return ended
    if isinstance(error, BrokenPipeError):  # the reader of the output closed it, which is no error of the command
        raise error
    if isinstance(error, MemoryError):
        return ConstructsError([Finding("there is not enough memory", "free some, or raise its limit", cloud=cloud)])
    if isinstance(error, OSError) and (fix := _mended(error)):
        what = ": ".join(filter(None, (error.strerror, cut(str(error.filename or "")))))
        return ConstructsError([Finding(what, fix, cloud=cloud)])
    if is_engines(error) and (call := _FAILED_CALL.match(said := said_by_engine(error))):
        fix = _SURROUNDINGS.get(getattr(errno, call[1], 0), "correct the cause, and run this again")
        return EngineError([Finding(f"the engine failed: {said}", fix, cloud=cloud)])
    if os.environ.get(_VARIABLE):
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    if place := _users(error):
        return ConfigError([Finding(said, "correct the code", rule=FAULTY_CODE, cloud=cloud, place=place)])
    fix = f"report this bug in anyscale-constructs, with the output of the command with {_VARIABLE}=1"
    return InternalError([Finding(said, fix, cloud=cloud)])


def _mended(error: OSError) -> str | None:
    if error.errno == errno.ENOENT and error.filename is None and "temporary directory" in str(error):  # of tempfile
        return _RIGHTS
    return _SURROUNDINGS.get(error.errno) if error.errno else None


def together(errors: list[ConstructsError]) -> ConstructsError:
    """Returns several errors as one, which is an `InternalError` if one of them is."""
    kind = next((type(error) for error in errors if isinstance(error, InternalError)), ConfigError)
    return kind([finding for error in errors for finding in error.findings])


def _users(error: Exception) -> Place | None:
    """Returns the line of the user's code that raised an exception; None if this library did.

    Either may have called other code that raised it.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return Place(relative(error.filename), error.lineno or 1) if _is_users(pathlib.Path(error.filename)) else None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = pathlib.Path(frame.filename)
        if _OWN in file.resolve().parents:
            break
        if _is_users(file):
            return Place(relative(frame.filename), frame.lineno or 1)
    return None


def _is_users(file: pathlib.Path) -> bool:
    """Returns whether a file is in the working directory, but not in a package that is installed there."""
    parents = file.resolve().parents
    inside = pathlib.Path.cwd() in parents and _OWN not in parents and "site-packages" not in file.parts
    return inside and file.is_file()  # Python's own frozen modules are none
