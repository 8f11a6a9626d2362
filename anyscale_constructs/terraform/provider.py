"""A generic provider construct. Prebuilt provider packages would pin a version and take seconds to load."""

from collections.abc import Mapping
from typing import Any

from anyscale_constructs.engine import Construct, TerraformProvider, member
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.values import to_terraform


class Provider(TerraformProvider):
    """A provider configuration; the stack derives the provider's version constraint from its modules.

    Args:
        scope: The stack.
        name: The provider's local name, e.g. `aws`.
        config: The provider's arguments.
        alias: The alias. Default: this is the default configuration.
    """

    def __init__(self, scope: Construct, name: str, config: Mapping[str, Any], alias: str | None = None) -> None:
        cloud_stack(scope, f"provider.{name}")
        self._alias = alias
        super().__init__(scope, f"{name}_{alias}" if alias else name, terraform_resource_type=name)
        # As overrides: in the engine's own attributes, it would rename the keys of maps.
        for key, value in config.items():
            if value is not None:
                self.add_override(key, to_terraform(value, key))

    # The engine's own getter returns nothing, so the alias would be lost.
    @property  # type: ignore[misc] # the engine never sets it
    @member(jsii_name="alias")
    def alias(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] # the engine never sets it
        """The alias; None for the default configuration."""
        return self._alias
