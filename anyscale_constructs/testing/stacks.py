"""A synthesized stack, as tests look at it."""

import json
from typing import TYPE_CHECKING, Any

from anyscale_constructs.errors import ConfigError, SynthesisError, said_by_engine
from anyscale_constructs.findings import Finding
from anyscale_constructs.names import unknown
from anyscale_constructs.review.stacks import ModuleCall as ModuleCall  # noqa: PLC0414 - the package has it from here
from anyscale_constructs.review.stacks import module_calls, resources

if TYPE_CHECKING:
    from anyscale_constructs.terraform.stack import CloudStack


class SynthesizedStack:
    """A stack's Terraform JSON and what was found on the way. Each access gives a copy: changing one changes no other.

    Args:
        construct: The stack.
        text: Its Terraform JSON.
        findings: Its warnings and notes that are not allowed.
    """

    def __init__(self, construct: "CloudStack", text: str, findings: list[Finding]) -> None:
        self.construct = construct
        self.name: str = construct.name
        """The stack's name."""
        self.findings = findings
        self._text = text

    def __repr__(self) -> str:
        return f"<SynthesizedStack {self.name}>"

    @property
    def terraform(self) -> dict[str, Any]:
        """The Terraform JSON, without the engine's notes."""
        content: dict[str, Any] = json.loads(self._text)
        return content

    @property
    def outputs(self) -> dict[str, Any]:
        """The values of its outputs, by name."""
        return {name: output["value"] for name, output in self.terraform.get("output", {}).items()}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The arguments of the resources and data sources that stand in the stack itself, by address.

        An address is `aws_iam_role.name`, or `data.aws_region.current`. Resources inside of modules are not among them.
        """
        return resources(self.terraform)

    @property
    def modules(self) -> dict[str, ModuleCall]:
        """The calls of modules, by name."""
        return module_calls(self.terraform)

    def module(self, name: str) -> ModuleCall:
        """The call of a module.

        Args:
            name: Its name, e.g. `vpc` for `module.vpc`.

        Raises:
            AssertionError: The stack calls no such module.
        """
        __tracebackhide__ = True
        calls = self.modules
        if name not in calls:
            raise AssertionError(f"{self.name}: {unknown(name, calls, 'module')}")
        return calls[name]


def synthesize(stack: "CloudStack") -> SynthesizedStack:
    """Synthesizes a stack in memory, with its aspects and validations, as `Testing.synth` of the engine does.

    Args:
        stack: A stack, made in the engine's `Testing.app()` or in an `App`.

    Raises:
        ConstructsError: The stack is wrong.

    Examples:
        >>> import cdktf
        >>> stack = CloudStack(cdktf.Testing.app(), "network")
        >>> stack.add_output("team", "ml")
        >>> synthesize(stack).outputs
        {'team': 'ml'}
    """
    from anyscale_constructs.terraform.allowances import sift  # noqa: PLC0415 - it starts Node.js
    from anyscale_constructs.terraform.app import annotated_errors  # noqa: PLC0415 - so does it
    from anyscale_constructs.terraform.siblings import stacks_in  # noqa: PLC0415 - so does it
    from anyscale_constructs.terraform.stack import CloudStack  # noqa: PLC0415 - so does it

    text = rendered(stack)
    stacks = [each for each in stacks_in(stack.node.root) if isinstance(each, CloudStack)]
    told = sift({each.name: (each.findings, each.allowances) for each in stacks}).told
    own = [finding for finding in told if finding.cloud == stack.name]
    if wrong := [*annotated_errors(stack), *(finding for finding in own if finding.severity == "error")]:
        raise ConfigError(wrong)
    return SynthesizedStack(stack, text, own)


def rendered(stack: "CloudStack") -> str:
    """The stack's Terraform JSON, without the engine's notes, which `Testing.synth` leaves out.

    Raises:
        ConstructsError: The stack is wrong.
    """
    from anyscale_constructs.engine import Testing  # noqa: PLC0415 - it starts Node.js

    try:
        return Testing.synth(stack, run_validations=True)
    except RuntimeError as error:  # JSII's only kind
        raise stack.failure or SynthesisError(f"the engine can't synthesize: {said_by_engine(error)}") from None
