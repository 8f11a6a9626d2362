"""The base of the doubles of Terraform providers: no configuration, and resources that exist in the state only."""

from collections.abc import Sequence
from typing import Any

from tf.iface import DataSource, DeleteContext, Provider, ReadContext, Resource, State, UpdateContext
from tf.schema import Schema
from tf.utils import Diagnostics


class Double(Provider):
    """A provider with a few resources and data sources, in hashicorp's namespace.

    Args:
        name: The provider's name, with which the names of types begin.
        resources: Its resources.
        data_sources: Its data sources.
    """

    def __init__(
        self,
        name: str,
        *,
        resources: Sequence[type[Resource]] = (),
        data_sources: Sequence[type[DataSource]] = (),
    ) -> None:
        self.name = name
        self.resources = resources
        self.data_sources = data_sources

    def get_model_prefix(self) -> str:
        return f"{self.name}_"

    def full_name(self) -> str:
        return f"registry.terraform.io/hashicorp/{self.name}"

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        return Schema()

    def validate_config(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """Does nothing: there is no configuration."""

    def configure_provider(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """Does nothing: there is no configuration."""

    def get_data_sources(self) -> list[type[DataSource]]:
        return list(self.data_sources)

    def get_resources(self) -> list[type[Resource]]:
        return list(self.resources)


class Kept(Resource):
    """A resource that exists in the state only."""

    def __init__(self, provider: Double) -> None:
        self.provider = provider

    def read(self, ctx: ReadContext, current: State) -> State:
        return current

    def update(self, ctx: UpdateContext, current: State, planned: State) -> State:
        return planned

    def delete(self, ctx: DeleteContext, current: State) -> None:
        """Does nothing: there is nothing to delete."""
