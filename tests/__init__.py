"""The tests; those that need real programs and take minutes are in tests/e2e."""

import os
import pathlib
import re
from typing import Any
from unittest import mock

from anyscale_constructs import words
from anyscale_constructs.engine.choice import NATIVE, VARIABLE, chosen

# Without Node.js, unless another engine is named; programs that tests start choose by themselves.
with mock.patch.dict(os.environ, {VARIABLE: os.environ.get(VARIABLE) or NATIVE}):
    ENGINE = chosen()
"""The engine that the tests run on."""

NEEDS_NODE = [
    "contract/product",
    "contract/test_additions.py",
    "unit/expressions/test_fn.py",
    "unit/terraform/test_added_providers.py",
    "unit/terraform/test_additions.py",
    "unit/terraform/test_ways_of_synthesis.py",
    "unit/test_config_expressions.py",
    "unit/test_engine_values.py",
    "unit/test_native.py",
    "unit/testing/test_stacks.py",
]
"""Tests that need an engine with Node.js, by directory and file; single tests are marked with `node`."""

ROOT = pathlib.Path(__file__).parent.parent


def spelled(value: Any) -> Any:
    """Returns the value with Terraform code instead of placeholders, as people write it."""
    match value:
        case str():
            return words.spelled(str.__str__(value))
        case dict():
            return {spelled(key): spelled(inner) for key, inner in value.items()}
        case list() | tuple():
            return type(value)(map(spelled, value))
    return value


def said(error: Exception) -> str:
    """Returns the message of an error, without the columns of places in YAML files."""
    return re.sub(r"(?m)^(\S+\.ya?ml:\d+):\d+: ", r"\1: ", str(error))


def flat(printed: str) -> str:
    """Returns the printed findings, one line for each, without rules, columns and lines of files."""
    printed = re.sub(r"(?m)^(error|warning|note)\[[a-z0-9-]+\]: ", r"\1: ", printed)
    printed = re.sub(r"(?m)^(\w+: \S+\.(?:ya?ml|py):\d+):\d+: ", r"\1: ", printed)
    printed = re.sub(r"(?m)^ +\d* \| .*\n", "", printed)
    return re.sub(r"\n  Fix: ", ". Fix: ", printed)
