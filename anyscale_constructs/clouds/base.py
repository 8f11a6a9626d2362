"""The base of every kind of cloud: its resources are added step by step, then registered."""

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

if TYPE_CHECKING:  # clouds without Kubernetes need not load it
    from anyscale_constructs.clouds.operator import OperatorStack

SAME_RESOURCE = Rule(
    "duplicate-resource-name",
    "error",
    "A cloud identifies its resources by their names, so the registrations of two stacks would overwrite each other.",
    command="synth",
)

C = TypeVar("C", bound=CloudConfig)


class Cloud(CloudStack, Generic[C]):
    """An Anyscale cloud: its Terraform, with the outputs that registration needs.

    Each kind of cloud is a subclass. To customize a kind, subclass it and override a step, such as `add_bucket`, or
    extend `compose`.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    provider: ClassVar[Literal["AWS", "AZURE", "GCP", "GENERIC"]]
    """The provider under which the cloud is registered."""

    operator_type: ClassVar["type[OperatorStack[Any]] | None"] = None
    """The class of the second stack, which installs the Helm releases; None for clouds without Kubernetes."""

    def __init__(self, scope: Construct, name: str, config: C) -> None:
        super().__init__(scope, name, backend=config.backend, sources=config.sources)
        self.config = config
        self.configure(config)
        self.add_providers()
        # Each kind declares region and networking_mode itself, with its own types.
        self.registration = StackRegistration(self, cast(Any, config), self.provider)
        self.cloud_id = self.registration.cloud_id
        self.compose()
        for finding in self.adoption.left_behind(adopted(self)) if self.adoption else ():
            self.report(finding)
        resource = self.cloud_resource()
        if config.resource_name is not None:
            resource = resource.model_copy(update={"name": config.resource_name})
        self.resource_name = resource.resource_name
        """The name of this infrastructure among the resources of the Anyscale cloud."""
        self.registration.finish(self.cloud_outputs(), resource, self.registered_once())

    @property
    def cloud_name(self) -> str:
        """The name of the Anyscale cloud to which this infrastructure belongs."""
        return self.name if self.config.cloud is None else self.config.cloud

    def prepare(self) -> None:
        """Checks the stack, and that no other stack in the same cloud has the same resource name.

        Raises:
            SynthesisError: As in `CloudStack`, or two stacks have the same resource name.
        """
        super().prepare()
        # Stack names are unique, so at least one of two stacks in the same cloud sets `cloud`.
        if self.config.cloud is None or is_unresolved(self.resource_name):
            return
        same = (
            each.name
            for each in stacks_in(self.node.root)
            if isinstance(each, Cloud)
            and (each.config.cloud is None or each.name < self.name)  # so that one of the two reports it
            and each.cloud_name == self.cloud_name
            and not is_unresolved(each.resource_name)
            and each.resource_name == self.resource_name
        )
        if (other := next(same, None)) is not None:
            what = f"the stack {other} has the same resource name in the cloud {self.cloud_name}"
            key = ("resource_name" if self.config.resource_name else "cloud",)
            fix = "set a different resource_name for each of them"
            found = Finding(what, fix, self.resource_name, rule=SAME_RESOURCE, key=key, cloud=self.name)
            raise SynthesisError([found])

    @classmethod
    def build(cls, scope: Construct, name: str, config: C) -> list[CloudStack]:
        """Creates the cloud's stacks: one, or two on Kubernetes."""
        stacks: list[CloudStack] = [cls(scope, name, config)]
        if cls.operator_type is not None:
            stacks.append(cls.operator_type(scope, name, config))
        return stacks

    @abstractmethod
    def add_providers(self) -> None:
        """Configures Terraform's providers."""

    @abstractmethod
    def compose(self) -> None:
        """Adds the cloud's resources, one step for each."""

    @abstractmethod
    def cloud_outputs(self) -> dict[str, Any]:
        """Returns the stack's outputs, with upstream's names; values that are None are left out."""

    @abstractmethod
    def cloud_resource(self) -> CloudResource:
        """Returns the infrastructure to register."""

    def registered_once(self) -> Sequence[str]:
        """Returns the arguments of `anyscale_cloud_resource` whose later changes Terraform ignores."""
        return ()
