"""Checks the structure of a stack's Terraform JSON, which overrides and edits of the output can break."""

import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NotRequired

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from anyscale_constructs.config.model import found_in, said
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.findings import Finding, in_json

_OneOrMore = BeforeValidator(lambda given: given if isinstance(given, list) else [given])
_OlderSyntax = BeforeValidator(lambda given: {"version": given} if isinstance(given, str) else given)
_Block = dict[str, Any]
_Blocks = Annotated[list[_Block], _OneOrMore]


class _Comments(TypedDict, total=False):
    metadata: _Block


class _Provider(TypedDict, total=False):
    source: str
    version: str


class _Settings(TypedDict, total=False):
    required_version: str
    required_providers: dict[str, Annotated[_Provider, _OlderSyntax]]
    backend: dict[str, _Block]
    cloud: _Block


class _Call(TypedDict):
    source: str
    version: NotRequired[str]


class _Check(TypedDict, total=False):
    data: dict[str, _Block]


# The parts that commands read.
_Stack = TypedDict(
    "_Stack",
    {
        "//": _Comments,
        "terraform": _Settings,
        "provider": dict[str, _Blocks],
        "module": dict[str, _Call],
        "resource": dict[str, dict[str, _Block]],
        "data": dict[str, dict[str, _Block]],
        "variable": dict[str, _Block],
        "locals": _Block,
        "output": dict[str, _Block],
        "check": dict[str, _Check],
        "moved": _Blocks,
        "import": _Blocks,
        "removed": _Blocks,
    },
    total=False,
)
_STACK = TypeAdapter(_Stack)


def malformed(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields findings about the parts of a stack's JSON that have another structure than synthesis writes.

    Args:
        tree: The stack's JSON, with the overrides of the user's code.
    """
    try:
        _STACK.validate_python(tree)
    except ValidationError as error:
        for found in found_in(error):
            path = ".".join(map(str, found.key))
            yield in_json(path, found.what, "correct the override", found.value, rule=SynthesisError.rule)


def read_synthesized(file: pathlib.Path) -> dict[str, Any]:
    """Returns the Terraform JSON in a stack's file.

    Raises:
        SynthesisError: The file has another structure than synthesis writes.
        OSError: The file cannot be read.
    """
    try:
        tree: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        _STACK.validate_python(tree)
    except (ValueError, RecursionError) as error:
        what = said(error) if isinstance(error, ValidationError) else "it is not valid JSON"
        raise SynthesisError(f"{file} is not what synthesis writes: {what}", fix="synthesize it again") from error
    return tree
