"""Checks whether a zone is in a region, and the date of the lists of the providers' regions."""

import re

from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding, Key, Rule

AS_OF = "November 2026"

ELSEWHERE = Rule(
    "outside-region",
    "error",
    "A cloud is in one region, and what its nodes use must be in the same region or a zone of it.",
)


def elsewhere(key: Key, value: str, allowed: str) -> Finding:
    """Returns the error about a configuration key whose value is in another region than the cloud's.

    Args:
        key: The key.
        value: The key's value.
        allowed: What would be accepted.
    """
    what, fix = "is not in the cloud's region", "change it, or change region"
    return Finding(what, fix, value, allowed, ELSEWHERE, key=key)


def is_in(region: str, place: str) -> bool:
    """Returns whether a place is in a region of AWS or Google Cloud: the region itself, or a zone of it.

    Zones are named `us-east-2a`, or `us-west-2-lax-1a` for a local zone, by AWS and `us-east1-b` by Google Cloud.
    Unresolved values pass.
    """
    if is_unresolved([region, place]):
        return True
    return re.fullmatch(rf"{re.escape(region)}((?<=-\d)[a-z]|-[a-z].*)?", place) is not None
