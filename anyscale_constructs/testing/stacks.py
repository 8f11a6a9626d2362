"""Synthesized stacks for tests."""

import json
from typing import TYPE_CHECKING, Any

from anyscale_constructs.errors import ConfigError, SynthesisError, said_by_engine
from anyscale_constructs.findings import Finding
from anyscale_constructs.names import unknown
from anyscale_constructs.review.stacks import ModuleCall as ModuleCall  # noqa: PLC0414 - exported by the package
from anyscale_constructs.review.stacks import module_calls, resources

if TYPE_CHECKING:
    from anyscale_constructs.terraform.stack import CloudStack


class SynthesizedStack:
    """The Terraform JSON and the findings of a stack. Each access returns a copy, so modifying it has no side effects.

    Args:
        construct: The stack.
        text: The stack's Terraform JSON.
        findings: The stack's warnings and notes that are not allowed.
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
        """The Terraform JSON, without the engine's comments."""
        content: dict[str, Any] = json.loads(self._text)
        return content

    @property
    def outputs(self) -> dict[str, Any]:
        """The values of the outputs, by name."""
        return {name: output["value"] for name, output in self.terraform.get("output", {}).items()}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The arguments of the stack's own resources and data sources, by address.

        Addresses are e.g. `aws_iam_role.name` and `data.aws_region.current`. Resources in modules are not included.
        """
        return resources(self.terraform)

    @property
    def modules(self) -> dict[str, ModuleCall]:
        """The module calls, by name."""
        return module_calls(self.terraform)

    def module(self, name: str) -> ModuleCall:
        """Returns a module call.

        Args:
            name: The name of the call, e.g. `vpc` for `module.vpc`.

        Raises:
            AssertionError: The stack has no such call.
        """
        __tracebackhide__ = True
        calls = self.modules
        if name not in calls:
            raise AssertionError(f"{self.name}: {unknown(name, calls, 'module')}")
        return calls[name]


def synthesize(stack: "CloudStack") -> SynthesizedStack:
    """Synthesizes a stack in memory, with its aspects and validations, as the engine's `Testing.synth` does.

    Args:
        stack: A stack in the engine's `Testing.app()` or in an `App`.

    Raises:
        ConstructsError: The stack is invalid.

    Examples:
        >>> import cdktf
        >>> stack = CloudStack(cdktf.Testing.app(), "network")
        >>> stack.add_output("team", "ml")
        >>> synthesize(stack).outputs
        {'team': 'ml'}
    """
    from anyscale_constructs.terraform.allowances import sift  # noqa: PLC0415 - may start Node.js
    from anyscale_constructs.terraform.app import annotated_errors  # noqa: PLC0415 - may start Node.js
    from anyscale_constructs.terraform.siblings import stacks_in  # noqa: PLC0415 - may start Node.js
    from anyscale_constructs.terraform.stack import CloudStack  # noqa: PLC0415 - may start Node.js

    text = rendered(stack)
    stacks = [each for each in stacks_in(stack.node.root) if isinstance(each, CloudStack)]
    told = sift({each.name: (each.findings, each.allowances) for each in stacks}).findings
    own = [finding for finding in told if finding.cloud == stack.name]
    if wrong := [*annotated_errors(stack), *(finding for finding in own if finding.severity == "error")]:
        raise ConfigError(wrong)
    return SynthesizedStack(stack, text, own)


def rendered(stack: "CloudStack") -> str:
    """Returns the stack's Terraform JSON, without the engine's comments, which `Testing.synth` omits.

    Raises:
        ConstructsError: The stack is invalid.
    """
    from anyscale_constructs.engine import Testing  # noqa: PLC0415 - may start Node.js

    try:
        return Testing.synth(stack, run_validations=True)
    except RuntimeError as error:  # the only type of error that jsii raises
        raise stack.failure or SynthesisError(
            f"the engine cannot synthesize the stack: {said_by_engine(error)}"
        ) from None
