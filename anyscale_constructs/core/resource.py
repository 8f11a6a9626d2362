"""Resources and data sources of any provider, for what upstream has no module for: no prebuilt provider package."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from anyscale_constructs.core.place import cloud_stack
from anyscale_constructs.core.values import to_terraform
from anyscale_constructs.engine import Construct, TerraformDataSource, TerraformResource
from anyscale_constructs.expressions import Expr, expr


class Resource(TerraformResource):
    """A resource; directly in a stack its address is `<type>.<id>`.

    Args:
        scope: The stack, usually.
        type: Terraform's name of its type, e.g. `aws_iam_role`.
        id: Its name beside others of its type.
        arguments: By Terraform's own names; None leaves one out.
        depends_on: Constructs that must be there first.
    """

    def __init__(
        self,
        scope: Construct,
        type: str,
        id: str,
        arguments: Mapping[str, Any],
        depends_on: Sequence[Construct] = (),
    ) -> None:
        self._stack = cloud_stack(scope, f"{type}.{id}")
        super().__init__(
            scope,
            f"{type}-{id}",
            terraform_resource_type=type,
            depends_on=cast(Any, list(depends_on) or None),  # modules and resources are dependables
        )
        self.override_logical_id(id)
        for name, value in _set(arguments).items():
            self.add_override(name, value)

    @property
    def address(self) -> str:
        """Its address in Terraform."""
        return f"{self.terraform_resource_type}.{self.friendly_unique_id}"

    def attribute(self, path: str, type: str = "string") -> Expr:
        """The reference to one of its attributes, e.g. `arn`."""
        return expr(f"{self.address}.{path}", type, stack=self._stack)


class Data(TerraformDataSource):
    """A data source; its arguments are a resource's, and its address begins with `data.`."""

    def __init__(
        self,
        scope: Construct,
        type: str,
        id: str,
        arguments: Mapping[str, Any],
        depends_on: Sequence[Construct] = (),
    ) -> None:
        self._stack = cloud_stack(scope, f"data.{type}.{id}")
        super().__init__(
            scope,
            f"data-{type}-{id}",
            terraform_resource_type=type,
            depends_on=cast(Any, list(depends_on) or None),  # modules and resources are dependables
        )
        self.override_logical_id(id)
        for name, value in _set(arguments).items():
            self.add_override(name, value)

    @property
    def address(self) -> str:
        """Its address in Terraform."""
        return f"data.{self.terraform_resource_type}.{self.friendly_unique_id}"

    def attribute(self, path: str, type: str = "string") -> Expr:
        """The reference to one of its attributes, e.g. `endpoint`."""
        return expr(f"{self.address}.{path}", type, stack=self._stack)


def _set(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_terraform(value, name) for name, value in arguments.items() if value is not None}
