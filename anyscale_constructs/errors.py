"""The errors this library raises on purpose: each one says what is wrong and how to mend it.

A command prints their text and ends with their `exit_status`; none is ever shown with a traceback.
"""

from typing import Any

from anyscale_constructs import words

_UNSET = object()


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
        text = what if value is _UNSET else f"{what}; given: {value!r}"
        if allowed:
            text = f"{text}. Allowed: {allowed}"
        if mend:
            text = f"{text}. To mend it: {mend}"
        super().__init__(words.spelled(text))


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
