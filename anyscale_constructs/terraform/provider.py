"""Providers as one small generic class: no prebuilt provider package, which would cost seconds and pin a version."""

from collections.abc import Mapping
from typing import Any

from anyscale_constructs.engine import Construct, TerraformProvider, member
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.values import to_terraform


class Provider(TerraformProvider):
    """The configuration of one provider; its version comes from the modules, through the stack.

    Args:
        scope: The stack.
        name: The provider's local name, e.g. `aws`.
        config: Its arguments.
        alias: Its alias. Default: it is the default configuration.
    """

    def __init__(self, scope: Construct, name: str, config: Mapping[str, Any], alias: str | None = None) -> None:
        cloud_stack(scope, f"provider.{name}")
        self._alias = alias
        super().__init__(scope, f"{name}_{alias}" if alias else name, terraform_resource_type=name)
        # Not as synthesized attributes: the engine renames the keys of maps in those, as if they were its own.
        for key, value in config.items():
            if value is not None:
                self.add_override(key, to_terraform(value, key))

    # The engine's own getter returns nothing: an alias would be lost.
    @property  # type: ignore[misc] # the engine never sets it
    @member(jsii_name="alias")
    def alias(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride] # the engine never sets it
        """The alias, if this is not the default configuration."""
        return self._alias
