"""Checks that the names of all created resources begin with one prefix."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.e2e.report import StepFailedError

_NAMES = ("name", "name_prefix", "bucket", "node_group_name", "role_id")
# Comes before the part of a name that the library sets.
_AHEAD = {"aws_kms_alias": "alias/", "aws_cloudwatch_log_group": "/aws/eks/"}
# Resources inside another one that has a name, and those that AWS names itself.
_UNNAMED = {"aws_iam_role_policy", "aws_default_security_group"}


def named(resources: Iterable[Mapping[str, Any]], prefix: str) -> int:
    """Returns the number of names.

    Args:
        resources: The resources in Terraform's state.
        prefix: The prefix of each name.

    Raises:
        StepFailedError: A name does not begin with the prefix.
    """
    names = {
        f"{each['address']}.{key}": str(each["values"][key]).removeprefix(_AHEAD.get(each["type"], ""))
        for each in resources
        for key in _NAMES
        if each["values"].get(key) and each["type"] not in _UNNAMED
    }
    if wrong := {at: name for at, name in names.items() if not name.startswith(prefix)}:
        raise StepFailedError(f"not all names begin with {prefix}: {wrong}")
    return len(names)
