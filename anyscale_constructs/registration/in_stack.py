"""Registration inside a stack, through Anyscale's own Terraform provider, in the same apply."""

from typing import Any

from anyscale_constructs.core.anyscale import RESOURCE_ID_OUTPUT
from anyscale_constructs.core.expressions import Expr, expr
from anyscale_constructs.core.interface import Provider as RequiredProvider
from anyscale_constructs.core.resource import Resource
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.core.values import to_terraform
from anyscale_constructs.engine import TerraformResource
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.registration.terraform import (
    SOURCE,
    TERRAFORM_VERSION,
    VERSION,
    cloud_arguments,
    resource_arguments,
)


class TerraformRegistration:
    """The cloud as two resources of the provider: empty first, for its id; then, after all modules, its resource.

    The provider is in beta and breaks something in nearly every minor version, so it is pinned exactly. Its token
    is ANYSCALE_CLI_TOKEN in the environment of Terraform.

    Args:
        stack: The cloud's stack; its name is the cloud's.
        provider: AWS or GCP.
        region: The cloud's region.
        networking_mode: PUBLIC or PRIVATE.
    """

    def __init__(self, stack: CloudStack, *, provider: str, region: str, networking_mode: str) -> None:
        self._stack = stack
        stack.require("registration: terraform", TERRAFORM_VERSION, {"anyscale": RequiredProvider(SOURCE, VERSION)})
        stack.add_provider("anyscale")
        self._add("cloud", "anyscale_cloud", cloud_arguments(stack.name, provider, region, networking_mode))

    @property
    def cloud_id(self) -> Expr:
        """The cloud's id, which narrows the control plane's permissions to the cloud's tag."""
        return expr("anyscale_cloud.cloud.id", "string")

    def add_resource(self, resource: CloudResource) -> None:
        """Gives the cloud its infrastructure, once all of it is there, and the stack the ids as outputs."""
        arguments = {"cloud_id": self.cloud_id, **resource_arguments(resource)}
        # A reference to a role does not wait for its policies.
        others = [child.address for child in self._stack.node.children if isinstance(child, Resource)]
        arguments["depends_on"] = [*(module.address for module in self._stack.modules.values()), *others]
        self._add("cloud_resource", "anyscale_cloud_resource", arguments)
        self._stack.add_output("anyscale_cloud_id", self.cloud_id)
        self._stack.add_output(
            RESOURCE_ID_OUTPUT, expr("anyscale_cloud_resource.cloud_resource.cloud_resource_id", "string")
        )

    def _add(self, id: str, kind: str, arguments: dict[str, Any]) -> None:
        resource = TerraformResource(self._stack, id, terraform_resource_type=kind)
        for name, value in arguments.items():
            resource.add_override(name, to_terraform(value, f"{kind}.{name}"))
