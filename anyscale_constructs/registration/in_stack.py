"""Registration as far as a stack has to do with it."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from anyscale_constructs.anyscale import RESOURCE_ID_OUTPUT
from anyscale_constructs.engine import TerraformResource
from anyscale_constructs.expressions import expr
from anyscale_constructs.registration.outputs import STACK_OUTPUT
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.registration.terraform import (
    SOURCE,
    TERRAFORM_VERSION,
    VERSION,
    cloud_arguments,
    resource_arguments,
)
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.terraform.values import to_terraform


class Config(Protocol):
    """What registering reads of a cloud's configuration."""

    @property
    @abstractmethod
    def region(self) -> str:
        """The cloud's region."""

    @property
    @abstractmethod
    def networking_mode(self) -> str:
        """PUBLIC or PRIVATE."""

    @property
    @abstractmethod
    def cloud_id(self) -> str | None:
        """The cloud's id, if it is there already."""

    @property
    @abstractmethod
    def cloud(self) -> str | None:
        """The cloud that it shares with other stacks."""

    @property
    @abstractmethod
    def lineage_tracking_enabled(self) -> bool | None:
        """Whether Anyscale records what jobs read and write."""

    @property
    @abstractmethod
    def aggregated_logs_enabled(self) -> bool | None:
        """Whether Anyscale collects the logs of clusters."""

    @property
    @abstractmethod
    def registration(self) -> Literal["command", "terraform"]:
        """Who registers it."""


class StackRegistration:
    """How a stack's cloud is registered: by the command, which reads outputs, or by Terraform in the same apply.

    To Terraform the cloud is two resources: empty first, for its id; then, after all modules, its infrastructure. The
    provider is in beta and breaks something in nearly every minor version, so it is pinned exactly. Its token is
    ANYSCALE_CLI_TOKEN in the environment of Terraform.

    Args:
        stack: The cloud's stack; its name is the cloud's.
        config: Its configuration.
        provider: AWS, AZURE or GCP.
    """

    def __init__(self, stack: CloudStack, config: Config, provider: str) -> None:
        self._stack = stack
        self._by_terraform = config.registration == "terraform"
        self._shares_cloud = config.cloud is not None
        self.cloud_id: str | None = config.cloud_id
        """The cloud's id, which narrows the control plane's permissions to the cloud's tag; None if nobody knows it."""
        if self._by_terraform:
            stack.require("registration: terraform", {"anyscale": RequiredProvider(SOURCE, VERSION)}, TERRAFORM_VERSION)
            stack.add_provider("anyscale")
            arguments = cloud_arguments(stack.name, provider, config.region, config.networking_mode)
            switches = {name: getattr(config, name) for name in ("lineage_tracking_enabled", "aggregated_logs_enabled")}
            arguments |= {name: value for name, value in switches.items() if value is not None}
            self._add("cloud", "anyscale_cloud", arguments)
            self.cloud_id = expr("anyscale_cloud.cloud.id", "string")

    def finish(self, outputs: Mapping[str, Any], resource: CloudResource, kept: Sequence[str] = ()) -> None:
        """Gives the stack its outputs, and the cloud its infrastructure, once all of it is there.

        Args:
            outputs: Upstream's own, by name; those that are None are left out.
            resource: The infrastructure.
            kept: The arguments of `anyscale_cloud_resource` that stay as they were first registered by Terraform, since
                the provider changes nothing in place.
        """
        self._stack.add_cloud_outputs(outputs, resource)
        if self._shares_cloud:
            self._stack.add_output(STACK_OUTPUT, self._stack.name, description="What shares the cloud.")
        if not self._by_terraform:
            return
        arguments = {"cloud_id": self.cloud_id, **resource_arguments(resource)}
        # A reference to a role does not wait for its policies.
        others = [child.address for child in self._stack.node.children if isinstance(child, Resource)]
        arguments["depends_on"] = [*(module.address for module in self._stack.modules.values()), *others]
        if kept:
            arguments["lifecycle"] = {"ignore_changes": kept}
        self._add("cloud_resource", "anyscale_cloud_resource", arguments)
        self._stack.add_output("anyscale_cloud_id", self.cloud_id)
        self._stack.add_output(
            RESOURCE_ID_OUTPUT, expr("anyscale_cloud_resource.cloud_resource.cloud_resource_id", "string")
        )

    def _add(self, id: str, kind: str, arguments: dict[str, Any]) -> None:
        resource = TerraformResource(self._stack, id, terraform_resource_type=kind)
        for name, value in arguments.items():
            resource.add_override(name, to_terraform(value, f"{kind}.{name}"))
