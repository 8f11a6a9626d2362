"""Reports an unforeseen exception as a finding, with a traceback only on request."""

import errno
import os
import pathlib
import traceback

import anyscale_constructs
from anyscale_constructs.errors import ConfigError, ConstructsError, InternalError, engine_ended
from anyscale_constructs.findings import Finding, Place, Rule

FAULTY_CODE = Rule("faulty-code", "error", "A module of your own, such as a kind of cloud, raised an exception.")

# Faults of the machine, wherever they occur.
_SPACE = "free space there, or set TMPDIR to a directory with space"
_RIGHTS = "let this user write there, or set TMPDIR to a directory that can be written"
_SURROUNDINGS = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EROFS: _RIGHTS,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EMFILE: "raise the limit on open files with ulimit -n",
}

_OWN = pathlib.Path(anyscale_constructs.__file__).parent
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
    if isinstance(error, OSError) and (fix := _mended(error)):
        what = ": ".join(filter(None, (error.strerror, str(error.filename or ""))))
        return ConstructsError([Finding(what, fix, cloud=cloud)])
    if os.environ.get(_VARIABLE):
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    raised = _raised_at(error)
    if raised and _is_users(pathlib.Path(raised[0])):
        place = Place(os.path.relpath(raised[0]), raised[1])
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


def _raised_at(error: Exception) -> tuple[str, int] | None:
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].filename, frames[-1].lineno or 1) if frames else None


def _is_users(file: pathlib.Path) -> bool:
    """Returns whether the file is in the working directory, but not in a package that is installed there."""
    parents = file.resolve().parents
    return pathlib.Path.cwd() in parents and _OWN not in parents and "site-packages" not in file.parts
