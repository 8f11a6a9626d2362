"""What is wrong with a cloud: errors, warnings and notes."""

from dataclasses import dataclass
from typing import Any

from anyscale_constructs.errors import InputError

_NOT_GIVEN = object()


@dataclass(frozen=True)
class Finding:
    """What a guard found: an error, a warning where a recommendation is missed, or a note on an open default.

    Args:
        what: What is wrong, in one clause that begins with the input's name.
        mend: What to do.
        value: The value that was given.
        allowed: What would be accepted.
        warning: Whether it works all the same.
        note: Whether it works and is upstream's own default: told when asked for.
    """

    what: str
    mend: str
    value: Any = _NOT_GIVEN
    allowed: str = ""
    warning: bool = False
    note: bool = False

    def __str__(self) -> str:
        values = {} if self.value is _NOT_GIVEN else {"value": self.value}
        return str(InputError(self.what, **values, allowed=self.allowed, mend=self.mend))
