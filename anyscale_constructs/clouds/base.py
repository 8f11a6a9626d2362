"""What every kind of cloud has in common: its parts are added step by step, then registered."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

from anyscale_constructs.clouds.operator import OperatorStack
from anyscale_constructs.engine import Construct
from anyscale_constructs.registration.in_stack import StackRegistration
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.move_blocks import adopted
from anyscale_constructs.terraform.stack import CloudStack

C = TypeVar("C", bound=CloudConfig)


class Cloud(CloudStack, Generic[C]):
    """An Anyscale cloud: its Terraform, with the outputs that registration needs.

    A kind of cloud derives from it, and a cloud of your own from a kind: override a step, such as `add_bucket`, or add
    to `compose`.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    provider: ClassVar[Literal["AWS", "AZURE", "GCP", "GENERIC"]]
    """The provider that the cloud is registered with."""

    operator_type: ClassVar[type[OperatorStack[Any]] | None] = None
    """The second stack, of a cloud on Kubernetes: what runs in the cluster."""

    def __init__(self, scope: Construct, name: str, config: C) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.config = config
        self.configure(config)
        self.add_providers()
        # Each kind has a region and a networking mode, of types of their own.
        self.registration = StackRegistration(self, cast(Any, config), self.provider)
        self.cloud_id = self.registration.cloud_id
        self.compose()
        for finding in self.adoption.left_behind(adopted(self)) if self.adoption else ():
            self.report(finding)
        self.registration.finish(self.cloud_outputs(), self.cloud_resource(), self.registered_once())

    @classmethod
    def build(cls, scope: Construct, name: str, config: C) -> list[CloudStack]:
        """Makes the cloud's stacks: one, or two on Kubernetes."""
        stacks: list[CloudStack] = [cls(scope, name, config)]
        if cls.operator_type is not None:
            stacks.append(cls.operator_type(scope, name, config))
        return stacks

    @abstractmethod
    def add_providers(self) -> None:
        """Configures Terraform's providers."""

    @abstractmethod
    def compose(self) -> None:
        """Adds the cloud's parts, each by a step of its own."""

    @abstractmethod
    def cloud_outputs(self) -> dict[str, Any]:
        """The stack's outputs, by upstream's own names; those that are None are left out."""

    @abstractmethod
    def cloud_resource(self) -> CloudResource:
        """The infrastructure to register."""

    def registered_once(self) -> Sequence[str]:
        """The arguments of `anyscale_cloud_resource` that Terraform leaves as they were first registered."""
        return ()
