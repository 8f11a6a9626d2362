"""Assertions about stacks, whose failures list each difference."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from anyscale_constructs.names import unknown
from anyscale_constructs.rendering import text
from anyscale_constructs.review.stacks import ModuleCall
from anyscale_constructs.testing.matching import ANY, unlike
from anyscale_constructs.testing.stacks import SynthesizedStack

_MOST = 3
_INSIDE = "resources in modules are not in the stack's JSON; assert the inputs of the module instead"


def assert_module(stack: SynthesizedStack, name: str, /, **inputs: Any) -> None:
    """Asserts that a stack calls a module with these inputs; other inputs are ignored.

    Args:
        stack: The stack.
        name: The name of the call, e.g. `vpc` for `module.vpc`.
        **inputs: The expected inputs, by upstream's names, as Terraform JSON. May contain matchers and expressions.

    Raises:
        AssertionError: The stack does not call the module, or an input differs.

    Examples:
        >>> assert_module(prod, "vpc", cidr_block="10.0.0.0/16", tags=partial({"Team": "ml"}))
        Traceback (most recent call last):
        AssertionError: module.vpc of prod is not as expected
          cidr_block: got "10.0.0.0/19"; expected "10.0.0.0/16"
          tags.Team: is not set; expected "ml"; did you mean 'team'?
    """
    __tracebackhide__ = True
    call = stack.module(name)
    if found := unlike(inputs, call.inputs, lambda key: _lacking(call, key)):
        raise AssertionError(_said(f"{call.address} of {stack.name} is not as expected", found))


def assert_resource(stack: SynthesizedStack, address: str, /, **arguments: Any) -> None:
    """Asserts that a stack has a resource or data source with these arguments; other arguments are ignored.

    Args:
        stack: The stack.
        address: An address, e.g. `aws_iam_role.reader`, or a type, e.g. `aws_iam_role`, of which at least one resource
            must match. Addresses and types of data sources begin with `data.`.
        **arguments: The expected arguments, by Terraform's names. They may contain matchers and expressions.

    Raises:
        AssertionError: No resource matches. Resources in modules are not in the stack's JSON.

    Examples:
        >>> policy = Capture()
        >>> assert_resource(prod, "aws_iam_role_policy", role=ANY, policy=policy)
        >>> json.loads(policy.value)["Version"]
        '2012-10-17'
    """
    __tracebackhide__ = True
    resources = stack.resources
    candidates = {at: each for at, each in resources.items() if at == address or at.startswith(f"{address}.")}
    if not candidates:
        known = [at if address.count(".") > address.startswith("data.") else at.rpartition(".")[0] for at in resources]
        raise AssertionError(f"{stack.name}: {unknown(address, set(known), 'resource')}; {_INSIDE}")
    found: dict[str, list[str]] = {}
    for at, candidate in candidates.items():
        found[at] = unlike(arguments, candidate)
        if not found[at]:
            return
    nearest = sorted(found, key=lambda at: len(found[at]))
    lines = [line for at in nearest[:_MOST] for line in ([f"{at}:", *(f"  {each}" for each in found[at])])]
    if left := nearest[_MOST:]:
        lines.append(f"and {len(left)} more: {', '.join(left)}")
    raise AssertionError(_said(f"no {address} of {stack.name} is as expected; the closest first", lines))


def assert_output(stack: SynthesizedStack, name: str, value: Any = ANY, /) -> None:
    """Asserts that a stack has an output with this value.

    Args:
        stack: The stack.
        name: The name of the output.
        value: The expected value, as Terraform JSON. It may contain matchers and expressions. Default: any value.

    Raises:
        AssertionError: The stack has no such output, or its value differs.

    Examples:
        >>> assert_output(prod, "anyscale_cloud_name", "prod")
    """
    __tracebackhide__ = True
    outputs = stack.outputs
    if name not in outputs:
        raise AssertionError(f"{stack.name}: {unknown(name, outputs, 'output')}")
    if found := unlike({name: value}, outputs):
        raise AssertionError(_said(f"the output {name} of {stack.name} is not as expected", found))


def assert_no_findings(stack: SynthesizedStack, *, severity: Literal["warning", "note"] = "warning") -> None:
    """Asserts that a stack has no findings, other than those that the cloud allows.

    Args:
        stack: The stack.
        severity: The lowest severity that fails; `note` includes notes. Default: `warning`.

    Raises:
        AssertionError: The stack has findings, which the message lists as `anyscale-constructs synth` does.

    Examples:
        >>> assert_no_findings(prod)
    """
    __tracebackhide__ = True
    counted = {"warning"} if severity == "warning" else {"warning", "note"}
    if found := [each for each in stack.findings if each.severity in counted]:
        count = f"{len(found)} finding{'s' if len(found) > 1 else ''}"
        lines = [line for each in found for line in text(each).splitlines()]
        fix = "Fix: correct the cloud, or accept the findings with allow"
        raise AssertionError(_said(f"{stack.name} has {count}. {fix}", lines))


def _lacking(call: ModuleCall, key: str) -> str:
    """Returns the message about an input that is not set; empty if the module's interface is unknown."""
    if call.interface is None:
        return ""
    variables: Mapping[str, Any] = call.interface.variables
    if key not in variables:
        return unknown(key, variables, "input")
    default = (
        "the input has no default" if variables[key].required else f"upstream's default is {_json(variables[key])}"
    )
    return f"{key}: is not set; {default}"


def _json(variable: Any) -> str:
    return json.dumps(variable.default)


def _said(what: str, lines: Iterable[str]) -> str:
    return "\n".join([what, *(f"  {line}" for line in lines)])
