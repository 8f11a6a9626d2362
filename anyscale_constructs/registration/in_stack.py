"""The part of registration that a stack does: outputs for the command, or the resources of Anyscale's provider."""

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
    """The keys of a cloud's configuration that registration reads."""

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
        """The cloud's ID, if the cloud is registered."""

    @property
    @abstractmethod
    def cloud(self) -> str | None:
        """The cloud that the stack shares with other stacks."""

    @property
    @abstractmethod
    def lineage_tracking_enabled(self) -> bool | None:
        """Whether Anyscale tracks the data lineage of jobs."""

    @property
    @abstractmethod
    def aggregated_logs_enabled(self) -> bool | None:
        """Whether Anyscale collects the logs of clusters."""

    @property
    @abstractmethod
    def registration(self) -> Literal["command", "terraform"]:
        """Whether the command or Terraform registers the cloud."""


class StackRegistration:
    """Registers a stack's cloud: with the command, which reads outputs, or with Terraform in the same apply.

    In Terraform, the cloud is two resources: first an empty cloud, which has the ID; then, after all modules, its
    infrastructure. The provider is in beta and has breaking changes in nearly every minor version, so its version is
    pinned exactly. It reads its token from ANYSCALE_CLI_TOKEN in Terraform's environment.

    Args:
        stack: The cloud's stack, whose name is also the cloud's name.
        config: The stack's configuration.
        provider: AWS, AZURE or GCP.
    """

    def __init__(self, stack: CloudStack, config: Config, provider: str) -> None:
        self._stack = stack
        self._by_terraform = config.registration == "terraform"
        self._shares_cloud = config.cloud is not None
        self.cloud_id: str | None = config.cloud_id
        """The cloud's ID, which restricts the control plane's permissions to the cloud's tag; None if unknown."""
        if self._by_terraform:
            stack.require("registration: terraform", {"anyscale": RequiredProvider(SOURCE, VERSION)}, TERRAFORM_VERSION)
            stack.add_provider("anyscale")
            arguments = cloud_arguments(stack.name, provider, config.region, config.networking_mode)
            switches = {name: getattr(config, name) for name in ("lineage_tracking_enabled", "aggregated_logs_enabled")}
            arguments |= {name: value for name, value in switches.items() if value is not None}
            self._add("cloud", "anyscale_cloud", arguments)
            self.cloud_id = expr("anyscale_cloud.cloud.id", "string")

    def finish(self, outputs: Mapping[str, Any], resource: CloudResource, kept: Sequence[str] = ()) -> None:
        """Adds the stack's outputs, and the cloud's infrastructure after all of its parts.

        Args:
            outputs: The outputs of the upstream modules, by name; those that are None are omitted.
            resource: The infrastructure.
            kept: The arguments of `anyscale_cloud_resource` whose changes Terraform ignores after the first
                registration, since the provider updates nothing in place. Default: none.
        """
        self._stack.add_cloud_outputs(outputs, resource)
        if self._shares_cloud:
            self._stack.add_output(STACK_OUTPUT, self._stack.name, description="The stack that shares the cloud.")
        if not self._by_terraform:
            return
        arguments = {"cloud_id": self.cloud_id, **resource_arguments(resource)}
        # A reference to a role does not make Terraform wait for the role's policies.
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
