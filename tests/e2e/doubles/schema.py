"""A provider's schema, in the form that `terraform providers schema -json` prints."""

from typing import Any, NotRequired, TypedDict

Type = str | list[Any]
"""A type as Terraform writes it in JSON, such as `"string"`, `["list", "string"]` or `["object", {"a": "bool"}]`."""


class ObjectType(TypedDict):
    """The type of an attribute that is an object, or a collection of objects, with its own attributes."""

    nesting_mode: str
    attributes: dict[str, "Attribute"]


class Attribute(TypedDict):
    """An attribute: it has either a type or a nested type."""

    type: NotRequired[Type]
    nested_type: NotRequired[ObjectType]
    required: NotRequired[bool]
    optional: NotRequired[bool]
    computed: NotRequired[bool]
    possible: NotRequired[list[str]]
    """The values that the documentation lists; Terraform's own format does not contain them."""


class Block(TypedDict):
    """A resource, a data source, a provider's configuration, or a nested block."""

    attributes: dict[str, Attribute]
    block_types: dict[str, "BlockType"]


class BlockType(TypedDict):
    """A nested block."""

    nesting_mode: str
    block: Block
    min_items: int
    max_items: int


class Schema(TypedDict):
    """The schema of a provider."""

    provider: Block
    resource_schemas: dict[str, Block]
    data_source_schemas: dict[str, Block]


def empty() -> Schema:
    """Returns the schema of a provider without resources."""
    nothing: Block = {"attributes": {}, "block_types": {}}
    return {"provider": nothing, "resource_schemas": {}, "data_source_schemas": {}}


def nested(mode: str, inner: Type) -> Type:
    """Returns the type of a nested object, or of a collection of them."""
    return inner if mode == "single" else [mode, inner]


def type_of(attribute: Attribute) -> Type:
    """Returns the type of an attribute."""
    if object_type := attribute.get("nested_type"):
        inner = {name: type_of(each) for name, each in object_type["attributes"].items()}
        return nested(object_type["nesting_mode"], ["object", inner])
    return attribute["type"]


def types_in(block: Block) -> dict[str, Type]:
    """Returns the types of all arguments in a block, by name."""
    types = {name: type_of(attribute) for name, attribute in block["attributes"].items()}
    blocks = block["block_types"].items()
    return types | {name: nested(each["nesting_mode"], ["object", types_in(each["block"])]) for name, each in blocks}
