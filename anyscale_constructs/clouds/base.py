"""What every kind of cloud has in common: its parts are added step by step, then registered."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, cast

from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.registration.in_stack import StackRegistration
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.move_blocks import adopted
from anyscale_constructs.terraform.siblings import stacks_in
from anyscale_constructs.terraform.stack import CloudStack

if TYPE_CHECKING:  # most of it is about Kubernetes, which not every cloud has
    from anyscale_constructs.clouds.operator import OperatorStack

SAME_RESOURCE = Rule(
    "duplicate-resource-name",
    "error",
    "The registrations of two stacks would overwrite each other: a cloud finds its resources by their names.",
    command="synth",
)

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

    operator_type: ClassVar["type[OperatorStack[Any]] | None"] = None
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
        resource = self.cloud_resource()
        if config.resource_name is not None:
            resource = resource.model_copy(update={"name": config.resource_name})
        self.resource_name = resource.resource_name
        """The name of its infrastructure among the resources of the Anyscale cloud."""
        self.registration.finish(self.cloud_outputs(), resource, self.registered_once())

    @property
    def cloud_name(self) -> str:
        """The name of the Anyscale cloud that its infrastructure is a resource of."""
        return self.name if self.config.cloud is None else self.config.cloud

    def prepare(self) -> None:
        """Checks what the stack has, and that no other stack's infrastructure has its name in the same cloud.

        Raises:
            SynthesisError: As of `CloudStack`, or two stacks would be one resource.
        """
        super().prepare()
        # Names of stacks differ: of two in one cloud, one at least names it.
        if self.config.cloud is None or is_unresolved(self.resource_name):
            return
        same = (
            each.name
            for each in stacks_in(self.node.root)
            if isinstance(each, Cloud)
            and each is not self
            and each.cloud_name == self.cloud_name
            and not is_unresolved(each.resource_name)
            and each.resource_name == self.resource_name
        )
        if (other := next(same, None)) is not None:
            what = f"the stack {other} has the same resource name in the cloud {self.cloud_name}"
            key = ("resource_name" if self.config.resource_name else "cloud",)
            fix = "set a resource_name of its own for each of them"
            found = Finding(what, fix, self.resource_name, rule=SAME_RESOURCE, key=key, cloud=self.name)
            raise SynthesisError([found])

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
