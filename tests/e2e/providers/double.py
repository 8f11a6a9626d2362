"""What the doubles of Terraform providers share: a provider with resources and without configuration."""

from typing import Any

from tf.iface import DataSource, Provider, Resource
from tf.schema import Schema
from tf.utils import Diagnostics


class Double(Provider):
    """A provider of a few resources, under hashicorp's name.

    Args:
        name: The provider's name, which begins its resources' types.
        resources: Its resources.
    """

    def __init__(self, name: str, resources: list[type[Resource]]) -> None:
        self.name = name
        self.resources = resources

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
        return []

    def get_resources(self) -> list[type[Resource]]:
        return self.resources
