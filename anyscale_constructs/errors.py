"""The errors that this library raises on purpose: each says what is wrong and how to fix it.

A command prints the text of the error without a traceback, and exits with its `exit_status`.
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

# Packages whose frames can lie between the user's code and an error. The standard library's importlib and pkgutil do.
_OURS = sys.stdlib_module_names | {
    "anyscale_constructs",
    "cdktf",
    "cdktn",
    "constructs",
    "jsii",
    "pydantic",
    "typeguard",
}

ENGINE_REFUSAL = Rule("engine-refusal", "error", "The engine validates the arguments of its constructs.")


class ConstructsError(Exception):
    """An error that the user can fix.

    Args:
        what: What is wrong, as one clause that begins with the name of the subject; or a list of findings.
        value: The value that was given. Default: the message shows no value.
        allowed: What is accepted instead, as a noun phrase. Default: the message does not say.
        fix: How to fix it, as an imperative. Default: the message does not say.
        rule: The rule that is broken. Default: the rule of the error class.
        on: The construct's inputs that the error concerns. Default: none.
    """

    exit_status = 2
    rule: ClassVar[Rule] = Rule("mistake", "error", "The input or configuration cannot work.")
    """The rule that is broken when the caller names none."""

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
        """The findings, one for each problem."""
        self.place = _calling_line()
        """The file and line of the user's code, if a Python program caused the error."""
        super().__init__("\n".join(map(str, self.findings)))

    @property
    def where(self) -> str:
        """The place as a string, e.g. `program.py:12`; empty if unknown."""
        return str(self.place or "")

    def placed(self) -> list[Finding]:
        """Returns the findings; those without a place get the line of the user's program."""
        return within(self.findings, place=self.place)


class EngineRefusalError(RuntimeError):
    """The native engine rejects a value, as the engines on Node.js do."""


def is_engines(error: BaseException) -> bool:
    """Returns whether the engine raised the error; engines on Node.js only raise RuntimeError."""
    return isinstance(error, EngineRefusalError) or type(error.__cause__).__name__ == "JavaScriptError"


def said_by_engine(error: BaseException) -> str:
    """Returns the first line of an engine error, without the `Error:` prefix."""
    return str(error).strip().partition("\n")[0].removeprefix("Error: ")


def engine_ended(error: BaseException) -> "EngineError | None":
    """Returns the error that the engine's Node.js ended, if jsii raised `error` for that reason, else None."""
    for frame, _ in walk_tb(error.__traceback__ if isinstance(error, json.JSONDecodeError | OSError) else None):
        process: Any = frame.f_locals.get("self")
        if frame.f_globals.get("__name__") == "jsii._kernel.providers.process" and hasattr(process, "stop"):
            atexit.unregister(process.stop)  # the exit hook and the destructor would fail, too
            process.stop = bool
            return EngineError(
                "Node.js, which the engine runs on, ended too early",
                fix="run this again; if that does not help, free memory, or name another Node.js in JSII_NODE",
            )
    return None


def users_line(trace: types.TracebackType | None) -> Place | None:
    """Returns the innermost line of the user's own code in a traceback, or None if there is none."""
    users = [_place(frame, line) for frame, line in walk_tb(trace) if not _is_ours(frame)]
    return users[-1] if users else None


def _is_ours(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS


def _calling_line() -> Place | None:
    """Returns where the user's code called the library, and hides the frames in between from pytest's tracebacks."""
    frame: types.FrameType | None = sys._getframe(1)  # noqa: SLF001 - Python's only way to the caller
    while frame and _is_ours(frame):
        frame.f_globals["__tracebackhide__"] = _hides
        frame = frame.f_back
    return _place(frame, frame.f_lineno) if frame else None


def _place(frame: types.FrameType, line: int) -> Place:
    return Place(relative(frame.f_code.co_filename), line)


def relative(file: str) -> str:
    """Returns a path relative to the working directory; unchanged if that directory no longer exists."""
    try:
        return os.path.relpath(file)
    except FileNotFoundError:
        return file


def _hides(raised: Any) -> bool:
    return issubclass(raised.type, ConstructsError)


def _say(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    """Prints a message instead of a traceback when an error of the user's code ends the program."""
    if isinstance(error, ConstructsError):
        tell(error.placed(), sys.stderr)
    elif is_engines(error):
        what = f"the engine rejects a value: {said_by_engine(error)}"
        tell([Finding(what, rule=ENGINE_REFUSAL, place=users_line(trace))], sys.stderr)
    elif ended := engine_ended(error):
        tell(ended.findings, sys.stderr)
    else:
        _before(kind, error, trace)


_before, sys.excepthook = sys.excepthook, _say


class InternalError(ConstructsError):
    """An unexpected exception."""

    rule = Rule("internal-error", "error", "An unexpected exception is a bug in this library, whatever the input.")
    exit_status = 70
    """EX_SOFTWARE in sysexits.h: an internal software error."""


class EngineError(ConstructsError):
    """The engine (cdktf or cdktn) or its Node.js is missing, or two engines are loaded."""

    rule = Rule("engine", "error", "Synthesis needs exactly one engine, and a supported Node.js if the engine uses it.")


class ConfigError(ConstructsError):
    """A cloud's configuration is invalid; for YAML, the message begins with the file and line."""

    rule = Rule("invalid-configuration", "error", "The configuration is invalid, so it cannot mean what was intended.")


class InputError(ConstructsError):
    """An input of a module or a construct is invalid, or triggers a known upstream problem."""

    rule = Rule(
        "invalid-input", "error", "The input is invalid, or the upstream module or the provider would reject it."
    )


class ExpressionError(ConstructsError, TypeError):
    """Python code used an unresolved value, which only Terraform knows, as a known one."""

    rule = Rule("unresolved-value", "error", "Python needs the value at synthesis, but only Terraform knows it.")


class ConstraintError(ConstructsError):
    """A version constraint is invalid, or no version satisfies all constraints."""

    rule = Rule(
        "version-conflict", "error", "Terraform selects one version of each provider, and all modules must accept it."
    )


class SynthesisError(ConstructsError):
    """The stacks cannot be synthesized to Terraform JSON."""

    rule = Rule("invalid-stack", "error", "The stack cannot be written as valid Terraform JSON.")


class LockError(ConstructsError):
    """A lock file is invalid, or Terraform cannot create it."""

    rule = Rule("lock-file", "error", "Terraform selects the provider versions in the lock file.")


class CodegenError(ConstructsError):
    """Wrappers cannot be generated from an upstream checkout."""

    rule = Rule("module-source", "error", "The wrappers are generated from the source code of the modules.")


class OutdatedError(CodegenError):
    """The generated wrappers do not match the catalog."""

    rule = Rule("outdated-wrappers", "error", "The generated wrappers must match the catalog.")

    exit_status = 1


class RegistrationError(ConstructsError):
    """The stack's outputs or the resource file cannot be registered."""

    rule = Rule(
        "invalid-registration",
        "error",
        "Anyscale would reject the outputs, or register a cloud that does not work.",
        command="register",
    )


class RefusedChangeError(RegistrationError):
    """The registered cloud differs in a field that cannot be changed in place."""

    rule = Rule(
        "refused-change",
        "error",
        "Anyscale cannot change this field of a registered cloud; a different value requires a new cloud.",
        command="register",
    )
    exit_status = 3


class ControlPlaneError(RegistrationError):
    """The control plane or the `anyscale` program failed."""

    rule = Rule("failed-registration", "error", "The control plane or the anyscale program failed.", command="register")
    exit_status = 4


class ReviewError(ConstructsError):
    """A revision, output directory or plan to review cannot be read."""

    rule = Rule(
        "failed-review",
        "error",
        "A review compares two revisions or two output directories, or reads a plan.",
        command="review",
    )
