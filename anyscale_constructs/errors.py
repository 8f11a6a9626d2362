"""The errors this library raises on purpose: each one says what is wrong and how to fix it.

A command prints their text and ends with their `exit_status`; none is ever shown with a traceback.
"""

import atexit
import json
import os
import sys
import types
from collections.abc import Iterable, Sequence
from traceback import walk_tb
from typing import Any, ClassVar

from anyscale_constructs.findings import NOT_GIVEN, Finding, Place, Rule, within
from anyscale_constructs.rendering import tell

# Whose frames lie between the user's code and an error: Python's own too, such as those of importlib and pkgutil.
_OURS = sys.stdlib_module_names | {
    "anyscale_constructs",
    "cdktf",
    "cdktn",
    "constructs",
    "jsii",
    "pydantic",
    "typeguard",
}

ENGINE_REFUSAL = Rule("engine-refusal", "error", "The engine checks what its constructs are given.")


class ConstructsError(Exception):
    """Something the user can fix.

    Args:
        what: What is wrong, in one clause, beginning with the name of the thing; or all that is wrong, as findings.
        value: The value that was given.
        allowed: What would be accepted.
        fix: What to do.
        rule: The rule that is broken. Default: that of the kind of error.
        on: The inputs of the construct that it is about.
    """

    exit_status = 2
    rule: ClassVar[Rule] = Rule("mistake", "error", "It cannot work.")
    """The rule that is broken where none is named."""

    def __init__(
        self,
        what: str | Iterable[Finding],
        *,
        value: Any = NOT_GIVEN,
        allowed: str = "",
        fix: str = "",
        rule: Rule | None = None,
        on: Sequence[str] = (),
    ) -> None:
        given = [Finding(what, fix, value, allowed, on=on)] if isinstance(what, str) else what
        self.findings = within(given, rule=rule or self.rule)
        """What is wrong, one finding for each thing."""
        self.place = _calling_line()
        """The user's file and line, if the error comes from a Python program."""
        super().__init__("\n".join(map(str, self.findings)))

    @property
    def where(self) -> str:
        """The place as text: `program.py:12`, or nothing."""
        return str(self.place or "")

    def placed(self) -> list[Finding]:
        """The findings, with the line of the user's program where there is no other place."""
        return within(self.findings, place=self.place)


class EngineRefusalError(RuntimeError):
    """What the engine without Node.js refuses, as the others do."""


def is_engines(error: BaseException) -> bool:
    """Whether the engine raised an error, whose only kind is RuntimeError."""
    return isinstance(error, EngineRefusalError) or type(error.__cause__).__name__ == "JavaScriptError"


def said_by_engine(error: BaseException) -> str:
    """The first line of an error of the engine's, without its kind."""
    return str(error).strip().partition("\n")[0].removeprefix("Error: ")


def engine_ended(error: BaseException) -> "EngineError | None":
    """The error that Node.js ended while the engine ran on it, if that is what an exception of jsii's comes from."""
    for frame, _ in walk_tb(error.__traceback__ if isinstance(error, json.JSONDecodeError | OSError) else None):
        process: Any = frame.f_locals.get("self")
        if frame.f_globals.get("__name__") == "jsii._kernel.providers.process" and hasattr(process, "stop"):
            atexit.unregister(process.stop)  # it would fail too, with a traceback, at the end and as the process goes
            process.stop = bool
            return EngineError(
                "Node.js, which the engine runs on, ended too early",
                fix="run this again; if that does not help, free memory, or name another Node.js in JSII_NODE",
            )
    return None


def users_line(trace: types.TracebackType | None) -> Place | None:
    """The line of the user's own code that an exception came through last, if it came through any."""
    users = [_place(frame, line) for frame, line in walk_tb(trace) if not _is_ours(frame)]
    return users[-1] if users else None


def _is_ours(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS


def _calling_line() -> Place | None:
    """Where the user's own code called the library; pytest is told to hide the frames between."""
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 - Python's only way to the caller
    while frame and _is_ours(frame):
        frame.f_globals["__tracebackhide__"] = _hides
        frame = frame.f_back
    return _place(frame, frame.f_lineno) if frame else None


def _place(frame: types.FrameType, line: int) -> Place:
    return Place(os.path.relpath(frame.f_code.co_filename), line)


def _hides(raised: Any) -> bool:
    return issubclass(raised.type, ConstructsError)


def _say(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    """Ends a user's program with one message instead of a traceback, where the user's code is at fault."""
    if isinstance(error, ConstructsError):
        tell(error.placed(), sys.stderr)
    elif is_engines(error):
        what = f"the engine refuses it: {said_by_engine(error)}"
        tell([Finding(what, rule=ENGINE_REFUSAL, place=users_line(trace))], sys.stderr)
    elif ended := engine_ended(error):
        tell(ended.findings, sys.stderr)
    else:
        _before(kind, error, trace)


_before, sys.excepthook = sys.excepthook, _say


class InternalError(ConstructsError):
    """An exception that nobody foresaw."""

    rule = Rule("internal-error", "error", "It is a bug in this library, whatever was given to it.")
    exit_status = 70
    """What sysexits.h calls an internal software error."""


class EngineError(ConstructsError):
    """The engine (cdktf or cdktn) or the Node.js it needs is missing, or both engines are loaded."""

    rule = Rule("engine", "error", "The engine, or the Node.js that it runs on, cannot be used.")


class ConfigError(ConstructsError):
    """A cloud's configuration is wrong; for YAML the text begins with the file and the line."""

    rule = Rule("invalid-configuration", "error", "The configuration cannot be what was meant.")


class InputError(ConstructsError):
    """An input of a module or a construct is wrong, or would spring one of upstream's traps."""

    rule = Rule(
        "invalid-input", "error", "The input cannot be what was meant, or upstream or the provider would refuse it."
    )


class ExpressionError(ConstructsError, TypeError):
    """A value that is known only to Terraform was used as if it were known now."""

    rule = Rule("unresolved-value", "error", "Only Terraform knows the value, and Python needs it.")


class ConstraintError(ConstructsError):
    """Version constraints can't be read, or no version satisfies all of them."""

    rule = Rule(
        "version-conflict", "error", "Terraform selects one version of each provider, which all modules must accept."
    )


class SynthesisError(ConstructsError):
    """The stacks can't be turned into Terraform JSON."""

    rule = Rule("invalid-stack", "error", "The stack cannot be written as Terraform JSON that works.")


class LockError(ConstructsError):
    """A lock file can't be used, or Terraform can't make it."""

    rule = Rule("lock-file", "error", "Terraform takes the providers from the lock file.")


class CodegenError(ConstructsError):
    """An upstream checkout can't be turned into wrappers."""

    rule = Rule("module-source", "error", "The wrappers are generated from the modules' own source.")


class OutdatedError(CodegenError):
    """Wrappers are not what the catalog gives."""

    rule = Rule("outdated-wrappers", "error", "The generated wrappers must be those of the catalog.")

    exit_status = 1


class RegistrationError(ConstructsError):
    """The outputs or the resource file can't be registered as they are."""

    rule = Rule(
        "invalid-registration",
        "error",
        "Anyscale would refuse what the outputs say, or register a cloud that does not work.",
        command="register",
    )


class RefusedChangeError(RegistrationError):
    """The registered cloud differs in something that can't be changed in place."""

    rule = Rule(
        "refused-change",
        "error",
        "Anyscale cannot change this field of a registered cloud: another value needs another cloud.",
        command="register",
    )
    exit_status = 3


class ControlPlaneError(RegistrationError):
    """The control plane or the `anyscale` program failed."""

    rule = Rule("failed-registration", "error", "The control plane or the anyscale program failed.", command="register")
    exit_status = 4


class ReviewError(ConstructsError):
    """What is to be reviewed can't be read: a revision, a folder or a plan."""

    rule = Rule("failed-review", "error", "A review compares two revisions, two folders or a plan.", command="review")
