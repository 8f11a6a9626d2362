"""The errors this library raises on purpose: each one says what is wrong and how to mend it.

A command prints their text and ends with their `exit_status`; none is ever shown with a traceback.
"""

import os
import re
import sys
import types
from traceback import walk_tb
from typing import Any

from anyscale_constructs import words

_UNSET = object()
# Whose frames lie between the user's code and an error.
_OURS = {"anyscale_constructs", "cdktf", "cdktn", "constructs", "functools", "jsii", "pydantic", "typeguard"}
_LONGEST = 80
# Before a host; a log may keep the message.
_CREDENTIALS = re.compile(r"""(?:(?<=http://)|(?<=https://)|(?<=oci://))[^\s'"]+@|[^\s/'":]*:[^\s/'":]+@""")
# Tokens that begin as no id does: Anyscale's, AWS's, Google's, GitHub's, GitLab's, and JSON Web Tokens.
_TOKENS = re.compile(r"\b(sss_|aph0_|A[KS]IA(?=[A-Z0-9]{12})|AIza|gh[opsu]_|github_pat_|glpat-|eyJ)[\w.-]+")


class ConstructsError(Exception):
    """Something the user can mend.

    Args:
        what: What is wrong, in one clause, beginning with the name of the thing.
        value: The value that was given.
        allowed: What would be accepted.
        mend: What to do.
    """

    exit_status = 2

    def __init__(self, what: str, *, value: Any = _UNSET, allowed: str = "", mend: str = "") -> None:
        text = what if value is _UNSET else f"{what}; given: {shown(value)}"
        if allowed:
            text = f"{text}. Allowed: {allowed}"
        if mend:
            text = f"{text}. To mend it: {mend}"
        super().__init__(_TOKENS.sub(r"\1...", words.spelled(text)))
        self.where = _users_line()
        """The user's file and line, if the error comes from a Python program: `program.py:12`, else nothing."""


def cut(text: str) -> str:
    """What a message shows of a long name."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def shown(value: Any) -> str:
    """What a message shows of a value: its beginning, without credentials in front of a host."""
    text = repr(value)
    rest = text[_LONGEST:]
    if rest:
        # Credentials that the cut goes through end further on: they need their end to be found.
        end = "@" if "@" in re.split(r"[\s'\"]", rest, maxsplit=1)[0] else ""
        text = f"{text[:_LONGEST]}{end}...{rest[-1]}"
    return _CREDENTIALS.sub("...@", text)


def _is_ours(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS


def _users_line() -> str:
    """Where the user's own code called the library; pytest is told to hide the frames between."""
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 - Python's only way to the caller
    while frame and _is_ours(frame):
        frame.f_globals["__tracebackhide__"] = _hides
        frame = frame.f_back
    return f"{os.path.relpath(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else ""


def _hides(raised: Any) -> bool:
    return issubclass(raised.type, ConstructsError)


def _say(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    """Ends a user's program with one message instead of a traceback, where the user's code is at fault."""
    if isinstance(error, ConstructsError):
        print(f"error: {error.where}: {error}", file=sys.stderr)  # noqa: T201 - as Python itself would
    elif type(error.__cause__).__name__ == "JavaScriptError":
        lines = [f"{os.path.relpath(f.f_code.co_filename)}:{line}: " for f, line in walk_tb(trace) if not _is_ours(f)]
        said = str(error).strip().splitlines()[0].removeprefix("Error: ")
        print(f"error: {lines[-1] if lines else ''}the engine refuses it: {said}", file=sys.stderr)  # noqa: T201
    else:
        _before(kind, error, trace)


_before, sys.excepthook = sys.excepthook, _say


class EngineError(ConstructsError):
    """The engine (cdktf or cdktn) or the Node.js it needs is missing, or both engines are loaded."""


class ConfigError(ConstructsError):
    """A cloud's configuration is wrong; for YAML the text begins with the file and the line."""


class InputError(ConstructsError):
    """An input of a module or a construct is wrong, or would spring one of upstream's traps."""


class ExpressionError(ConstructsError, TypeError):
    """A value that is known only to Terraform was used as if it were known now."""


class ConstraintError(ConstructsError):
    """Version constraints can't be read, or no version satisfies all of them."""


class SynthesisError(ConstructsError):
    """The stacks can't be turned into Terraform JSON."""


class LockError(ConstructsError):
    """A lock file can't be used, or Terraform can't make it."""


class CodegenError(ConstructsError):
    """An upstream checkout can't be turned into wrappers."""


class OutdatedError(CodegenError):
    """Wrappers are not what the catalog gives."""

    exit_status = 1


class RegistrationError(ConstructsError):
    """The outputs or the resource file can't be registered as they are."""


class RefusedChangeError(RegistrationError):
    """The registered cloud differs in something that can't be changed in place."""

    exit_status = 3


class ControlPlaneError(RegistrationError):
    """The control plane or the `anyscale` program failed."""

    exit_status = 4
