"""Compares the resources of two plans, by their type and their position in upstream's modules, argument by argument."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

Resources = Mapping[str, Any]
"""The resources that a plan creates, by roles such as `vpc.aws_vpc.anyscale_vpc[0]`."""

UNKNOWN = "(known after apply)"

_CALLED = re.compile(
    r"(?:module\.example\.)?(?:module\.\w+_anyscale_v2\w*\.)?(?:module\.(?:(?:aws|google)_anyscale_)?)?"
)
_OURS = {
    "aws_kms_key.anyscale_v2_kms": "aws_kms_key.this",
    "securitygroup_self": "securitygroups",
    "vpc_firewall_policy": "vpc_firewall",
}
"""Upstream's name of a module or a resource in an example, and this library's name, where they differ."""


def made(plan: Mapping[str, Any]) -> Resources:
    """Returns the resources that a plan creates.

    Args:
        plan: Terraform's JSON of the plan.
    """
    return {
        _role(change["address"]): _value(change["change"]["after"], change["change"]["after_unknown"])
        for change in plan["resource_changes"]
        if change["mode"] == "managed"
    }


def _role(address: str) -> str:
    place = _CALLED.sub("", address, count=1)
    module, _, rest = place.partition(".")
    return _OURS.get(place, f"{_OURS.get(module, module)}.{rest}")


def _value(after: Any, unknown: Any) -> Any:
    """Returns a value with its unknown parts marked; JSON in a string is parsed."""
    if unknown is True:
        return UNKNOWN
    if isinstance(after, dict):
        more = unknown or {}
        return {key: _value(after.get(key), more.get(key)) for key in after.keys() | more.keys()}
    if isinstance(after, list):
        return _in_order([_value(*each) for each in zip_longest(after, unknown or [])])
    return json.loads(after) if isinstance(after, str) and after.startswith("{") else after


def _in_order(values: list[Any]) -> list[Any]:
    """Returns a list; a list of strings is sorted, since no argument with such a list has an order."""
    return sorted(values) if all(isinstance(value, str) for value in values) else values


def differences(upstream: Resources, ours: Resources) -> Iterator[str]:
    """Yields the differences, such as `vpc.aws_vpc.anyscale_vpc[0].tags.Name: "vpc" -> "anyscale"`."""
    for role in sorted(upstream.keys() | ours.keys()):
        if role not in ours:
            yield f"{role}: not in ours"
        elif role not in upstream:
            yield f"{role}: only in ours"
        else:
            yield from _differences(role, upstream[role], ours[role])


def _differences(path: str, upstream: Any, ours: Any) -> Iterator[str]:
    match upstream, ours:
        case dict(), dict():
            for key in sorted(upstream.keys() | ours.keys()):
                yield from _differences(f"{path}.{key}", upstream.get(key), ours.get(key))
        case list(), list() if len(upstream) == len(ours):
            for index, each in enumerate(zip(upstream, ours, strict=True)):
                yield from _differences(f"{path}[{index}]", *each)
        case _ if upstream != ours:
            yield f"{path}: {json.dumps(upstream)} -> {json.dumps(ours)}"
