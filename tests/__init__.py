"""The tests; what needs the real programs and minutes is in tests/e2e."""

import pathlib
import re
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


def said(error: Exception) -> str:
    """What an error says, without the columns of places in YAML files."""
    return re.sub(r"(?m)^(\S+\.ya?ml:\d+):\d+: ", r"\1: ", str(error))


def flat(printed: str) -> str:
    """What is printed of findings, one line for each: without rules, columns and the lines of files."""
    printed = re.sub(r"(?m)^(error|warning|note)\[[a-z0-9-]+\]: ", r"\1: ", printed)
    printed = re.sub(r"(?m)^(\w+: \S+\.(?:ya?ml|py):\d+):\d+: ", r"\1: ", printed)
    printed = re.sub(r"(?m)^ +\d* \| .*\n", "", printed)
    return re.sub(r"\n  Fix: ", ". Fix: ", printed)
