"""Assertions about stacks, whose failures say what differs, key by key."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from anyscale_constructs.names import unknown
from anyscale_constructs.rendering import text
from anyscale_constructs.review.stacks import ModuleCall
from anyscale_constructs.testing.matching import ANY, unlike
from anyscale_constructs.testing.stacks import SynthesizedStack

_MOST = 3
_INSIDE = "resources inside of modules are not in the stack's JSON: assert the inputs of the module"


def assert_module(stack: SynthesizedStack, name: str, /, **inputs: Any) -> None:
    """Asserts that a stack calls a module with these inputs; others may be set too.

    Args:
        stack: The stack.
        name: The module's name, e.g. `vpc` for `module.vpc`.
        **inputs: The inputs, by upstream's names, as Terraform sees them. They may hold matchers and expressions.

    Raises:
        AssertionError: It does not.

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
    """Asserts that a resource or a data source with these arguments stands in a stack; it may have others.

    Args:
        stack: The stack.
        address: A type, of which one must be as expected, e.g. `aws_iam_role`; or an address, e.g.
            `aws_iam_role.reader`. Those of data sources begin with `data.`.
        **arguments: The arguments, by Terraform's names. They may hold matchers and expressions.

    Raises:
        AssertionError: There is none. Resources inside of modules are not in the stack's JSON.

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
    raise AssertionError(_said(f"no {address} of {stack.name} is as expected; the nearest first", lines))


def assert_output(stack: SynthesizedStack, name: str, value: Any = ANY, /) -> None:
    """Asserts that a stack has an output of this value.

    Args:
        stack: The stack.
        name: The output's name.
        value: Its value, as Terraform sees it. It may hold matchers and expressions. Default: any.

    Raises:
        AssertionError: It has not.

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
    """Asserts that synthesis found nothing that the cloud does not allow.

    Args:
        stack: The stack.
        severity: The least severity that fails: `note` counts what defaults leave open, too.

    Raises:
        AssertionError: It found something; the text is that of `anyscale-constructs synth`.

    Examples:
        >>> assert_no_findings(prod)
    """
    __tracebackhide__ = True
    counted = {"warning"} if severity == "warning" else {"warning", "note"}
    if found := [each for each in stack.findings if each.severity in counted]:
        count = f"{len(found)} finding{'s' if len(found) > 1 else ''}"
        lines = [line for each in found for line in text(each).splitlines()]
        fix = "Fix: correct it, or accept it with allow in the cloud"
        raise AssertionError(_said(f"{stack.name} has {count}. {fix}", lines))


def _lacking(call: ModuleCall, key: str) -> str:
    """What to say of an input that is not set, if the module's interface is known."""
    if call.interface is None:
        return ""
    variables: Mapping[str, Any] = call.interface.variables
    if key not in variables:
        return unknown(key, variables, "input")
    default = "it has no default" if variables[key].required else f"upstream's default is {_json(variables[key])}"
    return f"{key}: is not set; {default}"


def _json(variable: Any) -> str:
    return json.dumps(variable.default)


def _said(what: str, lines: Iterable[str]) -> str:
    return "\n".join([what, *(f"  {line}" for line in lines)])
