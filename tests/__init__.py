"""The tests; what needs the real programs and minutes is in tests/e2e."""

import pathlib
from typing import Any

from anyscale_constructs import words

ROOT = pathlib.Path(__file__).parent.parent


def spelled(value: Any) -> Any:
    """The value with Terraform code in place of the words that stand for it, as people write it."""
    match value:
        case str():
            return words.spelled(str.__str__(value))
        case dict():
            return {spelled(key): spelled(inner) for key, inner in value.items()}
        case list() | tuple():
            return type(value)(map(spelled, value))
    return value
