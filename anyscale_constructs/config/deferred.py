"""Models that are built when they are used: most clouds use few of the models that their configuration refers to."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, core_schema

_MODEL = "anyscale_constructs_model"
"""The metadata of a field's validator that names its model."""
_building: list[type[BaseModel]] = []


class _Generator(GenerateJsonSchema):
    """Generates JSON Schemas in which the model of a field is a definition, as in pydantic's own."""

    def generate_inner(self, schema: Any) -> dict[str, Any]:
        """Returns the JSON Schema of a core schema."""
        model = schema.get("metadata", {}).get(_MODEL)
        if model is None:
            return super().generate_inner(schema)
        model.model_rebuild()
        name = f"{model.__module__}.{model.__qualname__}:{id(model)}"  # from which pydantic makes a definition's name
        core: Any = {**model.__pydantic_core_schema__, "ref": name}
        return super().generate_inner(core)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Returns whether a field needs a title, because its type has none."""
        return _MODEL not in schema.get("metadata", {}) and super().field_title_should_be_set(schema)


class Deferred(BaseModel):
    """A model that is built when it validates for the first time, even if it is the model of a field.

    Pydantic's `defer_build` only defers a model that is not the model of a field.
    """

    model_config = ConfigDict(defer_build=True)

    @classmethod
    def model_rebuild(cls, **options: Any) -> bool | None:
        """Builds the model, as pydantic does.

        Args:
            options: Those of pydantic.
        """
        # Pydantic looks for names in the frame that is so many calls away.
        options["_parent_namespace_depth"] = options.get("_parent_namespace_depth", 2) + 1
        _building.append(cls)
        try:
            return super().model_rebuild(**options)
        finally:
            _building.pop()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not _building or _building[-1] is cls:
            return handler(source)
        return core_schema.no_info_plain_validator_function(cls.model_validate, metadata={_MODEL: cls})

    @classmethod
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Returns the JSON Schema, as pydantic does.

        Args:
            arguments: Those of pydantic.
            options: Likewise.
        """
        generated: Any = super().model_json_schema
        schema: dict[str, Any] = generated(*arguments, **{"schema_generator": _Generator, **options})
        return schema
