"""Whether a zone is in a region, and from when the lists of the providers' regions are."""

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
    """The error about a key of the configuration that names something in another region than the cloud's.

    Args:
        key: The key.
        value: What it names.
        allowed: What would be accepted.
    """
    what, fix = "is not in the cloud's region", "change it, or change region"
    return Finding(what, fix, value, allowed, ELSEWHERE, key=key)


def is_in(region: str, place: str) -> bool:
    """Whether a place is in a region of AWS or Google Cloud: the region itself, or a zone of it.

    Zones are named `us-east-2a`, or `us-west-2-lax-1a` for a local zone, by AWS and `us-east1-b` by Google Cloud.
    What is not known yet passes.
    """
    if is_unresolved([region, place]):
        return True
    return re.fullmatch(rf"{re.escape(region)}((?<=-\d)[a-z]|-[a-z].*)?", place) is not None
