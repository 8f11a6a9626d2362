"""Strict pydantic models, and one clear error for whatever doesn't fit them."""

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Discriminator, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError


class Model(BaseModel):
    """A model without conversions and without unknown keys; an unknown key's error names the nearest known one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_default=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for key in values:
                if key not in cls.model_fields:
                    raise PydanticCustomError(
                        "unknown_key", "{text}", {"text": unknown(key, cls.model_fields), "key": str(key)}
                    )
        return values


def existing_if(key: str, new: type[BaseModel]) -> Discriminator:
    """Tells the tags `new` and `existing` apart, by the key that only the existing thing has, also misspelt.

    Args:
        key: That key.
        new: The model of the new thing, whose own keys are no misspellings.
    """

    def tag(value: Any) -> str:
        if not isinstance(value, dict):
            return "existing" if hasattr(value, key) else "new"
        names = [key, *new.model_fields]
        nearest = (difflib.get_close_matches(str(name), names, n=1) for name in value)
        return "existing" if [key] in nearest else "new"

    return Discriminator(tag)


def unknown(name: object, known: Iterable[str], what: str = "key") -> str:
    """What to say of a name that isn't known: the nearest known one, or all of them when none is near."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    instead = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known) or 'none'}"
    return f"unknown {what} {name!r}: {instead}"


def refuse(what: str, mend: str) -> PydanticCustomError:
    """The error of a validator that looks at more than one field."""
    return PydanticCustomError("not_allowed", "{text}", {"text": f"{what}. To mend it: {mend}"})


def explain(error: ValidationError, name: str = "") -> str:
    """One line for each thing that is wrong: where, what, and the value.

    Args:
        error: What pydantic raised.
        name: What was validated, if that is a part of something larger.
    """

    def line(detail: ErrorDetails) -> str:
        where = ".".join(filter(None, [name, *map(str, place(detail))]))
        return f"{where}: {explain_one(detail)}" if where else explain_one(detail)

    return "\n".join(map(line, error.errors()))


def place(detail: ErrorDetails) -> tuple[int | str, ...]:
    """Where a value stands, with the key itself for an unknown one."""
    return (*detail["loc"], detail["ctx"]["key"]) if detail["type"] == "unknown_key" else detail["loc"]


def explain_one(detail: ErrorDetails) -> str:
    """What is wrong with one value, without the place where it stands."""
    text = detail["msg"]
    if detail["type"] == "missing":
        return "is required"
    if detail["type"] == "union_tag_not_found":
        return f"{detail['ctx']['discriminator'].strip(chr(39))} is required, to tell which one it is"
    if detail["type"] in {"unknown_key", "not_allowed"} and isinstance(detail["input"], dict | BaseModel):
        return text
    return f"{text[0].lower()}{text[1:]}; given: {detail['input']!r}"
