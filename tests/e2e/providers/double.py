"""What the doubles of Terraform providers share: a provider without configuration, resources kept in the state."""

from collections.abc import Sequence
from typing import Any

from tf.iface import DataSource, DeleteContext, Provider, ReadContext, Resource, State, UpdateContext
from tf.schema import Schema
from tf.utils import Diagnostics


class Double(Provider):
    """A provider of a few resources and data sources, under hashicorp's name.

    Args:
        name: The provider's name, which begins the types of both.
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
        """There is no configuration."""

    def configure_provider(self, diags: Diagnostics, config: dict[str, Any]) -> None:
        """There is no configuration."""

    def get_data_sources(self) -> list[type[DataSource]]:
        return list(self.data_sources)

    def get_resources(self) -> list[type[Resource]]:
        return list(self.resources)


class Kept(Resource):
    """A resource that is nowhere but in the state."""

    def __init__(self, provider: Double) -> None:
        self.provider = provider

    def read(self, ctx: ReadContext, current: State) -> State:
        return current

    def update(self, ctx: UpdateContext, current: State, planned: State) -> State:
        return planned

    def delete(self, ctx: DeleteContext, current: State) -> None:
        """There is nothing to delete."""
