"""Checks the structure of a stack's Terraform JSON, which overrides and edits of the output can break."""

import json
import pathlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from anyscale_constructs.config.model import found_in, said
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.findings import Finding, in_json


def _object(required: Collection[str] = (), /, **fields: CoreSchema) -> CoreSchema:
    """Returns the type of an object with some known keys; others are not checked."""
    return core_schema.typed_dict_schema(
        {name: core_schema.typed_dict_field(kind, required=name in required) for name, kind in fields.items()}
    )


_TEXT = core_schema.str_schema()
_BLOCK = core_schema.dict_schema(_TEXT)
_NAMED = core_schema.dict_schema(_TEXT, _BLOCK)
_TYPED = core_schema.dict_schema(_TEXT, _NAMED)
_BLOCKS = core_schema.no_info_before_validator_function(
    lambda given: given if isinstance(given, list) else [given], core_schema.list_schema(_BLOCK)
)
_PROVIDER = core_schema.no_info_before_validator_function(  # a string is the older form
    lambda given: {"version": given} if isinstance(given, str) else given, _object(source=_TEXT, version=_TEXT)
)
_SETTINGS = _object(
    required_version=_TEXT,
    required_providers=core_schema.dict_schema(_TEXT, _PROVIDER),
    backend=_NAMED,
    cloud=_BLOCK,
)
# The parts that commands read. Built without TypedDicts, which pydantic reads slowly.
_STACK = SchemaValidator(
    _object(
        **{"//": _object(metadata=_BLOCK), "import": _BLOCKS},
        terraform=_SETTINGS,
        provider=core_schema.dict_schema(_TEXT, _BLOCKS),
        module=core_schema.dict_schema(_TEXT, _object(["source"], source=_TEXT, version=_TEXT)),
        resource=_TYPED,
        data=_TYPED,
        variable=_NAMED,
        locals=_BLOCK,
        output=_NAMED,
        check=core_schema.dict_schema(_TEXT, _object(data=_NAMED)),
        moved=_BLOCKS,
        removed=_BLOCKS,
    )
)


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
